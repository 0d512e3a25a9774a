"""The cycle model as a program of the host, and code that is assembled for it."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.targets import load_target
from hil.modelled import Counts
from hil.virtual.cycles.cycle_model import facts_of
from tests.host_compiler import ROOT, compile_program

SOURCES = ROOT / "hil" / "virtual" / "cycles"
ORIGIN = 0x0800_0000
RAM = 0x2000_0000
NEEDS_ASSEMBLER = pytest.mark.skipif(
    shutil.which("arm-none-eabi-as") is None, reason="arm-none-eabi-as is not installed"
)
Access = tuple[int, int, bool]
"""Address, bytes, whether it is a store."""


@dataclass(frozen=True)
class Code:
    """An instruction: its address, and its halfwords as hexadecimal digits."""

    address: int
    digits: str

    @property
    def end(self) -> int:
        return self.address + len(self.digits) // 2


def assemble(folder: Path, text: str, origin: int = ORIGIN) -> list[Code]:
    """The instructions of an assembly text, from an address on."""
    source, linked, image = (folder / f"code.{end}" for end in ("s", "o", "bin"))
    source.write_text(f".syntax unified\n.thumb\n{text}\n")
    flags = ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mthumb"]
    subprocess.run(["arm-none-eabi-as", *flags, "-o", linked, source], check=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", linked, image], check=True)
    data, codes, offset = image.read_bytes(), [], 0
    while offset < len(data):
        first = int.from_bytes(data[offset : offset + 2], "little")
        digits = f"{first:04x}"
        if first >= 0xE800:
            digits += f"{int.from_bytes(data[offset + 2 : offset + 4], 'little'):04x}"
        codes.append(Code(origin + offset, digits))
        offset += len(digits) // 2
    return codes


class Model:
    """The cycle model, compiled with the sanitizers."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def decode(self, codes: Sequence[Code]) -> list[list[str]]:
        """The fields of each instruction, as `driver.c` writes them."""
        text = "".join(f"{code.address:x} {code.digits}\n" for code in codes)
        return [line.split() for line in self._run(text, "decode").splitlines()]

    def run(
        self,
        text: str,
        accesses: Mapping[int, Sequence[Access]] | None = None,
        order: Sequence[int] | None = None,
        after: int = 0,
        origin: int = ORIGIN,
        **facts: int,
    ) -> Counts:
        """What the instructions of an assembly text take.

        Args:
            text: The instructions.
            accesses: What each of them loads and stores, by its place in the text.
            order: The order of execution; by default the text's.
            after: Number of executed instructions that are not counted.
            origin: Address of the first instruction.
            facts: Facts in place of the STM32F412's without wait states.
        """
        codes = assemble(self._folder, text, origin)
        places = list(order or range(len(codes)))
        steps = [(codes[place], (accesses or {}).get(place, ())) for place in places]
        states = [Counts(), *self.execute("run", steps, **facts)]
        return states[-1] - states[after]

    def execute(
        self, how: str, steps: Sequence[tuple[Code, Sequence[Access]]], **facts: int
    ) -> list[Counts]:
        """The counts after each instruction, or after the last one.

        Args:
            how: "run" or "blocks", as `driver.c` has it.
            steps: The instructions in the order of execution, with their accesses.
            facts: Facts in place of the STM32F412's without wait states.
        """
        nexts = [code.address for code, _ in steps[1:]] + [steps[-1][0].end]
        lines = []
        for (code, own), following in zip(steps, nexts, strict=True):
            words = [f"{code.address:x} {code.digits} {following:x} {len(own):x}"]
            words += [f"{address:x} {size:x} {int(is_store)}" for address, size, is_store in own]
            lines.append(" ".join(words))
        path = self._folder / "facts"
        path.write_text(facts_text(**facts))
        counted = self._run("\n".join(lines), how, str(path)).splitlines()
        numbers = [[int(word) for word in line.split()] for line in counted]
        return [Counts(own[0], own[1], own[2], tuple(own[3:])) for own in numbers]

    def _run(self, text: str, *words: str) -> str:
        return subprocess.run(
            [self._program, *words], input=text, capture_output=True, text=True, check=True
        ).stdout


def facts_text(**changes: int) -> str:
    """The file of facts of the STM32F412 without wait states, with changes."""
    facts = [own for own in facts_of(load_target("stm32f412")) if own[0] not in changes]
    changes = {"wait_states": 0} | changes
    facts = [own for own in facts if own[0] not in changes]
    return "".join(f"{name} {value}\n" for name, value in [*facts, *changes.items()])


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`driver.c` with the whole model but its connection to QEMU."""
    sources = [own for own in SOURCES.glob("*.c") if own.name != "plugin.c"]
    out = tmp_path_factory.mktemp("cycles") / "driver"
    driver = Path(__file__).with_name("driver.c")
    return compile_program(out, [driver, *sources], [SOURCES], ("-O1", "-DKNOWN_MOST=500U"))


@pytest.fixture
def model(program: Path, tmp_path: Path) -> Model:
    return Model(program, tmp_path)
