"""Compares the cycle model with published cycles of programs that others measured on a Cortex-M4.

    python -m benchmarks.cycles --folder aes=PATH --folder mupq=PATH ... [--out FILE]

`published_cycles.toml` names the programs, their sources and the cycles. A program runs if all its
folders are given. Needs arm-none-eabi-gcc, qemu-system-arm and a C compiler.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from firmware.errors import ConfigError, SdkError
from firmware.files import write_json
from firmware.records.reader import Kind, convert, read_toml
from firmware.targets import Target, load_target
from firmware.text_table import table
from hil.modelled import Counts
from hil.virtual.cycles.cycle_log import TICK_COUNTER, CycleLog
from hil.virtual.cycles.cycle_model import cycle_model

HERE = Path(__file__).parent
FLAGS = ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
RUNS = 3
"""Of each call; the last one counts, when the caches are warm."""
RUN_LIMIT_S = 120.0
MEMORIES = (0x1000_0000, 0x2000_0000, 0x2001_C000, 0x4000_0000)
"""Of the STM32F407: CCM, SRAM1, SRAM2, peripherals. Its flash is that of the F412. Source: RM0090,
sections 2.3 and 3.5."""
_KIND = Kind("is not a list of programs", "see benchmarks/published_cycles.toml")


@dataclass(frozen=True, slots=True)
class Row:
    """A call with published cycles, by wait states of the flash."""

    name: str
    call: str
    at_0: float | None = None
    at_5: float | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A program; its paths begin with the name of a folder and a colon.

    Attributes:
        chip: On which the cycles were measured.
        prologue: Name of the text before its `main`.
        chose_rules: Whether its rows decided a fact about the core.
    """

    title: str
    chip: str
    prologue: str
    sources: tuple[str, ...]
    rows: tuple[Row, ...]
    include: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    optimise: str = "-O2"
    chose_rules: bool = False

    @property
    def folders(self) -> set[str]:
        """Names of the folders that it needs."""
        return {own.partition(":")[0] for own in (*self.sources, *self.include)}


@dataclass(frozen=True, slots=True)
class Programs:
    """The content of published_cycles.toml."""

    folders: dict[str, str]
    prologues: dict[str, str]
    program: tuple[Program, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Comparison:
    """A row at one number of wait states."""

    program: Program
    name: str
    wait_states: int
    published: float
    counts: Counts

    @property
    def error(self) -> float:
        """Relative error of the model."""
        return self.counts.cycles / self.published - 1

    @property
    def is_blind(self) -> bool:
        """Whether nothing of the model was decided by this program, at any wait states."""
        return not self.program.chose_rules


def chip(**facts: object) -> Target:
    """Another chip with a Cortex-M4, as far as the cycle model is concerned.

    Args:
        facts: Where its timing differs from that of the STM32F412.
    """
    target = load_target("stm32f412")
    assert target.timing is not None
    return target.with_chip(timing=replace(target.timing, **facts))  # type: ignore[arg-type]


def build(program: Program, prologue: str, folders: Mapping[str, Path], out: Path) -> Path:
    """Compile a program that runs each row `RUNS` times, with a mark before and after each."""

    def located(path: str) -> Path:
        name, _, rest = path.partition(":")
        return folders[name] / rest

    calls = [
        f"for (int i = 0; i < {RUNS}; i++) {{ MARK = 0; {r.call}; (void)MARK; }}"
        for r in program.rows
    ]
    text = (
        f"#include <stdint.h>\n#define MARK (*(volatile uint32_t *){TICK_COUNTER:#x}U)\n{prologue}"
    )
    (out / "main.c").write_text(f"{text}int main(void) {{\n" + "\n".join(calls) + "\nreturn 0; }\n")
    (out / "randombytes.h").write_text(
        "#include <stddef.h>\n#include <stdint.h>\nint randombytes(uint8_t *bytes, size_t count);\n"
    )
    sources = [
        path
        for own in program.sources
        for path in sorted(located(own).parent.glob(located(own).name))
    ]
    if not sources:
        raise ConfigError(f"{program.title}: there are no sources {', '.join(program.sources)}")
    command = ["arm-none-eabi-gcc", *FLAGS, program.optimise, "-w", f"-I{out}"]
    command += [f"-I{located(own)}" for own in program.include]
    command += [f"-D{own}" for own in program.defines]
    command += ["--specs=nosys.specs", "-nostartfiles", "-T", str(HERE / "cycles_program.ld")]
    command += ["-o", str(out / "program.elf"), str(HERE / "cycles_start.c"), str(out / "main.c")]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True)
    if done.returncode != 0:
        raise ConfigError(f"{program.title}: {done.stderr.strip()[:400]}")
    return out / "program.elf"


