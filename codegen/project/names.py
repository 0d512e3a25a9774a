"""Makes model names that do not collide with other C names. Reads the SDK's C sources."""

import functools
import re
from importlib.resources import as_file, files

PREFIX = "model_"
_LONGEST = 40
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\{#.*?#\}", re.DOTALL)
_C_FILES = (".c", ".h", ".cpp", ".j2")

SYSTEM_HEADERS = frozenset(
    "aio alloca ansi ar argp argz arm_acle arm_bf16 arm_cde arm_cmse arm_fp16 arm_mve "
    "arm_mve_types arm_neon assert byteswap cmsis_compiler cmsis_gcc complex cpio crypt ctype "
    "devctl dirent dlfcn elf endian envlock envz err errno error execinfo fastmath fcntl "
    "features fenv float fmtmsg fnmatch fpu_control fts ftw gconv gcov getopt glob gnu grp "
    "iconv ieee754 ieeefp ifaddrs inttypes iso646 langinfo lastlog libgen libintl limits link "
    "locale malloc math mcheck memory mmintrin mntent monetary mqueue nano ndbm netdb newlib "
    "nl_types nss obstack omp openacc paths poll printf proc_service pthread pty pwd quadmath "
    "re_comp reent regdef regex regexp regexps regset resolv rpc sched search semaphore setjmp "
    "sgtty shadow signal spawn stab stdalign stdarg stdatomic stdbit stdbool stdckdint stddef "
    "stdfix stdint stdio stdio_ext stdlib stdnoreturn string strings stropts syscall sysexits "
    "syslimits syslist syslog tar termio termios tgmath thread_db threads time tm ttyent uchar "
    "ucontext ulimit unctrl unistd unwind unwind_arm_common ustat utime utmp utmpx values "
    "varargs wait wchar wctype wordexp".split()
)
"""Headers of C libraries and compilers: a header of the same name would hide them."""
SYSTEM_PREFIXES = frozenset(
    "arm atomic cmsis cnd dt elf list mtx posix pthread rb reent rpc sem slist splay stailq std "
    "sys tailq thrd tss xdr nonsecure readwrite rhf defs gcc unwind c d f m o p r s t w x".split()
)
"""Prefixes of names of C libraries, before the first `_`."""


def model_name(name: str) -> str:
    """A C identifier made from a name: lower case, at most 40 characters and a prefix.

    The names of headers, functions and macros begin with it and `_`, so keywords of C and C++
    cannot collide. If a name could collide with our firmware or a library, it gets the prefix
    `model_`.
    """
    cleaned = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST].strip("_")
    if not cleaned or cleaned[0].isdigit() or is_taken(cleaned):
        return f"{PREFIX}{cleaned}".rstrip("_")
    return cleaned


def is_taken(name: str) -> bool:
    """Whether a library or our firmware has a header of that name, or names with that prefix."""
    files_and_folders, identifiers = _names_of_firmware()
    return (
        name in files_and_folders
        or name in SYSTEM_HEADERS
        or name.split("_")[0] in SYSTEM_PREFIXES
        or any(other.startswith(f"{name}_") for other in identifiers)
    )


@functools.cache
def _names_of_firmware() -> tuple[frozenset[str], frozenset[str]]:
    """Names of files, folders and identifiers of our C sources, in lower case."""
    files_and_folders: set[str] = set()
    identifiers: set[str] = set()
    for package in ("firmware", "codegen"):
        with as_file(files(package)) as folder:
            for path in folder.rglob("*"):
                if path.suffix in _C_FILES and path.is_file():
                    code = _COMMENT.sub(" ", path.read_text(encoding="utf-8"))
                    identifiers |= {own.lower() for own in _IDENTIFIER.findall(code)}
                    parts = path.relative_to(folder).parts
                    files_and_folders |= {own.split(".")[0].lower() for own in parts}
    return frozenset(files_and_folders), frozenset(identifiers)
