"""The verb `codegen build`: a firmware project from a model. I/O."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from codegen.model.graph import DEFAULT_ROUNDING, ROUNDINGS
from codegen.project.build import RUNTIMES, TOOLCHAINS, build_project
from codegen.project.source import find_model
from codegen.tflm.library import DOWNLOAD
from firmware.command_line import some_path
from firmware.errors import ConfigError
from firmware.platformio import run_platformio
from firmware.printable import printable
from firmware.progress import Progress
from firmware.targets import board_targets, load_board_target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.description = "Write a PlatformIO project for an int8 model."
    parser.epilog = "example: codegen build runs/demo --target stm32f412 --out runs/demo/project"
    parser.set_defaults(command=_build)
    add = parser.add_argument
    add("model", type=some_path, metavar="RUN_OR_TFLITE", help="a run's folder or a .tflite")
    add(
        "--target",
        required=True,
        help=f"board or its chip, one of {', '.join(board_targets())}, or a TOML file of your own",
    )
    add("--out", required=True, type=some_path, metavar="DIR", help="the project's folder")
    add(
        "--runtime",
        choices=RUNTIMES,
        default="static",
        help="runtime of the model (%(default)s); with both, one firmware compares them",
    )
    add(
        "--tflm",
        default="",
        metavar="DIR|download",
        help="source tree of TensorFlow Lite Micro, or 'download': PlatformIO downloads one "
        "(default: TFLM_DIR at the time of the build)",
    )
    add(
        "--toolchain",
        choices=TOOLCHAINS,
        default="system" if shutil.which("arm-none-eabi-gcc") else "platformio",
        help="the installed compiler, or PlatformIO's own (%(default)s)",
    )
    add(
        "--golden",
        type=some_path,
        metavar="FILE",
        help="expected outputs (default: beside the model, MODEL.golden.npz or golden.npz)",
    )
    add(
        "--rounding",
        choices=ROUNDINGS,
        default=DEFAULT_ROUNDING,
        help="reference kernels that the firmware matches; they differ in FULLY_CONNECTED "
        "(%(default)s)",
    )
    add("--name", default="", help="name of the model (default: of the run or file)")
    add(
        "--force",
        action="store_true",
        help="replace files in the folder that you have added or changed",
    )
    add("--compile", action="store_true", help="build the firmware with 'pio run'")
    add("--json", action="store_true", help="print the manifest as JSON")


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
