"""What a network needs of its target, and whether it has it. Pure."""

from dataclasses import asdict, dataclass

from codegen.graph import Graph, count_macc
from codegen.planner import plan_graph
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.structures import MCU
from firmware.errors import ConfigError
from firmware.records.values import Count
from nas.converters import predict_bytes
from nas.pace import Pace

RUNTIMES = ("static", "tflm")


@dataclass(frozen=True, slots=True)
class Cost:
    """Needs of one network.

    Attributes:
        macc: Multiply-accumulates of one inference.
        model_bytes: Bytes of its .tflite file, all of which lie in flash.
        arena_bytes: RAM in which the runtime keeps its activations.
        latency_us: Longest time of one inference; None if no board has been measured.
    """

    macc: Count
    model_bytes: Count
    arena_bytes: Count
    latency_us: Count | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Most that a network may need.

    Attributes:
        macc: Multiply-accumulates of one inference.
        flash_bytes: Flash for the .tflite file.
        ram_bytes: RAM for the arena.
        latency_us: Time of one inference; None if it is not limited.
    """

    macc: int
    flash_bytes: int
    ram_bytes: int
    latency_us: int | None = None

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value is not None and value < 1:
                raise ConfigError(f"the limit {name} is {value}, expected at least 1")


@dataclass(frozen=True, slots=True)
class Need:
    """One need beside its limit.

    Attributes:
        name: What is needed, in words.
        unit: Unit of both numbers.
        needed: What the network needs.
        limit: What it may need.
    """

    name: str
    unit: str
    needed: int
    limit: int

    @property
    def used_fraction(self) -> float:
        """Needed over limit; above 1 it does not fit."""
        return self.needed / self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.needed:,} of {self.limit:,} {self.unit}"


def measure_cost(graph: Graph, runtime: str, converter: str, pace: Pace | None = None) -> Cost:
    """The needs of a network that need not exist yet; its time only with a pace.

    Args:
        graph: What the candidate was lowered to.
        runtime: What will run it.
        converter: What will make its .tflite.
        pace: What its time is calculated with.

    Raises:
        ConfigError: There is no such runtime, or a kernel was never measured.
    """
    return Cost(
        macc=sum(count_macc(graph, operator) for operator in graph.operators),
        model_bytes=predict_bytes(graph, converter),
        arena_bytes=arena_bytes(graph, runtime),
        latency_us=None if pace is None else pace.latency_us(graph),
    )


def arena_bytes(graph: Graph, runtime: str) -> int:
    """Bytes of the arena with one of `RUNTIMES`.

    Raises:
        ConfigError: There is no such runtime.
    """
    check_runtime(runtime)
    if runtime == "static":
        return plan_graph(graph).arena_bytes
    return plan_tflm_arena(graph, MCU).required_bytes


def check_runtime(runtime: str) -> None:
    """Refuse a runtime that is none of `RUNTIMES`.

    Raises:
        ConfigError: It is not.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(f"unknown runtime {runtime!r}; known runtimes: {', '.join(RUNTIMES)}")


def needs(cost: Cost, limits: Limits) -> tuple[Need, ...]:
    """Each need beside its limit, the scarcest first."""
    unsorted = [
        Need("RAM", "bytes", cost.arena_bytes, limits.ram_bytes),
        Need("flash", "bytes", cost.model_bytes, limits.flash_bytes),
        Need("MACC", "MACs", cost.macc, limits.macc),
    ]
    if cost.latency_us is not None and limits.latency_us is not None:
        unsorted.append(Need("latency", "µs", cost.latency_us, limits.latency_us))
    return tuple(sorted(unsorted, key=lambda need: -need.used_fraction))


def exceeded(cost: Cost, limits: Limits) -> tuple[Need, ...]:
    """The needs above their limits, the worst first; empty if the network fits."""
    return tuple(need for need in needs(cost, limits) if need.needed > need.limit)


def fits(cost: Cost, limits: Limits) -> bool:
    """Whether no need is above its limit."""
    return not exceeded(cost, limits)
