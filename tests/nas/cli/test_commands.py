"""Wrong inputs: one clear line, exit 1, nothing left behind."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from nas.cli import main
from tests.host_compiler import ROOT

RUN = ("run", "--target", "stm32f412")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The error line of a command that must fail."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert [line for line in lines if "error" in line] == lines[-1:]
    assert lines[-1].startswith("nas: error: ")
    return lines[-1].removeprefix("nas: error: ")


def float_model(path: Path) -> Path:
    builder = ModelBuilder()
    source = builder.activation((1, 4), None, dtype="float32")
    weights = builder.constant(np.ones((2, 4), np.float32))
    output = builder.activation((1, 2), None, dtype="float32")
    builder.operator("FULLY_CONNECTED", [source, weights, -1], output)
    path.write_bytes(builder.build([source], [output]))
    return path


def test_a_folder_that_does_not_exist(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "run"
    text = refusal(capsys, *RUN, "--data", "nowhere", "--out", str(out))
    assert text.startswith("no such folder or file: 'nowhere'")
    assert not out.exists()


def test_an_unknown_target(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ("run", "--data", "digits", "--out", str(tmp_path / "run"))
    text = refusal(capsys, *arguments, "--target", "stm32f9")
    assert text.startswith("unknown target 'stm32f9'; known targets: ")
    assert "nucleo-f412zg, " in text
    assert "stm32f412, stm32f446re, " in text


def test_limits_that_nobody_meets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = (*RUN, "--data", "digits", "--out", str(tmp_path / "run"), "--flash", "1000")
    text = refusal(capsys, *arguments)
    assert text.startswith("no candidate fits the limits; the nearest, k,c = 1,0, needs flash of ")


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("--ram", "0", "the limit ram_bytes is 0"),
        ("--epochs", "0", "epochs is 0"),
        ("--final-epochs", "-1", "final_epochs is -1"),
        ("--learning-rate", "nan", "the learning rate is nan"),
        ("--learning-rate", "0", "the learning rate is 0.0"),
        ("--host-memory", "20MiB", "of the host's memory, the limit is 20.0 MiB"),
        ("--seed", "-1", "the seed is -1"),
        ("--input", "8x8", "is not of the form HxWxC"),
    ],
)
def test_options_out_of_range(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str, text: str
) -> None:
    arguments = (*RUN, "--data", "digits", "--out", str(tmp_path / "run"), f"{option}={value}")
    assert text in refusal(capsys, *arguments)


def test_a_converter_that_does_not_know_the_space(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = (*RUN, "--data", "digits", "--out", str(tmp_path / "run"))
    text = refusal(capsys, *arguments, "--space", "paper", "--converter", "own")
    assert text == "converter 'own' does not support the space 'paper'; use tensorflow"


def test_a_converter_that_is_not_installed_is_missed_before_the_search(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.search.final.find_spec", lambda _: None)
    arguments = (*RUN, "--data", "digits", "--out", str(tmp_path / "run"))
    text = refusal(capsys, *arguments, "--converter", "tensorflow")
    assert text.startswith("the converter 'tensorflow' is not installed: pip install 'mcu-nas[ten")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("verb", ["estimate", "golden"])
def test_a_truncated_model(capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: str) -> None:
    content = float_model(tmp_path / "model.tflite").read_bytes()
    (tmp_path / "model.tflite").write_bytes(content[: len(content) // 2])
    out = ("--out", str(tmp_path / "golden.npz")) if verb == "golden" else ()
    text = refusal(capsys, verb, str(tmp_path / "model.tflite"), *out)
    assert "is not a usable .tflite" in text
    assert not (tmp_path / "golden.npz").exists()


@pytest.mark.parametrize("verb", ["estimate", "golden"])
def test_a_float_model(capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: str) -> None:
    model = float_model(tmp_path / "model.tflite")
    out = ("--out", str(tmp_path / "golden.npz")) if verb == "golden" else ()
    assert "float32" in refusal(capsys, verb, str(model), *out)


def test_neither_model_nor_candidate(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "estimate").startswith(
        "give either a MODEL.tflite, a run, or a --candidate"
    )


def test_more_cells_than_the_input_allows(capsys: pytest.CaptureFixture[str]) -> None:
    text = refusal(capsys, "estimate", "--candidate", "6,6")
    assert text == "6 cells do not fit an input of 50x50x3; at most 5 do"


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    text = refusal(capsys, *RUN, "--data", "digits", "--out", "/proc/run")
    assert text == "could not write in '/proc/run': No such file or directory"


def test_a_missing_verb_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "usage: nas" in capsys.readouterr().err


def test_a_limit_of_time_needs_measurements_where_no_cycles_are_modelled(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = ("run", "--target", "stm32l412kb", "--data", "digits", "--out", str(tmp_path / "run"))
    text = refusal(capsys, *own, "--latency", "50ms")
    assert text.startswith("no cycles were modelled for the static runtime on stm32l412kb, so")


def test_measurements_need_a_limit_of_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = str(tmp_path / "run")
    text = refusal(capsys, *RUN, "--data", "digits", "--out", out, "--measured-latency", "a.json")
    assert text.startswith("--measured-latency needs --latency")


def test_instructions_of_the_virtual_board_give_no_limit_of_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = str(ROOT / "codegen" / "static_cortex_m4_instructions.json")
    limit = ("--latency", "50ms", "--measured-latency", model)
    out = str(tmp_path / "run")
    text = refusal(capsys, *RUN, "--data", "digits", "--out", out, *limit)
    assert "give no latency; calibrate on measurements of a real board" in text
