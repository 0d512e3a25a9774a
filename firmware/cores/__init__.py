"""Processor cores: what their instruction sets have, and their timing. Reads package data."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from firmware.errors import ConfigError
from firmware.records.description import Shelf

CORES = Shelf("core", Path(__file__).parent, ("features",))


@dataclass(frozen=True, slots=True)
class ModelErrors:
    """How far the cycle model was from cycles that were published for a chip with this core.

    Attributes:
        calls: Number of compared calls of functions, and of inferences.
        median_fraction: Median of the sizes of the relative errors.
        worst_fraction: Largest of them.
    """

    calls: Annotated[int, Meta(ge=1)]
    median_fraction: Annotated[float, Meta(ge=0)]
    worst_fraction: Annotated[float, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class CoreTiming:
    """The timing of a core, in tables of cycles and sizes by name.

    Attributes:
        errors: Of the cycle model.
    """

    fetch: dict[str, int]
    instructions: dict[str, int]
    branches: dict[str, int]
    memory: dict[str, int]
    float: dict[str, int]
    errors: ModelErrors

    @property
    def by_name(self) -> dict[str, int]:
        """All cycles and sizes."""
        return self.fetch | self.instructions | self.branches | self.memory | self.float


@dataclass(frozen=True, slots=True)
class Core:
    """A processor core.

    Attributes:
        name: Such as `cortex-m4`.
        cpu_flags: Compiler and linker flags that select its instruction set and its FPU.
        has_dsp: Whether it has the instructions for two 16-bit products at once.
        has_fpu: Whether it computes floats of 32 bits.
        has_unaligned_access: Whether loads and stores of words may have any address.
        has_cycle_counter: Whether it has DWT_CYCCNT; without, SysTick counts.
        fault_registers: Names of the registers that tell the cause of a fault.
        timing: None if it is not known.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9+_-]+\Z")]
    cpu_flags: Annotated[tuple[str, ...], Meta(min_length=1)]
    has_dsp: bool
    has_fpu: bool
    has_unaligned_access: bool
    has_cycle_counter: bool
    fault_registers: tuple[str, ...] = field(default=())
    timing: CoreTiming | None = None

    def known_timing(self) -> CoreTiming:
        """Its timing.

        Raises:
            ConfigError: It is not known.
        """
        if self.timing is None:
            raise ConfigError(
                f"the timing of a {self.name} is not known; known cores: {', '.join(timed_cores())}"
            )
        return self.timing


def known_cores() -> tuple[str, ...]:
    """Names of the cores that the SDK describes, sorted."""
    return CORES.names()


def timed_cores() -> tuple[str, ...]:
    """Names of the cores whose timing is known, sorted."""
    return tuple(name for name in known_cores() if load_core(name).timing is not None)


def load_core(name_or_path: str, beside: Path | None = None) -> Core:
    """Read the description of a core.

    Args:
        name_or_path: Its name, or a TOML file in the same form.
        beside: Folder of the file that names it.

    Raises:
        ConfigError: There is no such core, or the file lacks a fact.
    """
    return CORES.read(CORES.find(name_or_path, beside), Core)
