"""The formats that the SDK reads: sound files of each, and the code that a user's file meets.

What reads a file raises an `SdkError` or an `OSError`, or returns; anything else is a fault. The
readers are those of the command lines; where a whole command takes longer than a moment, what it
calls after reading is left out.
"""

import contextlib
import functools
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from codegen.cli import main as codegen
from codegen.costs.speed import read_speed_model
from codegen.costs.tables import instruction_table
from firmware.records.manifest import PortRecord
from firmware.targets import load_target
from hil.bench.bench_file import read_bench
from hil.estimate import read_estimate
from hil.project import read_golden, read_project
from nas.cli import main as nas
from nas.estimator.calibration import read_measurements
from nas.report.facts import gather
from nas.report.measurement import read_measurement
from nas.report.record import report_record
from nas.report.run_folder import read_run
from nas.search.trial_store import TrialStore
from tests.fuzz.serial_line import converse, recordings
from tests.host_compiler import ROOT
from tests.nas.report.small_run import (
    CONFIG,
    measurement_record,
    timed_start_record,
    write_run,
    write_unfinished_run,
)
from tests.small_model import small_model

CORPUS = ROOT / "tests" / "corpus"
_TARGET = "stm32f412"


class ExitCodeError(Exception):
    """A command ended with a code that it does not document."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        name: Also of its corpus folder.
        file_name: What a file of it is called in the folder where it is read.
        sound: Makes sound files.
        prepare: Lays what else a reader needs into a folder.
        read: Reads the file of a folder as a user's command does; may give its exit code.
    """

    name: str
    file_name: str
    sound: Callable[[], list[bytes]]
    prepare: Callable[[Path], None]
    read: Callable[[Path], int | None]

    def corpus(self) -> list[bytes]:
        """Files that once broke a reader."""
        return [path.read_bytes() for path in sorted((CORPUS / self.name).glob("*"))]


def _nothing(_: Path) -> None:
    """For readers that need no other file."""


def _expect(code: int, *allowed: int) -> int:
    if code not in allowed:
        raise ExitCodeError(f"exit code {code}, expected one of {allowed}")
    return code


# Images and arrays


def _images(count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 6, 6, 3)).astype(np.uint8), np.arange(count) % 2


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _npz_files() -> list[bytes]:
    images, labels = _images()
    parts = {"train_images": images, "train_labels": labels}
    parts |= {"test_images": 255 - images[:4], "test_labels": labels[:4]}
    return [_npz(images=images, labels=labels), _npz(**parts)]


def _zip_files() -> list[bytes]:
    images, labels = _images()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
            picture = io.BytesIO()
            Image.fromarray(pixels).save(picture, "PNG" if number % 3 else "JPEG")
            archive.writestr(f"{'cat' if label else 'dog'}/{number}.png", picture.getvalue())
    return [stream.getvalue()]


def _check_data(folder: Path, name: str) -> int:
    return _expect(nas(["data", "check", str(folder / name)]), 0, 1)


def coco_files() -> list[bytes]:
    images = [
        {"id": number, "file_name": f"{number}.png", "width": 6, "height": 6} for number in range(8)
    ]
    boxes = [
        {"id": n, "image_id": n, "category_id": 1, "iscrowd": 0, "area": 9, "bbox": [0, 0, 3, 3]}
        for n in range(0, 8, 2)
    ]
    categories = [{"id": 1, "name": "person"}]
    record = {"images": images, "annotations": boxes, "categories": categories}
    return [json.dumps(record).encode()]


def _lay_pictures(folder: Path) -> None:
    (folder / "pictures").mkdir()
    for number, pixels in enumerate(_images()[0]):
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")


def _build_vww(folder: Path) -> int:
    words = ["--annotations", str(folder / "coco.json"), "--images", str(folder / "pictures")]
    with tempfile.TemporaryDirectory() as out:
        return _expect(nas(["data", "vww", *words, "--size", "8", "--out", f"{out}/vww"]), 0, 1)


# Models


def _read_model(folder: Path) -> int:
    model = str(folder / "model.tflite")
    _expect(nas(["estimate", model]), 0, 1)
    with tempfile.TemporaryDirectory() as out:
        words = ["build", model, "--target", _TARGET, "--out", f"{out}/project"]
        return _expect(codegen(words), 0, 1)


# What a run leaves behind


