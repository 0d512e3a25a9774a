"""Compiles TensorFlow Lite Micro: kernels for speed, the rest for size. Run by SCons."""

import sys

Import("env")  # noqa: F821

from tflm_tree import FILES, needed_kernels  # noqa: E402

tree = env["TFLM_TREE"]  # noqa: F821
core_level = env.GetProjectOption("custom_tflm_core_level", "-Os")  # noqa: F821
operators = env.GetProjectOption("custom_tflm_operators", "").split()  # noqa: F821
kernel_level = env.GetProjectOption("custom_tflm_kernel_level", "-O2")  # noqa: F821


def library(name, folder, sources, level):
    """An archive of some sources; the linker uses only what the model needs."""
    own = env.Clone()  # noqa: F821
    flags = [flag for flag in own["CCFLAGS"] if not str(flag).startswith(("-O", "-W"))]
    own.Replace(CCFLAGS=[*flags, level, "-w"], BUILD_UNFLAGS="")  # otherwise -Os would be removed
    own.Append(CPPDEFINES=["NDEBUG"])
    return own.BuildLibrary(f"$BUILD_DIR/tflm_{name}", str(folder), [f"+<{s}>" for s in sources])


kernels = needed_kernels(tree, operators)
files = len(tree.core) + len(kernels) + len(tree.cmsis_nn_sources)
sys.stdout.write(FILES.format(files) + "\n")
env.Append(  # noqa: F821
    LIBS=[
        library("core", tree.root, tree.core, core_level),
        library("kernels", tree.root, kernels, kernel_level),
        library("cmsis_nn", tree.cmsis_nn / "Source", tree.cmsis_nn_sources, kernel_level),
    ]
)
