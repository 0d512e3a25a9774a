"""Objects that a compiler has made once in a run of the tests are not made again.

Dozens of projects hold the same kernels. The cache is empty when the tests start, so that every
run is alike, and all processes of a run share it. Without ccache everything is compiled.
"""

import os
import shutil

from tests.host_compiler import shared_folder

COMPILERS = (
    "gcc",
    "g++",
    "clang",
    "arm-none-eabi-gcc",
    "arm-none-eabi-g++",
    "aarch64-linux-gnu-gcc",
)


def use_compiler_cache() -> None:
    """Put links to ccache, under the compilers' names, in front of the search path."""
    ccache = shutil.which("ccache")
    links = shared_folder() / "compilers"
    if ccache is None or links.exists():
        return
    installed = [name for name in COMPILERS if shutil.which(name)]
    links.mkdir()
    for name in installed:
        (links / name).symlink_to(ccache)
    os.environ |= {
        "PATH": f"{links}{os.pathsep}{os.environ['PATH']}",
        "CCACHE_DIR": str(shared_folder() / "cache"),
        "CCACHE_CONFIGPATH": os.devnull,
        # A project's folder is in its debug information alone.
        "CCACHE_NOHASHDIR": "1",
        # Headers are written just before they are compiled, never meanwhile.
        "CCACHE_SLOPPINESS": "include_file_mtime,include_file_ctime",
    }
