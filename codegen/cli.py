"""The `codegen` command: generates firmware projects from models."""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codegen.boards.cli import add_boards
from codegen.model.graph import DEFAULT_ROUNDING, ROUNDINGS
from codegen.operators import supported_kinds
from codegen.project.build import RUNTIMES, TOOLCHAINS, build_project
from codegen.project.source import find_model
from codegen.tflm.library import DOWNLOAD, OPERATORS
from firmware.command_line import parse, run, some_path
from firmware.errors import ConfigError
from firmware.platformio import run_platformio
from firmware.printable import printable
from firmware.progress import Progress
from firmware.targets import board_targets, load_board_target


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    arguments = parse(_parser(), argv)
    return run("codegen", arguments.command, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codegen", description="Generates firmware projects from models."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    build = verbs.add_parser(
        "build",
        help="write a PlatformIO project for a model",
        description="Write a PlatformIO project for an int8 model.",
        epilog="example: codegen build runs/demo --target stm32f412 --out runs/demo/project",
    )
    build.set_defaults(command=_build)
    build.add_argument(
        "model", type=some_path, metavar="RUN_OR_TFLITE", help="a run's folder or a .tflite"
    )
    build.add_argument(
        "--target",
        required=True,
        help=f"board or its chip, one of {', '.join(board_targets())}, or a TOML file of your own",
    )
    build.add_argument(
        "--out", required=True, type=some_path, metavar="DIR", help="the project's folder"
    )
    build.add_argument(
        "--runtime",
        choices=RUNTIMES,
        default="static",
        help="runtime of the model (%(default)s); with both, one firmware compares them",
    )
    build.add_argument(
        "--tflm",
        default="",
        metavar="DIR|download",
        help="source tree of TensorFlow Lite Micro, or 'download': PlatformIO downloads one "
        "(default: TFLM_DIR at the time of the build)",
    )
    build.add_argument(
        "--toolchain",
        choices=TOOLCHAINS,
        default="system" if shutil.which("arm-none-eabi-gcc") else "platformio",
        help="the installed compiler, or PlatformIO's own (%(default)s)",
    )
    build.add_argument(
        "--golden",
        type=some_path,
        metavar="FILE",
        help="expected outputs (default: beside the model, MODEL.golden.npz or golden.npz)",
    )
    build.add_argument(
        "--rounding",
        choices=ROUNDINGS,
        default=DEFAULT_ROUNDING,
        help="reference kernels that the firmware matches; they differ in FULLY_CONNECTED "
        "(%(default)s)",
    )
    build.add_argument("--name", default="", help="name of the model (default: of the run or file)")
    build.add_argument(
        "--force",
        action="store_true",
        help="replace files in the folder that you have added or changed",
    )
    build.add_argument("--compile", action="store_true", help="build the firmware with 'pio run'")
    build.add_argument("--json", action="store_true", help="print the manifest as JSON")
    operators = verbs.add_parser(
        "operators",
        help="list the operators that a runtime supports",
        description="List the operators that a runtime supports.",
        epilog="example: codegen operators --runtime tflm",
    )
    operators.set_defaults(command=_operators)
    operators.add_argument(
        "--runtime", choices=RUNTIMES[:2], default="static", help="runtime (%(default)s)"
    )
    operators.add_argument("--json", action="store_true", help="print a list as JSON")
    add_boards(verbs, "codegen")
    return parser


def _operators(arguments: argparse.Namespace) -> None:
    kinds = supported_kinds() if arguments.runtime == "static" else sorted(OPERATORS)
    print(json.dumps(list(kinds), indent=2) if arguments.json else "\n".join(kinds))


def _build(arguments: argparse.Namespace) -> None:
    target = load_board_target(arguments.target)
    source = find_model(arguments.model, arguments.golden, arguments.name)
    manifest, replaced = build_project(
        source,
        target,
        arguments.out,
        arguments.runtime,
        arguments.toolchain,
        _tflm_place(arguments.tflm),
        arguments.force,
        arguments.rounding,
    )
    progress = Progress("codegen")
    for name in replaced:
        progress.note(f"replaced {arguments.out / name}, which you had added or changed")
    if arguments.compile:
        progress.note(f"compiling {arguments.out}")
        try:
            run_platformio(arguments.out, target, on_progress=progress.update)
        finally:
            progress.clear()
    print(json.dumps(manifest, indent=2) if arguments.json else _summary(manifest, arguments.out))


def _tflm_place(named: str) -> str:
    """The absolute path of the folder, as it is written into the project."""
    if named in ("", DOWNLOAD):
        return named
    folder = Path(named).expanduser().resolve()
    if not folder.is_dir():
        raise ConfigError(f"--tflm: no such folder: {named!r}")
    return str(folder)


def _dropped(own: dict[str, int]) -> list[tuple[str, str]]:
    if own["channels"] == 0:
        return []
    text = f"{own['channels']:,} channels and {own['macc']:,} MAC, which cannot change the outputs"
    return [("dropped", text)]


def _summary(manifest: dict[str, Any], out: Path) -> str:
    estimate, every = manifest["estimate"], [manifest, *manifest["beside"]]
    arena_bytes = max(own["estimate"]["arena_bytes"] for own in every)
    rows = [
        ("project", str(out)),
        ("model", f"{manifest['model_name']} ({manifest['model_bytes']:,} bytes as .tflite)"),
        ("runtime", f"{' and '.join(own['runtime'] for own in every)} on {manifest['target']}"),
        ("arena", f"{arena_bytes:,} of {estimate['ram_limit_bytes']:,} bytes of RAM"),
        ("operators", f"{len(manifest['operators'])}, {manifest['macc']:,} MAC per inference"),
        *_dropped(manifest["dropped"]),
        (
            "golden",
            "outputs will be checked"
            if manifest["golden_sha256"]
            else "none: make it with 'nas golden' to check the outputs",
        ),
    ]
    return "\n".join(f"{name:<10} {printable(text)}" for name, text in rows)
