"""Memory and time of 'nas data vww' on an annotation file of COCO's size, which it makes itself.

    python -m benchmarks.coco_memory --work DIR [--megabytes 450] [--json FILE]

The file has the shape of instances_train2014.json: 82,783 images, outlines as lists of numbers, and
boxes of 80 categories; once with its sections in COCO's order, and once backwards.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from PIL import Image

from firmware.files import replacing, write_json
from nas.host.process_memory import anonymous_bytes

MIB = 1 << 20
BOUND_BYTES = 100 * MIB
IMAGES = 82_783
"""In COCO's training set of 2014."""
ORDER = ("info", "images", "licenses", "annotations", "categories")
"""Of the sections in COCO's files."""
CATEGORIES = 80
_OUTLINES = 500
_SAMPLE_S = 0.02
_SIZE = (640, 480)
_CHILD = """
import pathlib, sys
from nas.cli import main
code = main(sys.argv[1:])
status = pathlib.Path("/proc/self/status").read_text()
sys.stderr.write(next(line for line in status.splitlines() if line.startswith("VmHWM")))
sys.exit(code)
"""
"""The command, followed by the most memory that was resident in its process."""


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--work", required=True, type=Path, metavar="DIR", help="files that are made")
    add("--megabytes", type=int, default=450, metavar="N", help="of JSON (%(default)s)")
    add("--images", type=int, default=IMAGES, metavar="N", help="listed in it (%(default)s)")
    add("--limit", type=int, metavar="N", help="images to write (all)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    folder = make_pictures(arguments.work / "pictures", arguments.images)
    figures = {}
    for name, order in (("coco's order", ORDER), ("backwards", tuple(reversed(ORDER)))):
        path = arguments.work / f"instances-{len(figures)}.json"
        with replacing(path) as temporary:
            write_coco(temporary, arguments.megabytes * 10**6, arguments.images, order)
        out = arguments.work / f"vww-{len(figures)}"
        command = ["--annotations", str(path), "--images", str(folder), "--out", str(out)]
        if arguments.limit is not None:
            command += ["--limit", str(arguments.limit)]
        figures[name] = measure(command)
        print(line(name, path.stat().st_size, figures[name]), flush=True)
        figures[name]["json_bytes"] = path.stat().st_size
        path.unlink()
    if arguments.json:
        write_json(arguments.json, figures)
    return 0 if all(own["peak_resident_bytes"] < BOUND_BYTES for own in figures.values()) else 1


def write_coco(
    path: Path, wanted_bytes: int, images: int, order: Sequence[str] = ORDER, seed: int = 0
) -> None:
    """Write an annotation file of about so many bytes, section by section."""
    rng = random.Random(seed)
    with path.open("w", encoding="ascii") as stream:
        for number, section in enumerate(order):
            stream.write(f'{", " if number else "{"}"{section}": ')
            if section == "info":
                json.dump({"description": "made by benchmarks.coco_memory"}, stream)
            else:
                _write_records(stream, _records(section, images, wanted_bytes, rng))
        stream.write("}")


def _write_records(stream: TextIO, records: Iterator[str]) -> None:
    for number, record in enumerate(records):
        stream.write(("" if number else "[") + (", " if number else "") + record)
    stream.write("]")


def _records(section: str, images: int, wanted_bytes: int, rng: random.Random) -> Iterator[str]:
    if section == "licenses":
        yield json.dumps({"url": "http://example.org/", "id": 1, "name": "none"})
    elif section == "categories":
        for number in range(1, CATEGORIES + 1):
            name = "person" if number == 1 else f"thing {number}"
            yield json.dumps({"supercategory": "any", "id": number, "name": name})
    elif section == "images":
        for number in range(images):
            yield json.dumps(_image(number))
    else:
        yield from _annotations(images, wanted_bytes, rng)


def _image(number: int) -> dict[str, Any]:
    """An image with all that COCO tells of one."""
    address = f"http://example.org/train2014/{file_name(number)}"
    return {
        "license": 1,
        "file_name": file_name(number),
        "coco_url": address,
        "height": _SIZE[1],
        "width": _SIZE[0],
        "date_captured": "2013-11-14 16:28:13",
        "flickr_url": address,
        "id": number,
    }


def _annotations(images: int, wanted_bytes: int, rng: random.Random) -> Iterator[str]:
    """So many annotations that they and the images together have about the wanted bytes."""
    outlines = [
        json.dumps([[round(rng.uniform(0, 640), 2) for _ in range(2 * rng.randint(4, 70))]])
        for _ in range(_OUTLINES)
    ]
    written = images * len(json.dumps(_image(0)))
    number = 0
    while written < wanted_bytes:
        width, height = rng.uniform(1, 320), rng.uniform(1, 240)
        record = (
            f'{{"segmentation": {rng.choice(outlines)}, "area": {width * height / 2:.4f}, '
            f'"iscrowd": 0, "image_id": {rng.randrange(images)}, '
            f'"bbox": [{rng.uniform(0, 320):.2f}, {rng.uniform(0, 240):.2f}, {width:.2f}, '
            f'{height:.2f}], "category_id": {rng.choice((1, rng.randint(1, CATEGORIES)))}, '
            f'"id": {number}}}'
        )
        yield record
        written += len(record) + 2
        number += 1


def file_name(number: int) -> str:
    """The name of an image's file, as COCO writes it."""
    return f"COCO_train2014_{number:012d}.jpg"


def make_pictures(folder: Path, images: int) -> Path:
    """A folder in which every listed image is a link to the same photograph of noise."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder.parent / "picture.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(_SIZE).save(picture, quality=90)
    for number in range(images):
        path = folder / file_name(number)
        if not path.is_symlink():
            path.symlink_to(picture.absolute())
    return folder


def measure(arguments: list[str]) -> dict[str, Any]:
    """Run 'nas data vww' to its end; its peaks of memory and its seconds."""
    first = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, "data", "vww", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    anonymous = 0
    while process.poll() is None:
        anonymous = max(anonymous, anonymous_bytes(process.pid))
        time.sleep(_SAMPLE_S)
    assert process.stderr is not None
    told = process.stderr.read()
    if process.returncode != 0:
        raise SystemExit(f"nas data vww failed: {told[-500:]}")
    return {
        "peak_resident_bytes": int(told.split()[-2]) * 1024,
        "peak_anonymous_bytes": anonymous,
        "seconds": round(time.monotonic() - first, 1),
    }


def line(name: str, json_bytes: int, figures: dict[str, Any]) -> str:
    """One run as text."""
    return (
        f"{json_bytes / 1e6:.0f} MB of JSON, {name}: {figures['seconds']:.0f} s, at most "
        f"{figures['peak_resident_bytes'] / MIB:.1f} MiB resident, of them "
        f"{figures['peak_anonymous_bytes'] / MIB:.1f} MiB anonymous"
    )


if __name__ == "__main__":
    sys.exit(main())
