"""Selects the files of a TensorFlow Lite Micro tree to compile. Does not need PlatformIO."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

INTERPRETER = "tensorflow/lite/micro/micro_interpreter.h"
"""A source tree is recognised by this file."""
CHOSEN = "custom_tflm_dir"
"""Option of platformio.ini that names a source tree."""
VARIABLE = "TFLM_DIR"
"""Environment variable that names a source tree if the option does not."""
MISSING = (
    "TensorFlow Lite Micro is missing: set TFLM_DIR to a source tree, or generate the project with "
    "--tflm DIR, or with --tflm download to have PlatformIO fetch it; README.md tells more"
)
COMPILER = "arm-none-eabi-g++"
COMPILER_MISSING = (
    f"{COMPILER} is not installed; install it (Debian: apt-get install gcc-arm-none-eabi "
    "libstdc++-arm-none-eabi-newlib)"
)
CPP_LIBRARY_MISSING = (
    f"TensorFlow Lite Micro is C++, and {COMPILER} has no C++ library; install it (Debian: apt-get "
    "install libstdc++-arm-none-eabi-newlib, a download of about 315 MB), or generate the project "
    "with --toolchain platformio"
)
FILES = "TensorFlow Lite Micro: {} files"
"""Printed before they are compiled, for a progress display."""
_ASKED_LIMIT_S = 60.0
_THIRD_PARTIES = {
    "flatbuffers": "include/flatbuffers/flatbuffers.h",
    "gemmlowp": "fixedpoint/fixedpoint.h",
    "ruy": "ruy/profiler/instrumentation.h",
    "cmsis_nn": "Include/arm_nnfunctions.h",
}
_NAMES = {"cmsis_nn": ("cmsis_nn", "CMSIS-NN", "CMSIS_NN", "cmsis-nn")}
_CORE = (
    "tensorflow/lite/micro",
    "tensorflow/lite/micro/arena_allocator",
    "tensorflow/lite/micro/memory_planner",
    "tensorflow/lite/micro/tflite_bridge",
    "tensorflow/lite/core/api",
    "tensorflow/lite/core/c",
    "tensorflow/lite/schema",
    "tensorflow/compiler/mlir/lite/core/api",
    "tensorflow/compiler/mlir/lite/schema",
)
_KERNELS = ("tensorflow/lite/micro/kernels", "tensorflow/lite/kernels")
_RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"
_OPTIMIZED = "tensorflow/lite/micro/kernels/cmsis_nn"
_NOT_FIRMWARE = ("test", "fake_", "mock_", "hexdump", "debug_log", "micro_time", "system_setup")
"""Parts of the names of test files, and of files that `src/hooks.cpp` replaces."""


class TreeError(Exception):
    """There is no source tree, or a part of it or the compiler is missing."""


class Tree(NamedTuple):
    """A source tree that can be compiled.

    Attributes:
        root: Folder that holds `tensorflow/`.
        core: Interpreter, planner and allocators; relative to the root.
        kernels: Operators; relative to the root.
        cmsis_nn: Folder of CMSIS-NN.
        cmsis_nn_sources: Relative to it.
        includes: Folders of headers.
        defines: Macros that the library and users of its headers must share.
    """

    root: Path
    core: list[str]
    kernels: list[str]
    cmsis_nn: Path
    cmsis_nn_sources: list[str]
    includes: list[Path]
    defines: list[str]


def read_tree(folder: Path) -> Tree:
    """Read a source tree: upstream's, or a flattened one in the style of Arduino.

    Third-party folders are searched where upstream's makefile downloads them, in `third_party`
    and beside the tree.

    Raises:
        TreeError: It is not a source tree, or a third-party folder is missing.
    """
    root = next((r for r in (folder, folder / "src") if (r / INTERPRETER).is_file()), None)
    if root is None:
        raise TreeError(
            f"{str(folder)!r} is not a source tree of TensorFlow Lite Micro: no {INTERPRETER}"
        )
    third = {name: _third_party(folder, root, name) for name in _THIRD_PARTIES}
    cmsis_nn = third["cmsis_nn"]
    optimized = _sources(root, _OPTIMIZED)
    replaced = {Path(path).stem for path in optimized}
    reference = [
        path
        for path in [*_sources(root, _KERNELS[0]), *_sources(root, _KERNELS[1])]
        if not (path.startswith(_KERNELS[0]) and Path(path).stem in replaced)
    ]
    inner = _walk(root / "tensorflow/lite/kernels/internal", root)
    return Tree(
        root,
        [path for part in _CORE for path in _sources(root, part)],
        [*reference, *optimized, *inner],
        cmsis_nn,
        sorted(
            path.relative_to(cmsis_nn / "Source").as_posix()
            for path in (cmsis_nn / "Source").glob("*/*.c")
            if not path.stem.endswith(("_f16", "_f32"))
        ),
        [
            root,
            third["flatbuffers"] / "include",
            third["gemmlowp"],
            third["ruy"],
            cmsis_nn,
            cmsis_nn / "Include",
        ],
        _defines(root),
    )


def check_compiler(search_path: str, command: Sequence[str] = (COMPILER,)) -> None:
    """Check the C++ library before a build that takes minutes and would fail without it.

    Args:
        search_path: Folders of programs, in the form of PATH.
        command: The compiler.

    Raises:
        TreeError: The compiler or its C++ library is missing.
    """
    try:
        asked = subprocess.run(
            [*command, "-std=c++17", "-fsyntax-only", "-x", "c++", "-"],
            input="#include <new>\n#include <cmath>\n",
            env={"PATH": search_path, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_ASKED_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TreeError(COMPILER_MISSING) from error
    if asked.returncode != 0:
        raise TreeError(CPP_LIBRARY_MISSING)


def _defines(root: Path) -> list[str]:
    """The macros of a build; flattened trees take some code only where ARDUINO is defined."""
    defines = ["TF_LITE_STATIC_MEMORY", "CMSIS_NN", "ARM_NN_ENABLE_F16=0", "ARM_NN_ENABLE_F32=0"]
    defines += [f"TFLM_HAS_{kind}_INT8" for kind in int8_kernels(root)]
    is_flat = (root / "tensorflow/lite/micro/micro_interpreter.cpp").is_file()
    return [*defines, "ARDUINO=10819"] if is_flat else defines


def needed_kernels(tree: Tree, operators: list[str]) -> list[str]:
    """The sources of kernels without those that only register other operators.

    Args:
        tree: A tree.
        operators: Operators that models register, such as `CONV_2D`; empty for all.
    """
    return [path for path in tree.kernels if _is_needed(tree.root / path, operators)]


def _is_needed(source: Path, operators: list[str]) -> bool:
    text = source.read_text(encoding="utf-8", errors="replace")
    registered = re.findall(r"Registration\w*\s*\*?\s+(?:\w+::)*Register_(\w+)\(", text)
    wanted = tuple(operators)
    return not (registered and wanted) or any(name.startswith(wanted) for name in registered)


def int8_kernels(root: Path) -> list[str]:
    """Operators for which the resolver of this release has an int8-only kernel."""
    resolver = (root / _RESOLVER).read_text(encoding="utf-8", errors="replace")
    included = re.findall(rf'#include "({_KERNELS[0]}/\w+\.h)"', resolver)
    headers = [root / path for path in included if (root / path).is_file()]
    text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in headers)
    chosen = re.findall(r"Registration& registration =\s*Register_(\w+)\(\)", resolver)
    offered = set(re.findall(r"Register_(\w+)_INT8\(\)", text))
    return sorted(offered & set(chosen))


def _third_party(folder: Path, root: Path, name: str) -> Path:
    downloads = root / "tensorflow/lite/micro/tools/make/downloads"
    for parent in (root / "third_party", downloads, folder.resolve().parent):
        for own in _NAMES.get(name, (name,)):
            if (parent / own / _THIRD_PARTIES[name]).is_file():
                return parent / own
    raise TreeError(
        f"{str(folder)!r} holds no {name}: it is looked for in third_party, in {downloads} (where "
        "'make third_party_downloads' puts it) and beside the tree"
    )


def _sources(root: Path, part: str) -> list[str]:
    """C++ sources in one folder, relative to the root, without tests and hooked files."""
    files = [path for path in (root / part).glob("*.c*") if path.suffix in (".cc", ".cpp")]
    return sorted(
        path.relative_to(root).as_posix()
        for path in files
        if not any(word in path.stem for word in _NOT_FIRMWARE)
    )


def _walk(folder: Path, root: Path) -> list[str]:
    """C++ sources in a folder and its subfolders."""
    folders = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
    parts = [path.relative_to(root).as_posix() for path in folders]
    return [path for part in parts for path in _sources(root, part)]
