"""Each figure alone: what it shows, and that it follows the colours of the page."""

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.targets import load_target
from nas.estimator.cost import Limits
from nas.estimator.memory_map import memory_map_svg
from nas.estimator.network import Estimate, estimate
from nas.report.facts import ReportedCall, TrialOutcome
from nas.report.figures.arena import arena_plots
from nas.report.figures.confusion import class_plot, confusion_plot
from nas.report.figures.curves import training_curves
from nas.report.figures.drawing import WIDE, WIDTH
from nas.report.figures.front import FrontRow, Panel, front_plot
from nas.report.figures.host import HostTrial, host_plot
from nas.report.figures.limits import Bar, limit_bars
from nas.report.figures.operators import operator_plots
from nas.report.figures.palette import BAD, COLOURS, MEASURED
from nas.report.figures.search_path import Stop, path_plot
from nas.report.figures.tradeoff import Dot, NotTrained, Tradeoff, tradeoff_plot
from nas.report.statistics import class_figures
from nas.spaces.axes import Axis
from tests.small_model import small_model

SVG = "{http://www.w3.org/2000/svg}"
CLASSES = ("$a^b_c$", "<b>", "名前\n2")
CONFUSION = ((3, 1, 0), (0, 4, 0), (2, 0, 2))
TRADEOFF = Tradeoff(
    key="against-ram",
    name="RAM",
    unit="bytes",
    limit=4096,
    leader="winner",
    dots=(
        Dot(1024, (0.4, 0.6), 0.5, "first", is_leader=True),
        Dot(2048, (0.3,), 0.3, "second", is_leader=False),
    ),
    not_trained=(
        NotTrained(8192, TrialOutcome.OVER_RAM, "too large"),
        NotTrained(3000, TrialOutcome.FAILED, "broken"),
    ),
    front=((1024, 0.5),),
)
MEMBERS = (
    FrontRow(0.7, (5_000, 60_000), "first", is_leader=False),
    FrontRow(0.5, (1_024, 2_500), "second", is_leader=True),
)
PANELS = (Panel("RAM", "bytes", 4_096), Panel("MACC", "MACs", 100_000))
AXES = (Axis("k", "kernels of the first convolution"), Axis("c", "cells"))
STOPS = (
    Stop(8, 3, 0, (1, 4), 0.42, TrialOutcome.TRAINED, "first", is_leader=False),
    Stop(8, 2, 0, (2,), 0.61, TrialOutcome.TRAINED, "second", is_leader=True),
    Stop(16, 2, 0, (3,), None, TrialOutcome.HOST_MEMORY, "third", is_leader=False),
)
CALLS = (
    ReportedCall((0, 1), ("CONV_2D", "MAX_POOL_2D"), 2592, 100, 300, 5_000, 5_100),
    ReportedCall((2,), ("MEAN",), 0, 0, 40, None, 90),
)
HOST = (
    HostTrial(1, 20_000_000, 21_000_000, "first"),
    HostTrial(2, 31_000_000, None, "second"),
)


def the_arena() -> Estimate:
    target, limits = load_target("stm32f412"), Limits(10**6, 10**6, 10**6)
    return estimate("small", parse_tflite(small_model()), 2000, target, limits, "static")


FIGURES: dict[str, Callable[[], str]] = {
    "limits": lambda: limit_bars([Bar("RAM", "1 of 2", 0.5), Bar("MACC", "3 of 2", 1.5)]),
    "tradeoff": lambda: tradeoff_plot(TRADEOFF),
    "front": lambda: front_plot(MEMBERS, PANELS),
    "path": lambda: path_plot(STOPS, *AXES),
    "curves": lambda: training_curves([0.1, 0.4, 0.3], [2.0, 1.0, 0.9]),
    "confusion": lambda: confusion_plot("confusion", "int8 model", CONFUSION, CLASSES, MEASURED),
    "classes": lambda: class_plot(CLASSES, *[class_figures(CONFUSION)] * 2, WIDTH),
    "operators": lambda: operator_plots(CALLS, "instructions", "instructions")[0],
    "operators, narrow": lambda: operator_plots(CALLS, "instructions", "cycles")[1],
    "host": lambda: host_plot(HOST, 30_000_000, WIDE),
}


