"""Reads damaged files of one format, one after another, and measures each: the child process.

Writes a line of JSON to standard output for each input: what it was, how it ended, seconds, and
how much more memory was in use than before; seconds are those of the processor.
"""

import argparse
import contextlib
import io
import json
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware.command_line import run
from tests.fuzz.formats import Format, find_format
from tests.fuzz.mutations import mutate
from tests.peak_memory import peak_bytes, restart_peak

LONGEST_S = 2.0
"""Of processor time, which other programs do not change; waits are limited by who started this."""
MOST_BYTES = 200 << 20
LONGEST_LINE = 500
_ADDRESS_SPACE_BYTES = 8 << 30


def input_of(own: Format, number: int, seed: int) -> bytes:
    """The input of that number: first the sound files and the corpus, then damaged ones."""
    files = [*own.sound(), *own.corpus()]
    if number < len(files):
        return files[number]
    rng = random.Random(f"{seed}/{own.name}/{number}")
    return mutate(rng.choice(files), files, rng)


class Reader:
    """Reads files in a folder of its own.

    Attributes:
        said: What the last reading wrote to its streams.
    """

    def __init__(self, own: Format, folder: Path) -> None:
        self._format = own
        self._folder = folder
        own.prepare(folder)
        self.said = ""

    def read(self, content: bytes) -> dict[str, Any]:
        """How reading ends: what is wrong with it (or nothing), seconds, bytes."""
        path = self._folder / self._format.file_name
        path.write_bytes(content)
        bytes_before, first_s = restart_peak(), time.process_time()
        trouble, code = "", -1
        with self._streams():
            try:
                code = run("fuzz", self._read, argparse.Namespace())
            except (Exception, SystemExit):
                trouble = traceback.format_exc(limit=-4)
        seconds = time.process_time() - first_s
        grown_bytes = peak_bytes() - bytes_before
        return {
            "trouble": trouble or self._trouble(seconds, grown_bytes),
            "code": code,
            "seconds": seconds,
            "bytes": grown_bytes,
        }

    def _read(self, _: argparse.Namespace) -> int | None:
        return self._format.read(self._folder)

    @contextlib.contextmanager
    def _streams(self) -> Iterator[None]:
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            yield
            stream.flush()
        self.said = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]

    def _trouble(self, seconds: float, grown_bytes: int) -> str:
        if "Traceback" in self.said:
            return self.said
        long = [line for line in self.said.splitlines() if len(line) > LONGEST_LINE]
        if any(": error: " in line for line in long):
            return f"a line of {max(map(len, long)):,} characters: {max(long, key=len)[:300]}"
        if "\x1b" in self.said.replace("\x1b[K", ""):
            return f"an escape character on the terminal: {self.said[:300]!r}"
        if seconds > LONGEST_S:
            return f"took {seconds:.1f} s"
        if grown_bytes > MOST_BYTES:
            return f"took {grown_bytes / 1e6:.0f} MB"
        return ""


def serve(own: Format, first: int, end: int, seed: int, tell: Callable[[str], None]) -> None:
    """Read the inputs `first` to `end`, the sound ones before them to warm up."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        (Path(folder) / "work").mkdir()
        reader = Reader(own, Path(folder) / "work")
        for content in own.sound():
            found = reader.read(content)
            assert not found["trouble"], found["trouble"]
            assert found["code"] == 0, f"a sound file is refused: {reader.said}"
        tell(json.dumps({"ready": True}))
        for number in range(first, end):
            content = input_of(own, number, seed)
            found = reader.read(content)
            if "took" in found["trouble"][:4]:  # the machine may have been busy: once more
                found = reader.read(content)
            tell(json.dumps({"number": number, **found}))


def main() -> None:
    """Serve a range of inputs; `argv` holds the format, the range and the seed."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    name, first, end, seed = sys.argv[1:]
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:

        def tell(line: str) -> None:
            answers.write(line + "\n")
            answers.flush()

        serve(find_format(name), int(first), int(end), int(seed), tell)


if __name__ == "__main__":
    main()
