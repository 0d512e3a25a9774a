import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.targets import load_target
from nas.cli import main
from nas.estimator.cost import Limits
from nas.estimator.memory import static_memory
from nas.estimator.network import estimate
from nas.report.published import PUBLISHED_NETWORKS, PublishedNetwork
from nas.spaces import Candidate
from tests.networks import paper_graph
from tests.small_model import small_model

ROOT = Path(__file__).parent.parent.parent.parent


def estimated(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["estimate", *arguments, "--json"]) == 0
    record: dict[str, object] = json.loads(capsys.readouterr().out)
    return record


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_a_candidate_is_estimated_before_it_exists(
    capsys: pytest.CaptureFixture[str], row: PublishedNetwork
) -> None:
    candidate = str(row.candidate)
    record = estimated(
        capsys, "--candidate", candidate, "--input", "50x50x3", "--classes", "2", "--space", "paper"
    )
    assert record["macc"] == row.macc
    plan = plan_graph(paper_graph(row.candidate, (50, 50, 3), 2))
    assert record["arena_bytes"] == plan.arena_bytes
    assert record["fits"] is True
    operators = record["operators"]
    assert isinstance(operators, list)
    assert sum(operator["macc"] for operator in operators) == row.macc
    assert [operator["live_bytes"] for operator in operators] == list(plan.live_bytes)


def test_the_limits_are_those_of_the_target_unless_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = estimated(capsys, "--space", "paper", "--candidate", "6,4", "--ram", "3000")
    limits = {"macc": 3_390_000, "flash_bytes": 1 << 20, "ram_bytes": 3000, "latency_us": None}
    chip: dict[str, object] = {"core": "cortex-m4", "family": "stm32f4", "stack_bytes": 4096}
    chip |= {"chip_ram_bytes": 1 << 18, "chip_flash_bytes": 1 << 20}
    assert record["limits"] == limits | chip | {"macc_is_advice": True}
    assert record["fits"] is False
    assert record["exceeded"] == [
        {"name": "RAM", "needed": record["arena_bytes"], "limit": 3000, "operator": 12}
    ]


