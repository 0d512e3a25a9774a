"""No command changes a file of the user's, wherever `--out` points."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from codegen.cli import main as codegen
from hil.cli import main as hil
from nas.cli import main as nas
from tests.fuzz.formats import benches, coco_files, measurements
from tests.nas.report.small_run import write_run
from tests.small_model import small_model

NAMES = (
    "thesis.txt",
    "manifest.json",
    "run.json",
    "search.json",
    "model.tflite",
    "golden.npz",
    "winner.npz",
    "report.html",
    "report.json",
    "report.md",
    "measurement.json",
    "vww.json",
    "page.json",
    "page.md",
    "src/main.c",
    "lib/nn/library.json",
    "platformio.ini",
    "train/person/1.jpg",
)
"""All that commands call their files, and some that they do not."""
FILES = ("thesis.html", "thesis.npz", "thesis.json", "thesis.svg", "thesis.png", "thesis.xml")


def content_of(folder: Path) -> dict[str, bytes]:
    paths = (own for own in sorted(folder.rglob("*")) if own.is_file())
    return {own.relative_to(folder).as_posix(): own.read_bytes() for own in paths}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What commands read, in the working folder; `theirs` is full of files of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "small.tflite").write_bytes(small_model())
    (tmp_path / "coco.json").write_bytes(coco_files()[0])
    (tmp_path / "measured.json").write_bytes(measurements()[0])
    (tmp_path / "bench.toml").write_bytes(benches()[0])
    write_run(tmp_path / "run")
    images = np.zeros((8, 6, 6, 3), np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(8) % 2)
    (tmp_path / "pictures").mkdir()
    for number in range(8):
        Image.new("RGB", (6, 6)).save(tmp_path / "pictures" / f"{number}.png")
    with redirect_stdout(io.StringIO()):
        words = ["build", "small.tflite", "--target", "stm32f412", "--out", "project"]
        assert codegen(words) == 0
    for name in (*NAMES, *FILES):
        path = tmp_path / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} of a user")
    return tmp_path


COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "a run": (nas, "run --data digits --target stm32f412 --out theirs"),
    "golden outputs": (nas, "golden small.tflite --out theirs/thesis.npz"),
    "golden outputs by default name": (nas, "golden small.tflite --out theirs/golden.npz"),
    "a map": (nas, "estimate small.tflite --map theirs/thesis.svg"),
    "a latency model": (nas, "calibrate measured.json --out theirs/thesis.json"),
    "a report": (nas, "report run --out theirs/thesis.html"),
    "what lies beside a report": (nas, "report run --out theirs/page.html"),
    "a contact sheet": (nas, "data show data.npz --out theirs/thesis.png"),
    "a dataset": (nas, "data vww --annotations coco.json --images pictures --out theirs"),
    "a project": (codegen, "build small.tflite --target stm32f412 --out theirs"),
    "a measurement": (hil, "run project --no-build --out theirs/thesis.json"),
    "a JUnit file": (hil, "run project --no-build --junit theirs/thesis.xml"),
    "a page": (hil, "run project --no-build --markdown theirs/page.md"),
    "a bench file": (hil, "boards init --bench bench.toml"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_would_replace_files_of_the_user_is_refused(
    name: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, words = COMMANDS[name]
    before = content_of(desk)
    assert program(words.split()) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in error
    assert any(word in error for word in ("theirs", "bench.toml"))
    after = content_of(desk)
    assert {own: after.get(own) for own in before} == before
    assert set(after) - set(before) <= {own for own in after if own.startswith("cache/")}


@pytest.mark.parametrize("name", ["a map", "a latency model", "a report", "a contact sheet"])
def test_a_command_replaces_what_it_wrote_itself(name: str, desk: Path) -> None:
    program, words = COMMANDS[name]
    again = words.replace("theirs/", "ours/").split()
    for _ in range(2):
        assert program(again) == 0
