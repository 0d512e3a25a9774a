"""Builds a generated project with PlatformIO. Runs a process."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BuildError, ConfigError
from firmware.files import cache_folder
from firmware.targets import Target

BUILD_DEADLINE_S = 1800.0
"""A library of 300 files takes minutes to compile on a gateway."""
_SHOWN_LINES = 12
_REFUSAL = "Error: "
"""Prefix of the line in which a script of the project reports why it cannot be built."""
_MADE = re.compile(rb"^(?:Compiling|Retrieved) ", re.MULTILINE)
"""Prefix of the line of each object file, compiled or from the cache."""
_LIBRARY_FILES = re.compile(rb"TensorFlow Lite Micro: (\d+) files")
"""Printed by lib/tflm/compile_tflm.py."""


def firmware_path(project: Path, target: Target) -> Path:
    """The path of a project's ELF after the build."""
    return project / ".pio" / "build" / target.environment / "firmware.elf"


def run_platformio(
    project: Path,
    target: Target,
    deadline_s: float = BUILD_DEADLINE_S,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Build a project. Returns the path of its ELF.

    Args:
        project: Its folder.
        target: Its chip.
        deadline_s: Longest time that it may take.
        on_progress: Called with a text that gives the number of compiled files.

    Raises:
        ConfigError: The folder is not a PlatformIO project.
        BuildError: The build failed, or took longer than the deadline, or PlatformIO cannot read
            the path.
    """
    if not (project / "platformio.ini").is_file():
        raise ConfigError(f"{str(project)!r} holds no platformio.ini; make it with 'codegen build'")
    _refuse_other_than_utf8(project)
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(project)]
    said = bytearray()

    def on_output(chunk: bytes) -> None:
        said.extend(chunk)
        on_progress(_files_compiled(bytes(said)))

    # A killed compiler leaves its files there; the next build removes them.
    temporary = project.resolve() / ".pio" / "temporary"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = _environment(project) | {"TMPDIR": str(temporary)}
    try:
        finished = run_to_end(command, deadline_s, environment, on_output)
    except TimeoutError as error:
        raise BuildError(f"'pio run' took longer than {deadline_s:g} s") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    if finished.exit_code != 0:
        raise BuildError(_failure(project, finished.output))
    elf = firmware_path(project, target)
    if not elf.is_file():
        raise BuildError(f"'pio run' left no {str(elf)!r}")
    return elf


def _refuse_other_than_utf8(project: Path) -> None:
    """PlatformIO ends with a traceback if it prints such a path."""
    try:
        str(project.resolve()).encode()
    except UnicodeEncodeError as error:
        raise BuildError(
            f"PlatformIO cannot build in {str(project)!r}: the path is not UTF-8; rename the folder"
        ) from error


def _environment(project: Path) -> dict[str, str]:
    environment = os.environ | {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL": "3650",
        "PLATFORMIO_NO_ANSI": "true",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUNBUFFERED": "1",
    }
    if (project / "lib" / "tflm").is_dir():
        # The library's objects are shared by all projects that use the same tree.
        environment.setdefault("PLATFORMIO_BUILD_CACHE_DIR", str(cache_folder() / "build"))
    return environment


def _files_compiled(output: bytes) -> str:
    library = _LIBRARY_FILES.search(output)
    beside = f"; TensorFlow Lite Micro alone has {int(library[1])}" if library else ""
    return f"files compiled: {len(_MADE.findall(output))}{beside}"


def _failure(project: Path, output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    refusals = [line.removeprefix(_REFUSAL) for line in lines if line.startswith(_REFUSAL)]
    if refusals:
        return f"{str(project)!r} cannot be built: {refusals[-1]}"
    telling = [line for line in lines if "error" in line.lower() or "undefined" in line]
    return f"'pio run' failed in {str(project)!r}:\n" + "\n".join(
        (telling or lines)[-_SHOWN_LINES:]
    )