def test_a_limit_exceeded_is_marked_with_its_operator_and_can_fail_a_build(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["estimate", "--space", "paper", "--candidate", "6,4", "--macc", "1000"]
    assert main(arguments) == 0
    assert main([*arguments, "--fail-over"]) == 1
    assert main([*arguments[:-1], "9000000", "--fail-over"]) == 0
    text = capsys.readouterr().out
    assert "exceeded: MACC 1,272,562 of 1,000; op 4 CONV_2D takes the most" in text


def test_tflm_says_what_its_arena_consists_of(capsys: pytest.CaptureFixture[str]) -> None:
    record = estimated(capsys, "--candidate", "6,4", "--runtime", "tflm")
    ram = record["ram"]
    assert isinstance(ram, dict)
    parts = ("activations_bytes", "persistent_bytes", "starting_bytes")
    assert sum(ram[part] for part in parts) == ram["buffer_bytes"]
    assert ram["arena_bytes"] == record["arena_bytes"] >= ram["buffer_bytes"]
    assert ram["arena_bytes"] % 16 == ram["buffer_bytes"] % 16 == 0
    assert ram["used_bytes"] == ram["activations_bytes"] + ram["persistent_bytes"]
    assert ram["pc_used_bytes"] > ram["arena_bytes"]
    operators, blocks = record["operators"], record["blocks"]
    assert isinstance(operators, list)
    assert isinstance(blocks, list)
    # Activations are placed in steps of 16 bytes, so the last may end before its share does.
    live = max(operator["live_bytes"] for operator in operators)
    assert ram["buffer_bytes"] - 16 <= live < ram["buffer_bytes"] + 16
    assert max(block["offset"] + block["size_bytes"] for block in blocks) == ram["buffer_bytes"]


def test_tflm_says_which_of_its_figures_is_a_buffers_size(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ram = estimated(capsys, "--candidate", "6,4", "--runtime", "tflm")["ram"]
    assert isinstance(ram, dict)
    assert main(["estimate", "--candidate", "6,4", "--runtime", "tflm"]) == 0
    text = capsys.readouterr().out
    assert f"{ram['arena_bytes']:,} bytes: the buffer to reserve" in text
    assert f"{ram['buffer_bytes']:,} bytes, aligned to 16" in text
    assert f"{ram['used_bytes']:,} bytes, the result of arena_used_bytes();" in text


@pytest.mark.parametrize("target", ["stm32l010rb", "stm32l151uc"])
def test_on_a_core_that_is_not_modelled_tflm_has_no_figure_of_its_arena(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    arguments = ["--candidate", "6,4", "--runtime", "tflm", "--target", target]
    record = estimated(capsys, *arguments)
    assert record["arena_bytes"] is None
    assert record["linked_ram_bytes"] is None
    assert record["fits"] is False
    assert record["blocks"] == []
    ram, operators = record["ram"], record["operators"]
    assert isinstance(ram, dict)
    assert isinstance(operators, list)
    assert {name for name, value in ram.items() if value is not None} == {"pc_used_bytes"}
    assert all(operator["live_bytes"] is None for operator in operators)
    assert main(["estimate", *arguments]) == 0
    text = capsys.readouterr().out
    core = load_target(target).core
    assert f"not known: the scratch memory of the kernels on {core} is not modelled" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("RAM, bytes"))
    assert row[2:4] == ["not", "known"]
    assert "linked RAM" not in text
    assert main(["estimate", *arguments, "--map", str(tmp_path / "arena.svg")]) == 1
    assert "is not known, so there is no map of it" in capsys.readouterr().err
    assert not (tmp_path / "arena.svg").exists()


def test_operators_that_tflm_lacks_and_those_not_modelled_are_named() -> None:
    builder = ModelBuilder()
    first = builder.activation((1, 8), 0.1)
    second = builder.activation((1, 8), 0.1)
    third = builder.activation((1, 8), 0.1)
    builder.operator("HARD_SWISH", [first], second)
    builder.operator("ABS", [second], third)
    builder.operator("TOPK_V2", [third], builder.activation((1, 8), 0.1))
    graph = parse_tflite(builder.build([first], [third]))
    target = load_target("stm32f412")
    result = estimate("swish", graph, 1000, target, Limits(10**6, 10**6, 10**6), "tflm")
    assert len(result.unsupported) == 1
    assert "TOPK_V2" in result.unsupported[0]
    assert "ABS" in result.unmodelled
    assert not result.fits
    assert result.ram.arena_bytes > 0


@pytest.mark.parametrize(
    ("dtype", "core", "named"),
    [
        ("int8", "stm32f412", ()),
        ("int16", "stm32f412", ("SOFTMAX in int16",)),
        ("int8", "stm32l151uc", ("scratch buffers on cortex-m3",)),
    ],
)
def test_under_tflm_what_is_not_modelled_is_named_and_does_not_count_as_fitting(
    dtype: str, core: str, named: tuple[str, ...]
) -> None:
    builder = ModelBuilder()
    scale = 1 / 256 if dtype == "int8" else 1 / 32768
    source = builder.activation((1, 8), 0.1, 0, dtype)
    output = builder.activation((1, 8), scale, -128 if dtype == "int8" else 0, dtype)
    builder.operator("SOFTMAX", [source], output, beta=1.0)
    graph = parse_tflite(builder.build([source], [output]))
    limits = Limits(10**6, 10**6, 10**6)
    result = estimate("softmax", graph, 1000, load_target(core), limits, "tflm")
    assert result.unmodelled == named
    assert not (named and result.fits)


def test_the_arena_is_drawn_with_a_rectangle_for_each_block(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "arena.svg"
    record = estimated(capsys, "--candidate", "5,3", "--map", str(path))
    root = ElementTree.fromstring(path.read_text())
    titles = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}title")]
    blocks = record["blocks"]
    assert isinstance(blocks, list)
    assert len(titles) == len(blocks)
    assert all(t.startswith(b["name"]) for t, b in zip(titles, blocks, strict=True))


def test_a_run_is_estimated_by_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.tflite").write_bytes(small_model())
    assert estimated(capsys, str(tmp_path))["model"] == tmp_path.name


def test_a_core_that_was_not_measured_has_no_code_and_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, name, old in (("cores", "cortex-m33", "m33"), ("chips", "stm32l412kb", "m4")):
        text = (Path("firmware") / folder / f"{name}.toml").read_text()
        own = text.replace(f'name = "cortex-{old}"', 'name = "cortex-m23"')
        own = own.replace(f'core = "cortex-{old}"', 'core = "cortex-m33.toml"')
        (tmp_path / f"{name}.toml").write_text(own)
    words = ["--candidate", "5,3", "--target", str(tmp_path / "stm32l412kb.toml")]
    record = estimated(capsys, *words)
    assert record["flash"] is None
    assert record["time"] is None
    assert main(["estimate", *words]) == 0
    text = capsys.readouterr().out
    assert "nothing was measured" in text
    assert re.search(r"linked RAM, bytes +at least [\d,]+ ", text)
    assert re.search(r"linked flash, bytes +at least [\d,]+ ", text)
    assert text.endswith("fits: yes, as far as is known: the code of the firmware is not\n")


def test_instructions_of_a_core_whose_cycles_are_not_known_give_no_milliseconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = estimated(capsys, "--candidate", "5,3", "--target", "stm32l152re")
    time = record["time"]
    assert isinstance(time, dict)
    assert time["unit"] == "instructions"
    assert time["ticks"] > 0
    assert (time["lowest_ms"], time["middle_ms"], time["highest_ms"]) == (None, None, None)
    assert record["modelled_time"] is None
    assert main(["estimate", "--candidate", "5,3", "--target", "stm32l152re"]) == 0
    text = capsys.readouterr().out
    assert "not known: the cycles of a cortex-m3 are not modelled" in text
    assert " ms" not in text


def test_the_table_ends_with_whether_it_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--candidate", "6,4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "fits: yes"
    assert any(line.split()[:2] == ["RAM,", "bytes"] for line in lines)


def test_an_estimate_loads_neither_tensorflow_nor_other_slow_packages() -> None:
    source = (
        "import sys; from nas.cli import main; main(['estimate', '--candidate', '9,4', '--json']); "
        "slow = {'tensorflow', 'keras', 'sklearn', 'platformio', 'matplotlib', 'PIL', 'email'}; "
        "sys.exit(bool(slow & set(sys.modules)))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, timeout=60
    )
    assert completed.returncode == 0


def test_a_row_fed_network_tells_its_arena_without_and_with_the_image() -> None:
    graph = paper_graph(Candidate(k=8, c=3), (50, 50, 3), 2)
    plan = plan_graph(graph, stream=True)
    ram, blocks = static_memory(graph, plan, None, 4096)
    assert ram.arena_bytes == plan.arena_bytes
    assert ram.arena_with_image_bytes == plan.arena_bytes + 50 * 50 * 3
    assert max(block.offset + block.size_bytes for block in blocks) <= plan.arena_bytes
    assert sum(block.name.startswith("counters of rows") for block in blocks) == 1
    whole, _ = static_memory(graph, plan_graph(graph, stream=False), None, 4096)
    assert whole.arena_with_image_bytes == whole.arena_bytes