def count(elf: Path, wait_states: int, folder: Path) -> list[Counts]:
    """Run a program on the virtual board. Returns the counts of each run of each row."""
    log = folder / f"log{wait_states}"
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-kernel", str(elf), "-semihosting"]
    command += ["-icount", "shift=0", "-display", "none", "-monitor", "none", "-serial", "null"]
    command += cycle_model(chip(wait_states=wait_states, memory_origins=MEMORIES)).options(
        folder, log, []
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT_S)
    if done.returncode != 0:
        raise ConfigError(f"the program failed: {done.stderr.strip()[:400]}")
    marks = CycleLog(log, []).taken()
    return [end.counts - start.counts for start, end in zip(marks[0::2], marks[1::2], strict=True)]


def compare(program: Program, prologue: str, folders: Mapping[str, Path]) -> list[Comparison]:
    """Predicted and published cycles of the rows of a program."""
    found = []
    with tempfile.TemporaryDirectory(prefix="mcu-nas-cycles-") as name:
        folder = Path(name)
        elf = build(program, prologue, folders, folder)
        for wait_states in (0, 5):
            published = [row.at_0 if wait_states == 0 else row.at_5 for row in program.rows]
            if not any(published):
                continue
            counts = count(elf, wait_states, folder)[RUNS - 1 :: RUNS]
            found += [
                Comparison(program, row.name, wait_states, cycles, own)
                for row, cycles, own in zip(program.rows, published, counts, strict=True)
                if cycles is not None
            ]
    return found


def summary(rows: Sequence[Comparison]) -> dict[str, float | int]:
    """Median and largest size of the errors."""
    errors = [abs(own.error) for own in rows]
    return {"rows": len(rows), "median": statistics.median(errors), "worst": max(errors)}


def groups(rows: Sequence[Comparison]) -> dict[str, dict[str, float | int]]:
    """Errors by chip and wait states, of the rows that decided nothing and of the others."""
    found: dict[str, list[Comparison]] = {}
    for own in rows:
        kind = "" if own.is_blind else ", decided rules"
        name = f"{own.program.chip}, {own.wait_states} wait states{kind}"
        found.setdefault(name, []).append(own)
    return {name: summary(own) for name, own in found.items()}


def record(rows: Sequence[Comparison], sources: Mapping[str, str]) -> dict[str, object]:
    """The content of cycles.json: figures only."""
    return {
        "sources": dict(sources),
        "errors": groups(rows),
        "rows": [
            {
                "program": own.program.title,
                "chip": own.program.chip,
                "name": own.name,
                "wait_states": own.wait_states,
                "published": own.published,
                "predicted": own.counts.cycles,
                "instructions": own.counts.instructions,
                "error": round(own.error, 5),
                "is_blind": own.is_blind,
                "stalls": own.counts.by_cause(),
            }
            for own in rows
        ],
    }


def printed(rows: Sequence[Comparison]) -> str:
    """The rows and the errors of each group as text."""
    header = ["program", "call", "chip", "wait states", "published", "predicted", "error", ""]
    lines = [
        [
            own.program.title,
            own.name,
            own.program.chip,
            str(own.wait_states),
            f"{own.published:,.0f}",
            f"{own.counts.cycles:,}",
            f"{100 * own.error:+.2f} %",
            "" if own.is_blind else "decided rules",
        ]
        for own in rows
    ]
    errors = [
        [name, str(own["rows"]), f"{100 * own['median']:.2f} %", f"{100 * own['worst']:.2f} %"]
        for name, own in groups(rows).items()
    ]
    return "\n\n".join(
        [table(header, lines, left=3), table(["errors", "rows", "median", "worst"], errors)]
    )


def _folder(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    return name, Path(path)


def main(words: Sequence[str] | None = None) -> int:
    """Compare, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=_folder, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args(words)
    path = HERE / "published_cycles.toml"
    known = convert(read_toml(path, _KIND), Programs, path, _KIND)
    folders = dict(arguments.folder)
    rows = []
    try:
        for program in known.program:
            if program.folders <= folders.keys():
                print(program.title, file=sys.stderr)
                rows += compare(program, known.prologues[program.prologue], folders)
    except SdkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if not rows:
        names = "\n".join(f"  {name}: {source}" for name, source in known.folders.items())
        print(f"no program has all its folders; known folders:\n{names}", file=sys.stderr)
        return 1
    print(printed(rows))
    if arguments.out:
        write_json(arguments.out, record(rows, known.folders))
    return 0


if __name__ == "__main__":
    sys.exit(main())
