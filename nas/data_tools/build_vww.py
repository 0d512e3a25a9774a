"""Builds Visual Wake Words as class folders from COCO's annotations and images. I/O.

The folder gets its name when it is complete. Until then it has a temporary name beside it, and the
same command resumes it.
"""

import functools
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError, DataError, FileError
from firmware.files import sha256_of_bytes, sha256_of_file, write_json
from firmware.printable import brief
from firmware.regular_file import read_regular
from nas.data.splits import Split
from nas.data_tools.coco import AREA_FRACTION, CocoImage, check_annotations, read_coco
from nas.data_tools.square_images import JPEG_QUALITY, ImageFolders, write_image
from nas.data_tools.threads import OnStep, in_threads
from nas.data_tools.vww import CLASSES, Chosen, choose_images, class_of
from nas.search.config import differences

RECORD = "vww.json"
SCHEMA = 1
SIDE = 96
MOST_SIDE = 1024
_NAMED = 5
_MOST_IDS_BYTES = 8 << 20
"""Limit for the file of image numbers; the published one has 60 kB."""
_MOST_RECORD_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class VwwSettings:
    """The settings of a build.

    Attributes:
        annotations: COCO's annotation files of instances.
        folders: Folders of the images, or of folders with the images.
        side: Rows and columns of the written images.
        area_fraction: Fraction of the image that the box of a person must exceed.
        minival_ids: File with the numbers of the test images; None to choose them by hash.
        limit: Number of images of a balanced proxy; None for all images.
        skip_broken: Skip missing and damaged images instead of raising an error.
    """

    annotations: Sequence[Path]
    folders: Sequence[Path]
    side: int = SIDE
    area_fraction: Fraction = AREA_FRACTION
    minival_ids: Path | None = None
    limit: int | None = None
    skip_broken: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.side <= MOST_SIDE:
            raise ConfigError(f"images of {self.side} pixels a side, expected 1 to {MOST_SIDE}")
        if not 0 <= self.area_fraction < 1:
            raise ConfigError(f"the area fraction is {float(self.area_fraction)}, expected 0 to 1")

    def as_record(self) -> dict[str, Any]:
        """The values that determine the result, as JSON values. Reads all annotation files."""
        return {
            "annotations": [
                {"file": path.name, "sha256": sha256_of_file(path)} for path in self.annotations
            ],
            "area_fraction": float(self.area_fraction),
            "minival": _minival_key(self.minival_ids),
            "limit": self.limit,
            "side": self.side,
            "jpeg_quality": JPEG_QUALITY,
        }


def build_vww(recipe: VwwSettings, out: Path, on_step: OnStep) -> dict[str, Any]:
    """Build the dataset, or resume its build; returns the content of `vww.json`.

    Args:
        recipe: The settings.
        out: The folder to write, with `train/` and `test/`.
        on_step: Called with the progress.

    Raises:
        ConfigError: The folder contains something else.
        DataError: The annotations cannot be used, or images are missing or damaged.
    """
    out = out.absolute()
    for path in recipe.annotations:
        check_annotations(path)
    plan = recipe.as_record()
    finished = _finished(out, plan, recipe.skip_broken)
    if finished is not None:
        return finished
    images = [image for path in recipe.annotations for image in _read(path, recipe, on_step)]
    chosen = choose_images(images, _minival(recipe.minival_ids), recipe.limit)
    folders = ImageFolders(recipe.folders)
    left_out = _missing(chosen, folders, recipe)
    partial = _begin(out, plan)
    left_out |= _write_all(chosen, left_out, folders, partial, recipe, on_step)
    record = {"schema": SCHEMA, "plan": plan, "images_listed": len(images)}
    record |= _outcome(chosen, left_out)
    write_json(partial / RECORD, record)
    os.sync()
    if out.exists():
        out.rmdir()
    partial.replace(out)
    return record


