"""Compiles C of the SDK once for this machine and caches it. I/O; runs the C compiler."""

import fcntl
import hashlib
import os
import platform
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from firmware.child_process import run_to_end
from firmware.errors import BuildError
from firmware.files import cache_folder, replacing

COMPILE_S = 300.0
"""Time limit for compiling one file, and for waiting for another process that compiles."""
_LOOK_S = 0.1
_REASON_CHARACTERS = 300
OnStage = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CompiledLibrary:
    """A shared library from the C files of a package.

    Attributes:
        name: What it is, in texts after "the", and its folder in the cache.
        package: The package that contains its C files, as importable.
        flags: Flags of the compiler.
    """

    name: str
    package: str
    flags: tuple[str, ...]

    def compiled(self, on_stage: OnStage = lambda _: None, compile_s: float = COMPILE_S) -> Path:
        """The library. Compiles it if the cache has none for this processor.

        If several processes call it at the same time, only one compiles.

        Args:
            on_stage: Called with the name of a step that takes long.
            compile_s: Time limit for one file, and for waiting for another process.

        Raises:
            BuildError: There is no C compiler, it fails or takes too long, or the cache cannot be
                written.
        """
        with as_file(files(self.package)) as sources:
            path = self._path(sources)
            folder = path.parent
            try:
                if not path.is_file():
                    folder.mkdir(parents=True, exist_ok=True)
                    with self._only_one(path, compile_s, on_stage):
                        if not path.is_file():
                            self._compile(sources, path, on_stage, compile_s)
            except OSError as error:
                raise BuildError(
                    f"could not write the compiled {self.name} to {str(folder)!r}: "
                    f"{error.strerror}; set XDG_CACHE_HOME to another folder"
                ) from error
        return path

    def kept(self) -> Path | None:
        """The library from the cache; None if the cache has none for this processor."""
        with as_file(files(self.package)) as sources:
            path = self._path(sources)
        return path if path.is_file() else None

    def _path(self, sources: Path) -> Path:
        return cache_folder() / self.name.replace(" ", "-") / f"{self._key(sources)}.so"

    def _key(self, sources: Path) -> str:
        """Key of the cache: a hash of the sources, the flags and the processor."""
        digest = hashlib.sha256(" ".join((*self.flags, platform.machine(), _processor())).encode())
        for path in sorted([*sources.glob("*.c"), *sources.glob("*.h")]):
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:32]

    @contextmanager
    def _only_one(self, path: Path, limit_s: float, on_stage: OnStage) -> Iterator[None]:
        """Lock against other processes that compile it too. The lock ends with the process."""
        end_s = time.monotonic() + limit_s
        with path.with_suffix(".lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > end_s:
                        raise BuildError(
                            f"another process has been compiling the {self.name} for {limit_s:g} "
                            f"s; end the process that holds {lock.name!r}"
                        ) from error
                on_stage(f"waiting for another process that compiles the {self.name}")
                time.sleep(_LOOK_S)
            yield

    def _compile(self, sources: Path, out: Path, on_stage: OnStage, limit_s: float) -> None:
        compiler = [*shlex.split(os.environ.get("CC") or "cc"), *self.flags]
        names = sorted(path.name for path in sources.glob("*.c"))
        with _folder_of_its_own(out.with_suffix(".making")) as folder:
            for done, name in enumerate(names):
                on_stage(
                    f"compiling the {self.name} for this processor, once: {done + 1} of "
                    f"{len(names)} files"
                )
                command = [*compiler, "-c", "-o", f"{folder}/{name}.o", str(sources / name)]
                self._run(command, limit_s, folder)
            objects = [f"{folder}/{name}.o" for name in names]
            with replacing(out) as temporary:
                command = [*compiler, "-shared", "-o", str(temporary), *objects, "-lm"]
                self._run(command, limit_s, folder)

    def _run(self, command: list[str], limit_s: float, folder: Path) -> None:
        """Run the compiler. Its temporary files are written to the folder."""
        try:
            finished = run_to_end(command, limit_s, os.environ | {"TMPDIR": str(folder)})
        except TimeoutError as error:
            raise BuildError(f"the {self.name} could not be compiled: {error}") from error
        except OSError as error:
            raise BuildError(
                f"the {self.name} could not be compiled with {command[0]!r}: {error.strerror}; "
                "install a C compiler (apt-get install gcc libc6-dev) or name one in CC"
            ) from error
        if finished.exit_code != 0:
            said = " ".join(finished.output.split())[-_REASON_CHARACTERS:]
            why = said or f"exit code {finished.exit_code}, without a message"
            raise BuildError(f"{command[0]!r} does not compile the {self.name}: {why}")


def _processor() -> str:
    """The processor's features, from the kernel. A cache may be copied between machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


@contextmanager
def _folder_of_its_own(folder: Path) -> Iterator[Path]:
    """Create an empty folder. Files left by a killed process are removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
