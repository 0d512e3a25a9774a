"""Class names that are code or paths, from the data to the firmware and the report."""

import json
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.files import sha256_of_file
from firmware.targets import load_target
from nas.cli import main
from tests.generated_program import run_generated
from tests.nas.report.small_run import HOSTILE

LABELS = (*HOSTILE[:2], "*/ } int main(void) { return 1; } /*")
"""The last would end a comment in C; what UTF-8 cannot hold is no label of an array."""


def picture(shade: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (8, 8), shade).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_the_whole_chain_takes_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, run = tmp_path / "data" / "labels.npz", tmp_path / "runs" / "<b> door"
    data.parent.mkdir()
    labels = np.array(LABELS)[np.arange(90) % 3]
    images = (np.arange(90) % 3 * 80)[:, None, None] + np.zeros((90, 8, 8))
    np.savez(data, images=images.astype(np.uint8), labels=labels)
    before = files_in(tmp_path)
    options = ("--target", "stm32f412", "--macc", "600", "--epochs", "1", "--final-epochs", "1")
    assert main(["run", "--data", str(data), "--out", str(run), "--workers", "1", *options]) == 0
    assert main(["report", str(run)]) == 0
    capsys.readouterr()
    new = {name for name in files_in(tmp_path) - before if not name.startswith("cache/")}
    assert {Path(name).parent.as_posix() for name in new} == {"runs/<b> door"}

    page = ElementTree.fromstring((run / "report.html").read_text())
    assert not list(page.iter("script"))
    cells = ["".join(cell.itertext()) for cell in page.iter("td")]
    assert set(LABELS) <= set(cells)
    assert json.loads((run / "report.json").read_text())["provenance"]["config"][
        "classes"
    ] == sorted(LABELS)

    project = tmp_path / "project"
    manifest, _ = build_project(
        find_model(run), load_target("stm32f412"), project, "static", "system"
    )
    assert manifest["model_name"] == "b_door"
    for path in project.rglob("*"):
        assert path.resolve().is_relative_to(project.resolve())
        if path.suffix in (".c", ".h", ".md", ".ini", ".json"):
            assert "int main(void) { return 1;" not in path.read_text()
            assert "<script>" not in path.read_text()
    with np.load(run / "golden.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    folder = tmp_path / "compiled"
    folder.mkdir()
    (answered,) = run_generated(folder, [((run / "model.tflite").read_bytes(), inputs)])
    np.testing.assert_array_equal(answered, outputs.view(np.uint8).reshape(len(outputs), -1))
    assert sha256_of_file(run / "model.tflite") == manifest["model_sha256"]