def _finished(out: Path, plan: dict[str, Any], skip_broken: bool) -> dict[str, Any] | None:
    """The record of the dataset if it is complete; None if the folder does not exist."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    record = _record_of(out)
    if record is None or not {"counts", "images_listed", "left_out"} <= record.keys():
        raise ConfigError(f"{str(out)!r} contains something else; choose another --out")
    changed = differences(record["plan"], plan)
    if changed:
        raise ConfigError(
            f"{str(out)!r} contains another dataset: {'; '.join(changed)}; choose another --out"
        )
    if record["left_out"] and not skip_broken:
        raise ConfigError(
            f"{str(out)!r} was built without {len(record['left_out']):,} images, see {RECORD}; "
            "remove it to build it again, or pass --skip-broken"
        )
    return record


def _record_of(folder: Path) -> dict[str, Any] | None:
    """The record of a folder; None if it has none."""
    try:
        record = json.loads(read_regular(folder / RECORD, _MOST_RECORD_BYTES))
    except (FileError, ValueError, RecursionError):
        return None
    is_ours = isinstance(record, dict) and record.get("schema") == SCHEMA
    return record if is_ours and isinstance(record.get("plan"), dict) else None


def _read(path: Path, recipe: VwwSettings, on_step: OnStep) -> list[CocoImage]:
    def on_bytes(done_bytes: int, all_bytes: int) -> None:
        on_step(f"reading {path.name}", done_bytes, all_bytes)

    return read_coco(path, recipe.area_fraction, on_bytes)


def _minival_key(path: Path | None) -> str:
    if path is None:
        return "by hash"
    try:
        return sha256_of_bytes(read_regular(path, _MOST_IDS_BYTES))
    except FileError as error:
        raise DataError(str(error)) from error


def _minival(path: Path | None) -> frozenset[int] | None:
    """The numbers in a file, one per line."""
    if path is None:
        return None
    try:
        text = read_regular(path, _MOST_IDS_BYTES).decode("utf-8")
        return frozenset(int(line) for line in text.split())
    except FileError as error:
        raise DataError(str(error)) from error
    except ValueError as error:
        raise DataError(
            f"{str(path)!r} contains text that is not a number: {brief(str(error), 120)}"
        ) from error


def _missing(chosen: Chosen, folders: ImageFolders, recipe: VwwSettings) -> dict[int, str]:
    """The reasons of images that are in no folder, by image number."""
    images = [image for own in chosen.values() for image in own]
    missing = [image for image in images if folders.find(image.file_name) is None]
    if not missing or (recipe.skip_broken and len(missing) < len(images)):
        return {image.id: "missing" for image in missing}
    names = ", ".join(repr(image.file_name) for image in missing[:_NAMED])
    raise DataError(
        f"{len(missing):,} of {len(images):,} images are not in "
        f"{', '.join(repr(str(folder)) for folder in recipe.folders)}: {names}"
        f"{', …' if len(missing) > _NAMED else ''}; --skip-broken skips missing images"
    )


def _begin(out: Path, plan: dict[str, Any]) -> Path:
    """The temporary folder of the build: that of an interrupted build, or a new one."""
    partial = out.with_name(f".{out.name}.partial")
    begun = _record_of(partial)
    if begun is None or begun["plan"] != plan:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        write_json(partial / RECORD, {"schema": SCHEMA, "plan": plan})
    return partial


def _write_all(
    chosen: Chosen,
    left_out: Mapping[int, str],
    folders: ImageFolders,
    partial: Path,
    recipe: VwwSettings,
    on_step: OnStep,
) -> dict[int, str]:
    """Write the images that are not written yet; returns the reasons of those that cannot be."""

    def write(part: Split, image: CocoImage) -> DataError | None:
        path = partial / part / class_of(image) / f"{image.id:012d}.jpg"
        if image.id in left_out:
            path.unlink(missing_ok=True)  # an interrupted build may have found it
            return None
        try:
            write_image(image.file_name, folders, recipe.side, path)
        except DataError as error:
            return error
        return None

    damaged: dict[int, str] = {}
    done, total = 0, sum(map(len, chosen.values()))
    for part, own in chosen.items():
        for name in CLASSES:
            (partial / part / name).mkdir(parents=True, exist_ok=True)
        for image, error in zip(own, in_threads(functools.partial(write, part), own), strict=True):
            if error is not None and not recipe.skip_broken:
                raise DataError(f"{error}; --skip-broken skips such images") from error
            if error is not None:
                damaged[image.id] = str(error)
            done += 1
            on_step("writing images", done, total)
    return damaged


def _outcome(chosen: Chosen, left_out: Mapping[int, str]) -> dict[str, Any]:
    """The images of each part and class, without those that are missing."""
    counts = {}
    for part, own in chosen.items():
        found = Counter(class_of(image) for image in own if image.id not in left_out)
        counts[str(part)] = {name: found[name] for name in CLASSES}
    missing = [
        {"id": image.id, "file": image.file_name, "reason": left_out[image.id]}
        for own in chosen.values()
        for image in own
        if image.id in left_out
    ]
    return {"counts": counts, "left_out": missing}
