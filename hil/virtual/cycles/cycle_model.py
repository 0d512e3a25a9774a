"""The cycle model of a target, ready to be loaded into QEMU. Compiles its plugin once; I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.compiled_library import CompiledLibrary, OnStage
from firmware.errors import ConfigError
from firmware.targets import Target
from hil.elf import ElfArray
from hil.virtual.cycles.cycle_log import TICK_BYTES, TICK_COUNTER

PLUGIN = CompiledLibrary(
    "cycle model",
    "hil.virtual.cycles",
    ("-std=gnu11", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"),
)


@dataclass(frozen=True, slots=True)
class CycleModel:
    """The compiled plugin and its facts.

    Attributes:
        plugin: The shared library.
        facts: Names and numbers, as the plugin reads them.
        core_hz: Clock to which the wait states belong.
        wait_states: Of the flash.
    """

    plugin: Path
    facts: str
    core_hz: int
    wait_states: int

    def options(self, folder: Path, log: Path, arrays: Sequence[ElfArray]) -> list[str]:
        """Options of QEMU that load the plugin.

        Args:
            folder: For the file of facts, which must outlast the start of QEMU.
            log: The plugin appends its records to it.
            arrays: Arrays of ticks that are marked beside the tick counter.
        """
        path = folder / "facts"
        path.write_text(self.facts)
        log.touch()
        marks = [ElfArray(TICK_COUNTER, TICK_BYTES), *arrays]
        words = [f"mark={own.origin:#x}:{own.size_bytes}" for own in marks]
        words += [f"facts={_escaped(path)}", f"log={_escaped(log)}"]
        return ["-plugin", ",".join([_escaped(self.plugin), *words])]


def cycle_model(target: Target, on_stage: OnStage = lambda _: None) -> CycleModel:
    """The model of a target. Compiles the plugin if this machine has none yet.

    Raises:
        BuildError: The plugin cannot be compiled.
        ConfigError: The timing of the chip or of its core is not known.
    """
    timing = facts_of(target)
    facts = "".join(f"{name} {value}\n" for name, value in timing)
    assert target.timing is not None, "facts_of checks it"
    return CycleModel(PLUGIN.compiled(on_stage), facts, target.core_hz, target.timing.wait_states)


def facts_of(target: Target) -> list[tuple[str, int]]:
    """Names and numbers of all facts; `memory_origin` comes several times.

    Raises:
        ConfigError: The timing of the chip or of its core is not known.
    """
    timing = target.timing
    if timing is None:
        raise ConfigError(f"the target {target.name} has no [timing], so cycles are not known")
    return [
        *target.processor.known_timing().by_name.items(),
        ("flash_origin", target.flash_origin),
        ("flash_bytes", target.flash_bytes),
        ("wait_states", timing.wait_states),
        ("flash_line_bytes", timing.flash_line_bytes),
        ("instruction_lines", timing.instruction_lines),
        ("data_lines", timing.data_lines),
        ("prefetches", int(timing.prefetches)),
        *(("memory_origin", origin) for origin in timing.memory_origins),
    ]


def _escaped(path: Path) -> str:
    """A path inside an option of QEMU, in which a comma is written twice."""
    return str(path).replace(",", ",,")
