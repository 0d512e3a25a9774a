"""How well 'nas data check' finds copies of pictures, and how long it searches 100,000 of them.

    python -m benchmarks.near_duplicates --data PATH… [--images 1000] [--json FILE]

Each picture is changed in one way after another; found is what is linked with its original. All
originals together show how many pairs the hash alone would report, and how many remain.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from firmware.files import write_json
from nas.data.data_source import find_data
from nas.data.sample import Sample
from nas.data_tools.fingerprint import FIELDS, Fingerprint, look
from nas.data_tools.near import close_hashes, near_pairs
from nas.data_tools.threads import in_threads

Change = Callable[[Image.Image], Image.Image]
SEARCHED = 100_000


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return Image.open(io.BytesIO(content.getvalue()))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    x, y = round(width * share), round(height * share)
    return image.crop((x, y, width - x, height - y))


CHANGES: dict[str, Change] = {
    "saved at JPEG quality 40": lambda image: _jpeg(image, 40),
    "saved at JPEG quality 20": lambda image: _jpeg(image, 20),
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "5 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.05),
    "15 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "turned by 1 degree": lambda image: image.rotate(1, Image.Resampling.BILINEAR),
    "2 % cut off each side": lambda image: _cropped(image, 0.02),
    "5 % cut off each side": lambda image: _cropped(image, 0.05),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, nargs="+", metavar="PATH", help="images, as for 'nas run'")
    add("--images", type=int, default=1000, metavar="N", help="that are changed (%(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    figures = {}
    for data in arguments.data:
        figures[Path(data).name] = measure(data, arguments.images)
        print(text(Path(data).name, figures[Path(data).name]), flush=True)
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def measure(data: str, images: int) -> dict[str, Any]:
    """The figures of one set of pictures, of which so many are changed."""
    samples = find_data(data).samples
    looks = [own for own in in_threads(look, samples) if isinstance(own, Fingerprint)]
    hashes, colours = _arrays(looks)
    chosen = np.random.default_rng(0).permutation(len(samples))[:images]
    return {
        "images": len(looks),
        "pairs_by_hash": sum(len(ones) for ones, _ in close_hashes(np.unique(hashes))),
        "links": len(list(near_pairs(hashes, colours))),
        "changed": len(chosen),
        "found": {
            name: found_fraction([samples[number] for number in chosen], change)
            for name, change in CHANGES.items()
        },
        "search_100000_seconds": search_seconds(hashes, colours),
    }


def _arrays(looks: list[Fingerprint]) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.asarray([own.gradients for own in looks], dtype=np.uint64)
    return hashes, np.stack([own.colours for own in looks])


def found_fraction(samples: list[Sample], change: Change) -> float:
    """Of changed pictures, the share that is linked with its original."""

    def is_found(sample: Sample) -> bool:
        image = sample.open().convert("RGB")
        pair = []
        for own in (image, change(image)):
            pixels = np.asarray(own)
            pair.append(look(Sample("", "", None, lambda pixels=pixels: pixels)))
        return any(near_pairs(*_arrays([own for own in pair if isinstance(own, Fingerprint)])))

    return round(sum(in_threads(is_found, samples)) / len(samples), 3)


def search_seconds(hashes: np.ndarray, colours: np.ndarray) -> float:
    """Time to search 100,000 pictures: these, with their hashes shifted as often as needed."""
    rng = np.random.default_rng(0)
    shifts = rng.integers(0, 1 << 63, -(-SEARCHED // len(hashes))).astype(np.uint64)
    shifts[0] = 0
    many = np.concatenate([hashes ^ shift for shift in shifts])[:SEARCHED]
    places = np.arange(SEARCHED) % len(colours)
    assert colours.shape[1:] == (FIELDS, FIELDS, 3)
    first = time.monotonic()
    for _ in near_pairs(many, colours[places]):
        pass
    return round(time.monotonic() - first, 1)


def text(data: str, figures: dict[str, Any]) -> str:
    """The figures as lines."""
    return "\n".join(
        [
            f"{data}: {figures['images']:,} pictures; {figures['pairs_by_hash']:,} pairs of other "
            f"hashes within reach, {figures['links']:,} links in all after colours were compared",
            *(f"{name:<26} {100 * share:5.1f} % found" for name, share in figures["found"].items()),
            f"{SEARCHED:,} pictures are searched in {figures['search_100000_seconds']} s",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
