"""What a search finds, as texts and hashes, through the commands and the files that they write.

Nothing of `nas` or `codegen` is imported: what stands here must survive a change of their insides.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from firmware.files import sha256_of_bytes, sha256_of_file

TARGET = ("--target", "stm32f412")
NAME = "found"
"""Of every model in C, so that the files do not tell the run's folder."""
LONGEST_S = 1800.0
CURVES = ("accuracies", "losses")
_SAID_CHARACTERS = 1500


@dataclass(frozen=True, slots=True)
class Search:
    """One way to call `nas run`.

    Attributes:
        name: Of its folder and its rows.
        options: Of `nas run`, besides data, limits, epochs and input.
        has_tensorflow: Whether TensorFlow's converter makes the .tflite.
        runtime: Of `codegen build`.
    """

    name: str
    options: tuple[str, ...]
    has_tensorflow: bool = False
    runtime: str = "static"


@dataclass(frozen=True, slots=True)
class Results:
    """What one search found.

    Attributes:
        has_tensorflow: Whether TensorFlow has made the .tflite.
        trials: In the order told: candidate, repetition, status, accuracy after each epoch.
        sizes: MACC, bytes of the .tflite and of the arena, by candidate.
        trained: What the winner's training came to, by what it is.
        converted: What its conversion and the generator came to.
    """

    has_tensorflow: bool
    trials: list[str]
    sizes: dict[str, str]
    trained: dict[str, str]
    converted: dict[str, str]


def find_results(search: Search, options: Sequence[str], folder: Path) -> Results:
    """Search, report and generate in a new folder.

    Args:
        search: What is run.
        options: Data, limits, epochs, input and workers.
        folder: Of the run; its parent gets the cache of decoded images and of the trainer, too.

    Raises:
        SystemExit: A command failed.
    """
    out = ("--out", str(folder))
    call(folder.parent, "nas", "run", *TARGET, *search.options, *options, *out)
    report = json.loads(call(folder.parent, "nas", "report", str(folder), "--json"))
    project = folder / "project"
    build = ("codegen", "build", str(folder), *TARGET, "--runtime", search.runtime)
    made = (*build, "--name", NAME, "--out", str(project), "--json")
    manifest = json.loads(call(folder.parent, *made))
    trials = report["trials"]
    return Results(
        has_tensorflow=search.has_tensorflow,
        trials=[_trial(trial) for trial in trials],
        sizes={_candidate(trial): _sizes(trial["cost"]) for trial in trials if trial["cost"]},
        trained={
            "winner": _candidate(report["winner"]),
            "float weights": hash_of_arrays(folder / "winner.npz", "best_"),
            "training curves": hash_of([report["training"][name] for name in CURVES]),
            "float answers": hash_of(report["test"]["in_float"]),
        },
        converted={
            "int8 answers": hash_of(report["test"]["in_int8"]),
            "model.tflite": sha256_of_file(folder / "model.tflite"),
            "golden.npz": hash_of_arrays(folder / "golden.npz"),
            "arena": f"{manifest['estimate']['arena_bytes']} bytes",
            **_hashes_of_c(project / "lib"),
        },
    )


def call(work: Path, program: str, *arguments: str) -> str:
    """Run one of our commands to its end; gives its standard output."""
    path = str(Path(sys.executable).with_name(program))
    environment = os.environ | {"XDG_CACHE_HOME": str(work / "cache")}
    done = subprocess.run(
        [path, *arguments], env=environment, capture_output=True, text=True, timeout=LONGEST_S
    )
    if done.returncode != 0:
        command = shlex.join([program, *arguments])
        raise SystemExit(
            f"{command} ended with {done.returncode}:{done.stderr[-_SAID_CHARACTERS:]}"
        )
    return done.stdout


def _candidate(trial: Mapping[str, Any]) -> str:
    """The one place that knows how reports tell a candidate."""
    own = trial["candidate"]
    return f"k {own['k']} c {own['c']} side {own['side']}"


def _trial(trial: Mapping[str, Any]) -> str:
    said = " ".join([trial["status"], *map(repr, trial["accuracies"])])
    return f"{_candidate(trial)} #{trial['repeat']}: {said}"


def _sizes(cost: Mapping[str, Any]) -> str:
    return f"{cost['macc']} MACC {cost['model_bytes']} model {cost['arena_bytes']} arena"


def hash_of(values: Any) -> str:
    """The SHA-256 of lists of numbers and texts; of floats, all that is in them counts."""
    return sha256_of_bytes(json.dumps(values).encode())


def hash_of_arrays(path: Path, prefix: str = "") -> str:
    """Of the arrays in an .npz whose names begin so: names, types, shapes and bytes.

    Neither times nor the way in which the file is packed count.

    Raises:
        SystemExit: There is no such file or array.
    """
    text = []
    if path.is_file():
        with np.load(path, allow_pickle=False) as arrays:
            for name in sorted(own for own in arrays.files if own.startswith(prefix)):
                array = np.ascontiguousarray(arrays[name])
                text.append([name, array.dtype.str, array.shape, sha256_of_bytes(array.tobytes())])
    if not text:
        raise SystemExit(f"{path.name!r} of a run holds no array {prefix}*: say where they are now")
    return hash_of(text)


def _hashes_of_c(folder: Path) -> dict[str, str]:
    """Of the model's libraries: sources and headers by their paths."""
    return {
        path.relative_to(folder).as_posix(): sha256_of_file(path)
        for own in sorted(folder.glob(f"{NAME}*"))
        for path in sorted(own.rglob("*"))
        if path.suffix in (".c", ".cpp", ".h")
    }


TENSORFLOW_PACKAGES = ("tensorflow", "keras")
CONVERTING_PACKAGES = ("ai-edge-litert", *TENSORFLOW_PACKAGES)
"""Packages on which a conversion depends, but no training."""


def made_with() -> dict[str, str]:
    """What bits of weights depend on besides our own code: the processor, and versions.

    The trainer is compiled for the processor at hand: the width of its vectors, fused
    multiply-adds, and where the compiler thinks that these pay, decide how sums are rounded.
    """
    macros = _macros()
    widths = {"__AVX512F__": "512", "__AVX__": "256"}
    tuned = sorted(name[7:-2] for name in macros if name.startswith("__tune_"))
    return {
        "architecture": platform.machine(),
        "vector bits": next((bits for name, bits in widths.items() if name in macros), "128"),
        "fused multiply-add": str("__FMA__" in macros or "__ARM_FEATURE_FMA" in macros),
        "tuned for": " ".join(tuned),
        "compiler": ("clang " if "__clang__" in macros else "gcc ") + macros["__VERSION__"],
        "libc": " ".join(platform.libc_ver()),
        **{name: _version(name) for name in ("numpy", "pillow", *CONVERTING_PACKAGES)},
    }


def _macros() -> dict[str, str]:
    """What the compiler of the trainer defines for this processor."""
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, "-march=native", "-dM", "-E", "-x", "c", "/dev/null"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    words = [line.split(maxsplit=2) for line in text.splitlines()]
    return {own[1]: own[2].strip('"') if len(own) > 2 else "" for own in words}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