def texts(svg: str) -> list[str]:
    return ["".join(own.itertext()) for own in root_of(svg).iter(f"{SVG}text")]


def tips(svg: str) -> list[str]:
    return ["".join(own.itertext()) for own in root_of(svg).iter(f"{SVG}title")]


def root_of(svg: str) -> Element:
    return ElementTree.fromstring(svg)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_every_colour_follows_the_page(draw: Callable[[], str]) -> None:
    """A colour of its own, such as matplotlib's black, would not be seen on a dark screen."""
    known = "|".join(f"var\\(--{own.name}, {own.light}\\)" for own in COLOURS)
    drawn = re.sub(known, "", draw())
    assert re.findall(r"#[0-9a-f]{6}\b|\b(?:black|white|rgb)\b", drawn) == []


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_the_same_drawing_gives_the_same_bytes(draw: Callable[[], str]) -> None:
    assert draw() == draw()


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_no_name_depends_on_the_last_bits_of_a_layout(draw: Callable[[], str]) -> None:
    """Matplotlib names clip paths by a digest of their places, which vary by rounding."""
    clips = re.findall(r"url\(#([^)]+)\)", draw())
    assert [name for name in clips if not re.fullmatch(r"[a-z0-9-]+-clip-[0-9]+", name)] == []


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_fonts_are_those_of_the_page_and_nothing_holds_for_the_whole_of_it(
    draw: Callable[[], str],
) -> None:
    svg = draw()
    assert "font-family" not in svg
    assert not list(root_of(svg).iter(f"{SVG}style"))


def test_a_limit_that_is_exceeded_passes_the_mark_in_another_colour() -> None:
    kept = limit_bars([Bar("RAM", "1 of 2", 0.5)])
    exceeded = limit_bars([Bar("RAM", "3 of 2", 1.5)])
    assert "--bad" not in kept
    assert "--bad" in exceeded
    assert "--measured" not in exceeded
    assert texts(exceeded) == ["RAM", "3 of 2"]


def test_every_candidate_is_told_under_the_pointer() -> None:
    assert sorted(tips(tradeoff_plot(TRADEOFF))) == ["broken", "first", "second", "too large"]
    assert sorted(tips(path_plot(STOPS, *AXES))) == ["first", "second", "third"]
    assert sorted(tips(host_plot(HOST, None, WIDTH))) == ["first", "second"]


def test_every_member_of_the_front_is_drawn_with_its_numbers() -> None:
    svg = front_plot(MEMBERS, PANELS)
    assert tips(svg) == ["first", "second"]
    shown = texts(svg)
    for text in ("RAM", "MACC", "70.0", "50.0", "4.9 KiB", "1.0 KiB", "60,000", "2,500"):
        assert shown.count(text) == 1


def test_a_member_beyond_a_limit_has_another_colour_there() -> None:
    within = [replace(MEMBERS[0], needs=(4_096, 60_000)), MEMBERS[1]]
    assert f"--{BAD.name}," in front_plot(MEMBERS, PANELS)
    assert f"--{BAD.name}," not in front_plot(within, PANELS)


def test_why_candidates_fell_is_in_the_legend() -> None:
    words = texts(tradeoff_plot(TRADEOFF))
    assert {"over the target's RAM", "training failed", "not trained", "winner"} <= set(words)
    assert "limit 4.0 KiB" in words
    assert "over the target's RAM" not in texts(tradeoff_plot(replace(TRADEOFF, not_trained=())))


def test_a_limit_far_away_is_told_and_not_drawn() -> None:
    words = texts(tradeoff_plot(replace(TRADEOFF, limit=1 << 20, not_trained=())))
    assert "limit 1,024.0 KiB →" in words


def test_a_limit_that_every_candidate_exceeds_is_in_sight() -> None:
    not_trained = (NotTrained(9_000, TrialOutcome.OVER_RAM, "too large"),)
    words = texts(
        tradeoff_plot(replace(TRADEOFF, limit=3_000, dots=(), not_trained=not_trained, front=()))
    )
    assert "limit 2.9 KiB" in words


