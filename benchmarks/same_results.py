"""Runs small searches and compares their results, bit for bit, with recorded ones.

    python -m benchmarks.same_results [--data FOLDER_OR_ZIP] [--images 3000] [--record]

Every space is searched on the digits and, with --data, on some of your images: 'nas run', 'nas
report' and 'codegen build', each as a command. Compared are the trials, the winner's float weights,
its .tflite, golden outputs, arena and C files. The exit code is 1 if anything differs.

Weights depend on the processor, the compiler and a few packages. If one of these differs from the
recording, weights and what is made of them may differ, but not the sizes of candidates. To compare
everything on such a machine, first record at a commit you trust, into a file that --recorded names.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.compare_results import DIFFERENT, changes, compare, told
from benchmarks.found_results import Search, find_results, hash_of, made_with
from firmware.files import sha256_of_bytes, write_json

RECORDED = Path(__file__).with_suffix(".json")
DIGITS, IMAGES = "digits", "images"
LIMITS = {
    DIGITS: ("--macc", "60000", "--flash", "40000"),
    IMAGES: ("--macc", "1200000", "--flash", "60000"),
}
EPOCHS = ("--epochs", "2", "--final-epochs", "5")
MEMORY = ("--host-memory", "1GiB")
"""Named because batches are parted where the host has little, and sums are rounded otherwise."""
INPUT = ("--input", "32x32x3")
_TENSORFLOW = ("--converter", "tensorflow")
_CLIMB = ("--strategy", "paper", "--recipe", "paper", "--runtime", "tflm")
SEARCHES = {
    DIGITS: (
        Search("paper", ("--space", "paper"), has_tensorflow=True),
        Search("paper-climb", ("--space", "paper", *_CLIMB), has_tensorflow=True, runtime="both"),
        Search("folded", ("--space", "folded")),
        Search("separable", ("--space", "separable")),
        Search("folded-tensorflow", ("--space", "folded", *_TENSORFLOW), has_tensorflow=True),
        Search("separable-tensorflow", ("--space", "separable", *_TENSORFLOW), has_tensorflow=True),
    ),
    IMAGES: (
        Search("paper", ("--space", "paper", *INPUT), has_tensorflow=True),
        Search("paper-climb", ("--space", "paper", *INPUT, *_CLIMB), True, runtime="both"),
        Search("folded", ("--space", "folded", *INPUT)),
        Search("separable", ("--space", "separable", *INPUT)),
        Search("folded-auto", ("--space", "folded", "--input", "auto")),
    ),
}
SUFFIXES = (".jpg", ".jpeg", ".png")
_Record = dict[str, Any]


def main() -> int:
    """Run the searches and compare or record; gives the exit code."""
    arguments = _parse()
    now: _Record = {"made_with": made_with(), "data": {}}
    with TemporaryDirectory(prefix="same-results-") as temporary:
        work = _empty_folder(arguments.work or Path(temporary))
        sources = {DIGITS: (DIGITS, DIGITS, "")}
        if arguments.data:
            chosen = work / "images.zip"
            images_sha256 = choose_images(arguments.data, arguments.images, chosen)
            name = f"{arguments.images} of {arguments.data.resolve().name}"
            sources[IMAGES] = (name, str(chosen), images_sha256)
        recorded = {} if arguments.record else _read(arguments.recorded, sources.values())
        for kind, (name, path, images_sha256) in sources.items():
            options = ("--data", path, *LIMITS[kind], *EPOCHS, *MEMORY)
            workers = ("--workers", str(arguments.workers))
            found = _search_all(name, SEARCHES[kind], (*options, *workers), work / kind)
            now["data"][name] = {"images_sha256": images_sha256, "searches": found}
    if arguments.record:
        _write(arguments.recorded, now)
        print(f"recorded in {arguments.recorded.name}: {', '.join(now['data'])}")
        return 0
    rows = compare(recorded, now)
    print(told(rows, changes(recorded["made_with"], now["made_with"])))
    return 1 if any(row.verdict == DIFFERENT for row in rows) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, metavar="PATH", help="folder or zip of images in class folders, too")
    add("--images", type=int, default=3000, metavar="N", help="taken of them (%(default)s)")
    add("--record", action="store_true", help="record what is found instead of comparing it")
    add("--recorded", type=Path, default=RECORDED, metavar="FILE", help="(%(default)s)")
    add("--work", type=Path, metavar="DIR", help="an empty folder where the runs are kept")
    add("--workers", type=int, default=os.cpu_count(), metavar="N", help="(%(default)s)")
    return parser.parse_args()


def _empty_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{str(folder)!r} is not empty: a run that lies there would not be made")
    return folder.absolute()


def choose_images(data: Path, count: int, out: Path) -> str:
    """Write so many images, evenly taken from all in the order of their names, into a zip.

    Returns:
        The SHA-256 of their names and bytes.

    Raises:
        SystemExit: There are not as many, or they cannot be read.
    """
    digest = []
    with zipfile.ZipFile(out, "w") as target:
        for name, content in _images(data, count):
            target.writestr(zipfile.ZipInfo(name), content)
            digest.append(f"{name} {sha256_of_bytes(content)}")
    return hash_of(digest)


def _images(data: Path, count: int) -> Iterator[tuple[str, bytes]]:
    if data.is_dir():
        paths = {path.relative_to(data).as_posix(): path for path in data.rglob("*")}
        for name in _evenly(paths, count):
            yield name, paths[name].read_bytes()
        return
    try:
        with zipfile.ZipFile(data) as archive:
            for name in _evenly(archive.namelist(), count):
                yield name, archive.read(name)
    except (OSError, zipfile.BadZipFile) as error:
        raise SystemExit(f"{str(data)!r} is no folder and no sound zip: {error}") from error


def _evenly(names: Sequence[str] | Mapping[str, Path], count: int) -> list[str]:
    images = sorted(name for name in names if name.lower().endswith(SUFFIXES))
    if not 0 < count <= len(images):
        raise SystemExit(f"--images is {count}, expected 1 to {len(images)}, which are there")
    return [images[i * len(images) // count] for i in range(count)]


def _search_all(
    name: str, searches: Sequence[Search], options: Sequence[str], work: Path
) -> _Record:
    found = {}
    work.mkdir()
    for search in searches:
        first = time.monotonic()
        found[search.name] = dataclasses.asdict(find_results(search, options, work / search.name))
        seconds = time.monotonic() - first
        print(f"{name}: searched {search.name} in {seconds:.0f} s", file=sys.stderr, flush=True)
    return found


def _read(path: Path, sources: Iterable[tuple[str, str, str]]) -> _Record:
    """What was recorded; refused if it is of other data, before anything is searched."""
    recorded: _Record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name, _, images_sha256 in sources:
        known = recorded.get("data", {}).get(name)
        if known is None:
            raise SystemExit(f"nothing is recorded of {name!r} in {path.name!r}: pass --record")
        if known["images_sha256"] != images_sha256:
            raise SystemExit(f"{name!r} holds other images than were recorded")
    return recorded


def _write(path: Path, now: _Record) -> None:
    """Record; what was recorded of other data stays if it was made with the same."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if before.get("made_with") == now["made_with"]:
        now = now | {"data": before["data"] | now["data"]}
    write_json(path, now)


if __name__ == "__main__":
    sys.exit(main())
