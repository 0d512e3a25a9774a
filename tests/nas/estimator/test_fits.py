"""Search, estimate and generator agree on what fits, in bytes that the linker counts."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from codegen.model.graph import Graph
from codegen.model.read_tflite import parse_tflite
from codegen.project.build import build_project
from codegen.project.source import find_model
from codegen.tflm.kernels import is_modelled_core
from codegen.tflm.reserve import reserved_bytes
from firmware.errors import ConfigError, InfeasibleError
from firmware.targets import Target, known_targets, load_target
from nas.cli import main
from nas.estimator.cost import RUNTIMES, Cost, Limits, exceeded, fits, measure_cost, needs
from nas.estimator.limits import limits_of
from nas.estimator.network import estimate
from nas.network.description import Network
from nas.quantization.predict_file import predict_file
from nas.report.facts import TrialOutcome, outcome_of
from nas.search.api import run_search
from nas.search.request import SearchRequest
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate, find_space
from nas.spaces.converters import OWN
from tests.graph_file import graph_file
from tests.networks import graph_of

KNOWN_CASE = Candidate(k=41, c=2)


def search_accepts(space: str, candidate: Candidate, target: Target, runtime: str) -> Cost:
    limits, _ = limits_of(target, runtime)
    network = find_space(space).network(candidate, (8, 8, 1), 10)
    return measure_cost(network, runtime, OWN, None, limits)


@cache
def predicted_networks() -> list[tuple[str, Network, Graph, int]]:
    """Candidates that fit all, some or no chips: name, network, and its file as predicted."""
    found = []
    for index, k in enumerate((1, 8, 20, 30, 40, 41, 42, 50, 60, 80, 120, 200)):
        for c in range(3) if 40 <= k <= 42 else [index % 3]:
            for space in ("folded", "separable"):
                network = find_space(space).network(Candidate(k=k, c=c), (8, 8, 1), 10)
                found.append((f"{space} {k},{c}", network, *predict_file(network, OWN)))
    return found


def networks_for(target: str) -> list[tuple[str, Network, Graph, int]]:
    """The two largest and a third of the others; three chips in a row see all of them."""
    *others, folded, separable = predicted_networks()
    return [*others[known_targets().index(target) % 3 :: 3], folded, separable]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", known_targets())
def test_the_search_accepts_what_the_estimate_accepts_and_nothing_else(
    name: str, runtime: str
) -> None:
    target = load_target(name)
    limits, _ = limits_of(target, runtime)
    if runtime == "tflm" and not is_modelled_core(target.processor):
        network = find_space("folded").network(Candidate(k=1, c=0), (8, 8, 1), 10)
        graph, _ = predict_file(network, OWN)
        assert not estimate("x", graph, 1000, target, limits, runtime).fits
        with pytest.raises(ConfigError, match="is not known; take --runtime static"):
            run_search(SearchRequest("digits", name, Path("not written"), runtime=runtime))
        return
    answers = set()
    for candidate, network, graph, model_bytes in networks_for(name):
        cost = measure_cost(network, runtime, OWN, None, limits)
        told = estimate("x", graph, model_bytes, target, limits, runtime)
        assert told.fits == fits(cost, limits), candidate
        assert told.cost == cost
        answers.add(told.fits)
    assert answers == {True, False}


def test_a_candidate_whose_code_and_weights_exceed_the_flash_is_not_accepted() -> None:
    target = load_target("stm32l412kb")
    limits, _ = limits_of(target, "static")
    cost = search_accepts("folded", KNOWN_CASE, target, "static")
    assert cost.model_bytes < target.flash_bytes
    assert [need.name for need in exceeded(cost, limits)] == ["linked flash"]


@pytest.mark.parametrize("change_bytes", [0, -4, -100])
@pytest.mark.parametrize("runtime", ["static", "tflm"])
def test_the_generator_refuses_what_the_estimate_says_does_not_fit(
    tmp_path: Path, runtime: str, change_bytes: int
) -> None:
    graph = graph_of("folded", Candidate(k=5, c=1), (8, 8, 1), 3)
    path = tmp_path / "net.tflite"
    path.write_bytes(graph_file(graph))
    source, chip = find_model(path), load_target("stm32f412")
    read, model_bytes = parse_tflite(source.content), len(source.content)
    limits, _ = limits_of(chip, runtime)
    needed = estimate("x", read, model_bytes, chip, limits, runtime).cost.linked_flash_bytes
    assert needed is not None
    target = chip.with_chip(flash_bytes=needed + change_bytes)
    limits, _ = limits_of(target, runtime)
    told = estimate("x", read, model_bytes, target, limits, runtime)
    assert told.fits == (change_bytes == 0)
    if told.fits:
        build_project(source, target, tmp_path / "out", runtime, "system")
        return
    with pytest.raises(InfeasibleError, match=rf"the firmware needs {needed:,} bytes of flash"):
        build_project(source, target, tmp_path / "out", runtime, "system")
    assert not (tmp_path / "out").exists()


def test_a_chip_with_ram_for_the_arena_of_tflm_but_not_for_its_variables_does_not_fit(
    tmp_path: Path,
) -> None:
    graph = graph_of("folded", Candidate(k=5, c=1), (8, 8, 1), 3)
    path = tmp_path / "net.tflite"
    path.write_bytes(graph_file(graph))
    source, chip = find_model(path), load_target("stm32f412")
    arena_bytes = reserved_bytes(parse_tflite(source.content))
    target = chip.with_chip(ram_bytes=arena_bytes + chip.stack_bytes + 1024)
    limits, _ = limits_of(target, "tflm")
    told = estimate("x", graph, len(source.content), target, limits, "tflm")
    assert [need.name for need in exceeded(told.cost, limits)] == ["linked RAM"]
    assert told.ram.linked_bytes == told.cost.linked_ram_bytes
    with pytest.raises(InfeasibleError, match=rf"{told.cost.linked_ram_bytes:,} bytes of RAM"):
        build_project(source, target, tmp_path / "out", "tflm", "system")


def test_a_chip_of_half_the_flash_that_tflm_needs_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(graph_file(graph_of("folded", Candidate(k=40, c=2), (8, 8, 1), 10)))
    arguments = [str(path), "--runtime", "tflm", "--target", "stm32l412kb"]
    assert main(["estimate", *arguments, "--fail-over"]) == 1
    assert "fits: no" in capsys.readouterr().out
    assert main(["estimate", *arguments, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["linked_flash_bytes"] > 131_072 > record["model_bytes"]
    assert [own["name"] for own in record["exceeded"]] == ["linked flash"]


def test_many_multiply_accumulates_are_advice_until_a_limit_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["estimate", "--candidate", "40,1", "--input", "96x96x1", "--fail-over"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "fits: yes" in text
    assert "advice: MACC 6" in text
    assert "the chip has no such limit" in text
    assert main([*arguments, "--macc", "3390000"]) == 1
    assert "exceeded: MACC" in capsys.readouterr().out


def test_a_file_larger_than_the_flash_fits_if_what_is_linked_of_it_does() -> None:
    limits = Limits(100, 1000, 500, core="cortex-m4", chip_ram_bytes=600, chip_flash_bytes=1000)
    cost = Cost(1, 1500, 1, linked_ram_bytes=1, linked_flash_bytes=900)
    assert fits(cost, limits)
    assert not fits(replace(cost, linked_flash_bytes=1001), limits)
    assert not fits(cost, replace(limits, flash_bytes=999)), "a limit that was asked for"
    assert next(need.name for need in needs(cost, limits)) == "flash"


def test_a_report_tells_what_a_stored_trial_failed_by() -> None:
    limits = Limits(100, 1000, 500)
    for reason, end in (
        ("linked flash 2,000 of 1,000 bytes", TrialOutcome.OVER_FLASH),
        ("linked RAM 2,000 of 1,000 bytes", TrialOutcome.OVER_RAM),
        ("5 cells do not fit", TrialOutcome.NO_NETWORK),
    ):
        cost = None if end is TrialOutcome.NO_NETWORK else Cost(1, 1, 1)
        trial = Trial(Candidate(k=1, c=0), TrialStatus.INFEASIBLE, cost, reason)
        assert outcome_of(trial, limits) is end