@pytest.mark.parametrize("needs", [(100, 101), (100, 100), (10, 20_000), (1, 3_000_000)])
def test_any_range_of_needs_has_an_axis(needs: tuple[int, int]) -> None:
    dots = tuple(Dot(need, (0.5,), 0.5, "", is_leader=False) for need in needs)
    data = replace(TRADEOFF, dots=dots, not_trained=(), front=((needs[0], 0.5),), unit="MACs")
    numbers = [word for word in texts(tradeoff_plot(data)) if re.match(r"[\d.]+", word)]
    assert len(numbers) >= 4


def test_the_way_shows_when_each_candidate_was_judged_and_how_good_it_was() -> None:
    words = texts(path_plot(STOPS, *AXES))
    assert {"1", "4", "42.0", "2", "61.0", "3"} <= set(words)


def test_the_inputs_of_a_search_stand_side_by_side() -> None:
    stops = [replace(stop, side=side) for stop in STOPS for side in (24, 48)]
    words = texts(path_plot(stops, *AXES))
    assert {"24 px", "48 px"} <= set(words)


def test_a_long_way_still_fits() -> None:
    stops = [
        Stop(k, k % 3, 0, (k,), 0.01 * k, TrialOutcome.TRAINED, f"at {k}", is_leader=k == 40)
        for k in range(1, 41)
    ]
    assert len(tips(path_plot(stops, *AXES))) == 40


def test_names_are_never_taken_for_formulas_or_lines() -> None:
    words = texts(FIGURES["confusion"]())
    assert words.count("$a^b_c$") == words.count("<b>") == words.count(r"名前\n2") == 2
    assert "4 of 4 images of <b> predicted as <b>" in tips(FIGURES["confusion"]())


def test_a_cell_without_images_is_empty() -> None:
    svg = FIGURES["confusion"]()
    assert len(tips(svg)) == 5, "five of nine cells hold images"


def test_a_class_that_was_never_given_has_no_precision() -> None:
    one_sided = class_figures(((2, 0), (2, 0)))
    svg = class_plot(("a", "b"), one_sided, one_sided, WIDTH)
    assert {"recall, %", "precision, %", "float", "int8"} <= set(texts(svg))


def test_without_losses_the_accuracy_stands_alone() -> None:
    with_losses = texts(training_curves([0.1, 0.4], [2.0, 1.0]))
    alone = texts(training_curves([0.1, 0.4], None))
    assert "training loss" in with_losses
    assert "training loss" not in alone
    assert "validation accuracy, %: 40.0 in epoch 2, kept" in alone


def test_calls_are_named_by_their_operators_in_order() -> None:
    for svg in operator_plots(CALLS, "instructions", "instructions"):
        words = texts(svg)
        assert words.index("0 CONV_2D + MAX_POOL_2D") < words.index("2 MEAN")
        assert {"5,000", "5,100", "90", "estimated", "measured", "instructions"} <= set(words)
    assert "instructions, cycles" in texts(operator_plots(CALLS, "instructions", "cycles")[0])
    assert "measured" not in texts(operator_plots(CALLS, "instructions", "")[0])


def test_the_arena_is_the_same_picture_in_the_colours_of_the_page() -> None:
    own = the_arena()
    plain = tips(memory_map_svg(own))
    wide, narrow = arena_plots(own)
    assert tips(wide) == tips(narrow) == plain
    assert len(plain) == len(own.blocks)
    assert "--paper" in wide
    assert "white" not in re.sub("fill: white; pointer-events", "", wide)


def test_no_label_of_the_arena_is_cut() -> None:
    own = the_arena()
    names = {block.name for block in own.blocks}
    sizes = {f"({block.size_bytes:,})" for block in own.blocks}
    labels = [
        t for t in texts(memory_map_svg(own)) if t.split()[0] in ("input", "tensor", "scratch")
    ]
    assert labels
    for label in labels:
        name, _, size = label.partition(" (")
        assert any(other.startswith(name) for other in names)
        assert size == "" or f"({size}" in sizes


def test_the_arena_of_the_figure_is_the_planned_one() -> None:
    planned = plan_graph(parse_tflite(small_model())).arena_bytes
    assert f"{planned:,}" in texts(arena_plots(the_arena())[0])
