"""Builds a generated project with PlatformIO. Runs a process."""

import os
import sys
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BuildError, ConfigError
from firmware.files import cache_folder
from firmware.targets import Target

BUILD_DEADLINE_S = 1800.0
"""An inference library of 300 files takes minutes on a gateway."""
_SHOWN_LINES = 12


def firmware_path(project: Path, target: Target) -> Path:
    """Where the ELF of a project lies once it is built."""
    return project / ".pio" / "build" / target.environment / "firmware.elf"


def run_platformio(project: Path, target: Target, deadline_s: float = BUILD_DEADLINE_S) -> Path:
    """Build a project; gives the path of its ELF.

    Raises:
        ConfigError: The folder is no PlatformIO project.
        BuildError: The build failed, or took longer than the deadline.
    """
    if not (project / "platformio.ini").is_file():
        raise ConfigError(f"{str(project)!r} holds no platformio.ini; make it with 'codegen build'")
    environment = os.environ | {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL": "3650",
        "PLATFORMIO_NO_ANSI": "true",
        "PYTHONWARNINGS": "ignore",
    }
    if (project / "lib" / "tflm").is_dir():
        # The library's objects serve all projects that use the same tree.
        environment.setdefault("PLATFORMIO_BUILD_CACHE_DIR", str(cache_folder() / "build"))
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(project)]
    try:
        finished = run_to_end(command, deadline_s, environment)
    except TimeoutError as error:
        raise BuildError(f"'pio run' took longer than {deadline_s:.0f} s") from error
    if finished.exit_code != 0:
        raise BuildError(f"'pio run' failed in {str(project)!r}:\n{_cause(finished.output)}")
    elf = firmware_path(project, target)
    if not elf.is_file():
        raise BuildError(f"'pio run' left no {str(elf)!r}")
    return elf


def _cause(output: str) -> str:
    """The lines of a build that say what went wrong."""
    lines = [line for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "undefined" in line]
    return "\n".join((telling or lines)[-_SHOWN_LINES:])
