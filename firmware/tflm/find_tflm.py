"""Finds TensorFlow Lite Micro and adds its headers to the include path. Run first by SCons."""

import os
import sys
from pathlib import Path

Import("env")  # noqa: F821

here = Path(env.subst("$PROJECT_DIR")) / "lib" / "tflm"  # noqa: F821
sys.path.insert(0, str(here))

from tflm_tree import (  # noqa: E402
    CHOSEN,
    INTERPRETER,
    MISSING,
    VARIABLE,
    TreeError,
    check_compiler,
    read_tree,
)


def find_folder():
    """The source tree given by the project, by the environment, or downloaded by PlatformIO."""
    chosen = env.GetProjectOption(CHOSEN, "") or os.environ.get(VARIABLE, "")  # noqa: F821
    if chosen:
        return Path(chosen).expanduser().resolve()
    downloaded = Path(env.subst("$PROJECT_LIBDEPS_DIR")) / env["PIOENV"]  # noqa: F821
    trees = [*downloaded.glob(f"*/{INTERPRETER}"), *downloaded.glob(f"*/src/{INTERPRETER}")]
    if not trees:
        raise TreeError(MISSING)
    return trees[0].parents[3]


try:
    tree = read_tree(find_folder())
    check_compiler(env["ENV"]["PATH"])  # noqa: F821
except TreeError as error:
    sys.stderr.write(f"Error: {error}\n")
    env.Exit(1)  # noqa: F821
env["TFLM_TREE"] = tree  # noqa: F821
if env.GetProjectOption("custom_tflm_messages", "no") != "yes":  # noqa: F821
    env.Append(CPPDEFINES=["TF_LITE_STRIP_ERROR_STRINGS"])  # noqa: F821
env.Append(  # noqa: F821
    CCFLAGS=[("-isystem", str(folder)) for folder in tree.includes], CPPDEFINES=tree.defines
)