@functools.cache
def _run_files(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_run(Path(folder))
        return (Path(folder) / name).read_bytes()


def _lay_run(folder: Path) -> None:
    write_run(folder / "run")


def _lay_unfinished_run(folder: Path) -> None:
    write_unfinished_run(folder / "run")


def _report(folder: Path) -> None:
    report_record(gather(read_run(folder / "run"), ()))


def _trial_stores() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        write_unfinished_run(Path(folder))
        path = Path(folder) / "trials.sqlite"
        # what is still in the write-ahead log belongs to the file
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return [path.read_bytes()]


def _resume(folder: Path) -> None:
    for left in (folder / "run").glob("trials.sqlite-*"):
        left.unlink()
    _report(folder)
    with TrialStore(folder / "run", CONFIG):
        pass


# What the bench reads


@functools.cache
def _project_file(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _lay_project(Path(folder))
        return (Path(folder) / "project" / name).read_bytes()


def _lay_project(folder: Path) -> None:
    (folder / "small.tflite").write_bytes(small_model())
    words = ["build", str(folder / "small.tflite"), "--target", _TARGET]
    with contextlib.redirect_stdout(io.StringIO()):
        assert codegen([*words, "--out", str(folder / "project")]) == 0


def _estimates() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "small.tflite").write_bytes(small_model())
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert nas(["estimate", f"{folder}/small.tflite", "--json"]) == 0
        return [out.getvalue().encode()]


def _read_estimate(folder: Path) -> None:
    read_estimate(folder / "estimate.json", read_project(folder / "project")[0])


def benches() -> list[bytes]:
    return [
        b'[board.desk]\ntarget = "stm32f412"\nport = "/dev/ttyACM0"\nflash = "uart"\n'
        b'reset = "dtr"\nboot = "rts"\n\n[board.desk.tolerance]\ncycles_fraction = 0.01\n\n'
        b'[board.far]\ntarget = "stm32f412"\nport = "rfc2217://localhost:2217"\n'
    ]


def _targets() -> list[bytes]:
    folders = [ROOT / "firmware" / name for name in ("chips", "boards")]
    return [path.read_bytes() for own in folders for path in sorted(own.glob("*.toml"))]


def measurements() -> list[bytes]:
    record = measurement_record()
    for step in record["steps"]:
        step |= {"kernel": "MEAN", "work": {"call": 1, "outputs": 4, "taps": 64}}
    return [json.dumps(record).encode()]


def _read_measurements(folder: Path) -> None:
    path = folder / "measurement.json"
    read_measurement(path, measurement_record()["model_sha256"])
    read_measurements([path], "cortex-m4")


def _golden_files() -> list[bytes]:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-128, 128, (4, 6, 6, 2)).astype(np.int8)
    return [_npz(inputs=inputs, outputs=rng.integers(-128, 128, (4, 3)).astype(np.int8))]


_PORT = PortRecord("0", "int8", 72)
FORMATS = (
    Format("tflite", "model.tflite", lambda: [small_model()], _nothing, _read_model),
    Format("npz", "data.npz", _npz_files, _nothing, lambda f: _check_data(f, "data.npz")),
    Format("zip", "data.zip", _zip_files, _nothing, lambda f: _check_data(f, "data.zip")),
    Format("coco", "coco.json", coco_files, _lay_pictures, _build_vww),
    Format("run_json", "run/run.json", lambda: [_run_files("run.json")], _lay_run, _report),
    Format(
        "search_json",
        "run/search.json",
        lambda: [json.dumps(timed_start_record()).encode()],
        _lay_unfinished_run,
        _report,
    ),
    Format("trials", "run/trials.sqlite", _trial_stores, _lay_unfinished_run, _resume),
    Format(
        "manifest",
        "project/manifest.json",
        lambda: [_project_file("manifest.json")],
        _lay_project,
        lambda folder: (read_project(folder / "project"), None)[1],
    ),
    Format("estimate", "estimate.json", _estimates, _lay_project, _read_estimate),
    Format(
        "measurement",
        "measurement.json",
        measurements,
        _nothing,
        _read_measurements,
    ),
    Format(
        "speed_model",
        "model.json",
        lambda: [(ROOT / "codegen" / instruction_table("static", "cortex-m4")).read_bytes()],
        _nothing,
        lambda folder: (read_speed_model(folder / "model.json"), None)[1],
    ),
    Format(
        "bench", "bench.toml", benches, _nothing, lambda f: (read_bench(f / "bench.toml"), None)[1]
    ),
    Format(
        "target",
        "target.toml",
        _targets,
        _nothing,
        lambda folder: (load_target(str(folder / "target.toml")), None)[1],
    ),
    Format(
        "golden",
        "golden.npz",
        _golden_files,
        _nothing,
        lambda folder: (read_golden(folder / "golden.npz", [_PORT], [_PORT]), None)[1],
    ),
    Format("serial", "answers.bin", recordings, _nothing, converse),
)
"""All of them, by name."""


def find_format(name: str) -> Format:
    """The format of that name."""
    return next(own for own in FORMATS if own.name == name)
