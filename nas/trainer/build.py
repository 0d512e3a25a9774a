"""The trainer as a shared library, compiled once for this machine. I/O; runs the C compiler."""

from pathlib import Path

from firmware.compiled_library import COMPILE_S, CompiledLibrary, OnStage
from firmware.errors import BuildError

FLAGS = ("-std=gnu11", "-O3", "-march=native", "-fno-math-errno", "-fPIC", "-fopenmp")
_LIBRARY = CompiledLibrary("trainer", "nas.trainer", FLAGS)


def compiled_trainer(on_stage: OnStage = lambda _: None, compile_s: float = COMPILE_S) -> Path:
    """The trainer as a shared library. Compiles it if the cache has none for this processor.

    Args:
        on_stage: Called with the name of a step that takes long.
        compile_s: Time limit for one file, and for waiting for another process.

    Raises:
        BuildError: There is no C compiler, it fails or takes too long, or the cache cannot be
            written.
    """
    return _LIBRARY.compiled(on_stage, compile_s)


def kept_trainer() -> Path:
    """The compiled trainer from the cache.

    Raises:
        BuildError: The cache has none for this processor.
    """
    path = _LIBRARY.kept()
    if path is None:
        raise BuildError(
            "the trainer is not compiled for this processor yet: "
            "call nas.trainer.library.load_library(print) first"
        )
    return path
