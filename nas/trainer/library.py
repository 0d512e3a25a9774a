"""Compiles the trainer for this machine, once, and loads it. I/O."""

import ctypes
import hashlib
import os
import platform
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BuildError
from firmware.files import cache_folder, replacing

FLAGS = ("-std=gnu11", "-O3", "-march=native", "-fno-math-errno", "-fPIC", "-shared", "-fopenmp")
_COMPILE_S = 300.0
_POINTER = ctypes.c_void_p
_INT, _LONG, _FLOAT = ctypes.c_int32, ctypes.c_int64, ctypes.c_float


class Source(ctypes.Structure):
    """`source` in network.h."""

    _fields_ = (("images", _POINTER), ("labels", _POINTER), ("order", _POINTER))


class Recipe(ctypes.Structure):
    """`recipe` in network.h."""

    _fields_ = (
        ("smoothing", _FLOAT),
        ("flip", _FLOAT),
        ("shift", _INT),
        ("accumulated", _INT),
        ("seed", ctypes.c_uint64),
    )


_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "network_create": (_POINTER, (_POINTER, _INT, _POINTER, _INT, _FLOAT, _FLOAT)),
    "network_destroy": (None, (_POINTER,)),
    "network_parameters": (_LONG, (_POINTER,)),
    "network_bytes": (_LONG, (_POINTER,)),
    "network_use_threads": (None, (_POINTER, _INT)),
    "network_train": (
        ctypes.c_double,
        (
            _POINTER,
            _POINTER,
            ctypes.POINTER(Source),
            ctypes.POINTER(Recipe),
            _LONG,
            _LONG,
            _POINTER,
        ),
    ),
    "network_gradients": (
        ctypes.c_double,
        (_POINTER, _POINTER, ctypes.POINTER(Source), ctypes.POINTER(Recipe), _POINTER),
    ),
    "network_predict": (None, (_POINTER, _POINTER, ctypes.POINTER(Source), _LONG, _POINTER)),
    "network_ranges": (None, (_POINTER, _POINTER, ctypes.POINTER(Source), _LONG, _POINTER)),
}


@cache
def load_library() -> ctypes.CDLL:
    """The trainer's functions; compiled first if these sources were not for this processor.

    Raises:
        BuildError: There is no C compiler, or it refuses the sources.
    """
    folder = cache_folder() / "trainer"
    with as_file(files("nas.trainer")) as sources:
        path = folder / f"{_key(sources)}.so"
        if not path.is_file():
            with replacing(path) as temporary:
                _compile(sources, temporary)
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _key(sources: Path) -> str:
    """Of the sources, the flags, the compiler and the processor."""
    digest = hashlib.sha256(" ".join((*FLAGS, platform.machine(), _processor())).encode())
    for path in sorted([*sources.glob("*.c"), *sources.glob("*.h")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _processor() -> str:
    """What the kernel says of the processor's abilities; a cache may move between machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compile(sources: Path, out: Path) -> None:
    compiler = os.environ.get("CC", "cc")
    command = [compiler, *FLAGS, "-o", str(out), *map(str, sorted(sources.glob("*.c"))), "-lm"]
    try:
        finished = run_to_end(command, _COMPILE_S)
    except OSError as error:
        raise BuildError(
            f"the trainer could not be compiled with {compiler!r}: {error}; install a C compiler "
            "(apt-get install gcc libc6-dev) or name one in CC"
        ) from error
    if finished.exit_code != 0:
        raise BuildError(f"{compiler!r} does not compile the trainer: {finished.output[-400:]}")
