"""Compiles C for the host with every warning an error and the sanitizers on."""

import atexit
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from firmware.files import new_folder, sha256_of_bytes

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ROOT = Path(__file__).parent.parent
NN = ROOT / "firmware" / "nn"
SHARED_VARIABLE = "OBJECTS_OF_TESTS"


def compile_program(
    out: Path, sources: Sequence[Path], include: Sequence[Path], flags: Sequence[str] = ("-O1",)
) -> Path:
    """Compile and link C11 sources; gives the program's path.

    Kernels among them are compiled with -O1 whatever the flags are, once for all tests.
    """
    folders = [f"-I{folder}" for folder in include]
    command = ["gcc", "-std=c11", "-g", *WARNINGS, *SANITIZERS]
    kernels = {source.stem for source in sources if source.parent == NN / "src"}
    objects = kernel_objects((*command, "-O1")) if kernels else ()
    inputs = [source for source in sources if source.parent != NN / "src"]
    inputs += [path for path in objects if path.stem in kernels]
    run_compiler([*command, *flags, *folders, "-o", str(out), *map(str, inputs), "-lm"])
    return out


def kernel_objects(command: tuple[str, ...]) -> tuple[Path, ...]:
    """The kernels, compiled by a command."""
    return objects((*command, f"-I{NN / 'include'}"), tuple(sorted((NN / "src").glob("*.c"))))


@cache
def objects(command: tuple[str, ...], sources: tuple[Path, ...]) -> tuple[Path, ...]:
    """C files, compiled by a command; only once, also where several processes run the tests."""
    key = sha256_of_bytes(repr((command, sources)).encode())[:16]
    folder = shared_folder() / key
    with (shared_folder() / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with new_folder(folder) as temporary:
                run_compiler([*command, "-c", *map(str, sources)], temporary)
    return tuple(folder / f"{source.stem}.o" for source in sources)


@cache
def shared_folder() -> Path:
    """A folder for as long as the tests run, the same one in each of their processes."""
    if SHARED_VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="objects-of-tests-")
        atexit.register(folder.cleanup)
        os.environ[SHARED_VARIABLE] = folder.name
    return Path(os.environ[SHARED_VARIABLE])


def run_compiler(command: Sequence[str], folder: Path | None = None) -> None:
    """Run a compiler, which must succeed."""
    completed = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert completed.returncode == 0, completed.stderr
