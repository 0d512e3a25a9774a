"""The verb `nas data`: builds, checks and shows datasets. I/O.

Modules that need Pillow or a JSON parser are imported by the verbs that use them, so that other
commands start fast.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from firmware.command_line import some_path
from firmware.errors import ConfigError
from firmware.files import replacing
from firmware.output_files import check_outputs
from firmware.printable import printable, printable_lines
from firmware.progress import Progress

_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_NAMED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb, and its own verbs."""
    parser.description = "Build Visual Wake Words from COCO, check a dataset, show what is in it."
    parser.epilog = "example: nas data check photos/"
    own = parser.add_subparsers(required=True, metavar="VERB")
    _add_vww(own)
    _add_check(own)
    _add_show(own)


def _add_vww(verbs: _Verbs) -> None:
    parser = verbs.add_parser(
        "vww",
        help="build Visual Wake Words from COCO",
        description="Write COCO's images as small squares into class folders, person and "
        "not_person, in train (maxitrain) and test (minival), as 'nas run --data' takes them. The "
        "same command resumes an interrupted build.",
        epilog="example: nas data vww --annotations instances_train2014.json "
        "instances_val2014.json --images coco/ --out vww/ --proxy 10k",
    )
    parser.set_defaults(command=_vww)
    add = parser.add_argument
    add(
        "--annotations",
        required=True,
        nargs="+",
        type=some_path,
        metavar="FILE",
        help="instances_train2014.json, instances_val2014.json, or others of that format",
    )
    add(
        "--images",
        required=True,
        nargs="+",
        type=some_path,
        metavar="DIR",
        help="folders of the images, or of folders of them",
    )
    add("--out", required=True, type=some_path, metavar="DIR", help="folder to write")
    add("--size", type=int, default=96, metavar="PIXELS", help="side of the images (%(default)s)")
    add(
        "--area-fraction",
        type=_fraction,
        default="0.005",
        metavar="X",
        help="a person counts whose box covers more of the image (%(default)s)",
    )
    add(
        "--minival-ids",
        type=some_path,
        metavar="FILE",
        help="file with the numbers of the test images, one per line (the published share, "
        "chosen by hash)",
    )
    add(
        *("--limit", "--proxy"),
        type=_images,
        metavar="N",
        help="a balanced proxy of so many images, such as 10k, a fifth of them to test (all)",
    )
    add("--skip-broken", action="store_true", help="skip missing and damaged images")
    add("--json", action="store_true", help="print vww.json instead of a table")


def _add_check(verbs: _Verbs) -> None:
    parser = verbs.add_parser(
        "check",
        help="find broken, duplicate and leaking images",
        description="Report classes, sizes and kinds of images, and find broken ones, duplicates, "
        "pictures in two parts or in two classes. Exits with 1 if there are any but duplicates "
        "of one part and class.",
        epilog="example: nas data check photos/ --json",
    )
    parser.set_defaults(command=_check)
    parser.add_argument("data", metavar="DATA", help="as 'nas run --data' takes it")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")


def _add_show(verbs: _Verbs) -> None:
    parser = verbs.add_parser(
        "show",
        help="draw a contact sheet",
        description="Draw some images of each part and class on one sheet.",
        epilog="example: nas data show photos/ --out sheet.png --input 50x50x3",
    )
    parser.set_defaults(command=_show)
    add = parser.add_argument
    add("data", metavar="DATA", help="as 'nas run --data' takes it")
    add("--out", required=True, type=some_path, metavar="FILE.png", help="the sheet to write")
    add("--input", metavar="HxWxC", help="as a network of this input sees them (as they are)")
    add("--per-class", type=int, default=10, metavar="N", help="images a row (%(default)s)")
    add("--seed", type=int, default=0, metavar="N", help="seed of the choice (%(default)s)")
    add("--json", action="store_true", help="print JSON: the images shown")


def _images(text: str) -> int:
    """A number such as 500 or 10k."""
    match = re.fullmatch(r"(\d+)(k?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of images such as 500 or 10k")
    return int(match[1]) * (1000 if match[2] else 1)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a fraction such as 0.005") from error


def _vww(arguments: argparse.Namespace) -> None:
    from nas.data_tools.build_vww import RECORD, VwwSettings, build_vww
    from nas.data_tools.vww_report import vww_text

    recipe = VwwSettings(
        tuple(arguments.annotations),
        tuple(arguments.images),
        arguments.size,
        arguments.area_fraction,
        arguments.minival_ids,
        arguments.limit,
        arguments.skip_broken,
    )
    progress = Progress("nas")
    try:
        record = build_vww(recipe, arguments.out, _stepper(progress))
    finally:
        progress.clear()
    for image in record["left_out"][:_NAMED]:
        progress.note(printable(f"skipped {image['file']}: {image['reason']}"))
    if len(record["left_out"]) > _NAMED:
        progress.note(f"skipped {len(record['left_out']):,} images in all, listed in {RECORD}")
    if recipe.minival_ids is None:
        progress.note("the test images were chosen by hash, they are not the published minival")
    _print(record, vww_text(record), arguments)
    print(printable(f"nas: {arguments.out} is complete"), file=sys.stderr)


def _check(arguments: argparse.Namespace) -> int:
    from nas.data.data_source import find_data
    from nas.data_tools.check import check
    from nas.data_tools.check_report import check_text

    progress = Progress("nas")
    try:
        findings = check(find_data(arguments.data), _stepper(progress))
    finally:
        progress.clear()
    _print(findings.as_record(), check_text(findings), arguments)
    return 0 if findings.is_sound else 1


def _show(arguments: argparse.Namespace) -> None:
    from nas.data.data_source import find_data
    from nas.data_tools.contact_sheet import choose_rows, draw_sheet, made_by
    from nas.network.input_shape import parse_shape

    if arguments.out.suffix.lower() != ".png":
        raise ConfigError(f"--out {str(arguments.out)!r} does not end with .png")
    check_outputs(arguments.out)
    shape = parse_shape(arguments.input) if arguments.input else None
    rows = choose_rows(find_data(arguments.data), arguments.per_class, arguments.seed)
    sheet = draw_sheet(rows, shape)
    with replacing(arguments.out) as temporary:
        sheet.save(temporary, "PNG", pnginfo=made_by())
    record = {
        "sheet": str(arguments.out),
        "input": list(shape) if shape else None,
        "seed": arguments.seed,
        "rows": [
            {
                "part": row.part,
                "class": row.label,
                "count": row.count,
                "shown": [sample.name for sample in row.samples],
            }
            for row in rows
        ],
    }
    text = "\n".join(f"{row.heading}, {len(row.samples)} shown" for row in rows)
    _print(record, text, arguments)
    print(printable(f"nas: wrote {arguments.out}"), file=sys.stderr)


def _stepper(progress: Progress) -> Callable[[str, int, int], None]:
    def step(work: str, done: int, total: int) -> None:
        progress.update(printable(f"{work}: {done / max(total, 1):.0%}"))

    return step


def _print(record: dict[str, Any], text: str, arguments: argparse.Namespace) -> None:
    print(json.dumps(record, indent=2) if arguments.json else printable_lines(text))
