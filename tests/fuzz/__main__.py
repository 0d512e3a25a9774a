"""Reads damaged files of every format and prints what became of them; exit 1 if a reader broke.

Inputs that broke a reader are kept in `build/fuzz/FORMAT/`: copy them to `tests/corpus/FORMAT/`.
"""

import argparse
import hashlib
import json
import selectors
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.formats import FORMATS, find_format
from tests.fuzz.reader import input_of
from tests.host_compiler import ROOT

_HANG_S = 30.0
_START_S = 120.0


@dataclass
class Result:
    """What became of the inputs of one format."""

    name: str
    inputs: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    longest_s: float = 0.0
    most_bytes: int = 0
    troubles: list[tuple[int, str]] = field(default_factory=list)


def fuzz(name: str, inputs: int, seed: int) -> Result:
    """Read so many inputs of a format; a reader that hangs or dies is started again after it."""
    result, number = Result(name), 0
    while number < inputs:
        ended_at, end = _follow(result, number, inputs, seed)
        if end:
            result.troubles.append((ended_at, end))
        number = ended_at + 1
    return result


def _follow(result: Result, first: int, end: int, seed: int) -> tuple[int, str]:
    """Read what a child says; gives the last input, and how the child broke (or nothing)."""
    words = [sys.executable, "-m", "tests.fuzz.reader", result.name, str(first), str(end)]
    process = subprocess.Popen(
        [*words, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    number, wait_s, pending = first, _START_S, b""
    with process, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while number < end:
            if not selector.select(wait_s):
                process.kill()
                return number, f"no end after {wait_s:g} s"
            chunk = process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not chunk:
                return number, f"the reader ended with {process.wait(10)}"
            *lines, pending = (pending + chunk).split(b"\n")
            for line in map(json.loads, lines):
                wait_s = _HANG_S
                if "number" in line:
                    _keep(result, line)
                    number = line["number"] + 1
    return end - 1, ""


def _keep(result: Result, line: dict[str, Any]) -> None:
    result.inputs += 1
    result.codes[line["code"]] += 1
    result.longest_s = max(result.longest_s, line["seconds"])
    result.most_bytes = max(result.most_bytes, line["bytes"])
    if line["trouble"]:
        result.troubles.append((line["number"], line["trouble"]))


def _save(result: Result, seed: int) -> None:
    own = find_format(result.name)
    folder = ROOT / "build" / "fuzz" / result.name
    for number, _ in result.troubles:
        content = input_of(own, number, seed)
        folder.mkdir(parents=True, exist_ok=True)
        suffix = Path(own.file_name).suffix
        (folder / f"{hashlib.sha256(content).hexdigest()[:12]}{suffix}").write_bytes(content)


def main() -> int:
    """Run the command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="of each format (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the damage (%(default)s)")
    names = [own.name for own in FORMATS]
    parser.add_argument("--format", action="append", choices=names, help="only these formats")
    parser.add_argument("--jobs", type=int, default=2, help="formats side by side (%(default)s)")
    arguments = parser.parse_args()
    broken = 0
    print(f"{'format':12} {'inputs':>7} {'read':>7} {'refused':>7} {'longest':>8} {'memory':>8}")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        first_s = time.monotonic()
        for result in pool.map(
            lambda name: fuzz(name, arguments.inputs, arguments.seed), arguments.format or names
        ):
            read, refused = result.codes[0], sum(result.codes.values()) - result.codes[0]
            print(
                f"{result.name:12} {result.inputs:7,} {read:7,} {refused:7,} "
                f"{result.longest_s:6.2f} s {result.most_bytes / 1e6:5.0f} MB",
                flush=True,
            )
            for number, trouble in result.troubles[:20]:
                print(f"  input {number}: {' '.join(trouble.split())[-600:]}", flush=True)
            broken += len(result.troubles)
            _save(result, arguments.seed)
    print(f"{broken} of them broke a reader, in {time.monotonic() - first_s:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
