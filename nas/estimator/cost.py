"""The needs of a network (RAM, flash, MACs, latency), and whether they are within limits. Pure."""

from dataclasses import dataclass, replace

from codegen.costs.code_size import Code
from codegen.costs.footprint import code_of, footprint
from codegen.model.graph import Graph
from codegen.operators import count_macc
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.tflm.reserve import reserved_bytes
from firmware.errors import ConfigError
from firmware.records.values import Count
from firmware.targets import Target
from nas.estimator.pace import Pace
from nas.network.description import Network
from nas.quantization.predict_file import predict_file

RUNTIMES = ("static", "tflm")


@dataclass(frozen=True, slots=True)
class Cost:
    """The needs of a network.

    Attributes:
        macc: Multiply-accumulates of one inference.
        model_bytes: Size of its .tflite.
        arena_bytes: RAM for the activations; None if it is not known.
        latency_us: Longest time of one inference; None if no board was measured.
        linked_ram_bytes: RAM of the whole firmware; None if no chip is given, or the arena is not
            known.
        linked_flash_bytes: Flash of the whole firmware; None if no chip is given.
    """

    macc: Count
    model_bytes: Count
    arena_bytes: Count | None
    latency_us: Count | None = None
    linked_ram_bytes: Count | None = None
    linked_flash_bytes: Count | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a network.

    Attributes:
        macc: Multiply-accumulates of one inference.
        flash_bytes: Flash for the .tflite file.
        ram_bytes: RAM for the arena.
        latency_us: Time of one inference; None if it is not limited.
        macc_is_advice: Whether an exceeded MACC limit is only reported: it is a rule of thumb and
            not a limit of the chip.
        core, chip_ram_bytes, chip_flash_bytes, stack_bytes, family: The chip that the whole
            firmware must fit; the core is empty if no chip is given.
    """

    macc: int
    flash_bytes: int
    ram_bytes: int
    latency_us: int | None = None
    macc_is_advice: bool = False
    core: str = ""
    chip_ram_bytes: int | None = None
    chip_flash_bytes: int | None = None
    stack_bytes: int = 0
    family: str = ""

    def __post_init__(self) -> None:
        for name in ("macc", "flash_bytes", "ram_bytes", "latency_us"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"the limit {name} is {value}, expected at least 1")


def with_chip(limits: Limits, target: Target) -> Limits:
    """The limits with the chip that the whole firmware must fit."""
    return replace(
        limits,
        core=target.core,
        family=target.family,
        chip_ram_bytes=target.ram_bytes,
        chip_flash_bytes=target.flash_bytes,
        stack_bytes=target.stack_bytes,
    )


@dataclass(frozen=True, slots=True)
class Need:
    """A need and its limit.

    Attributes:
        name: Name of the need.
        unit: Unit of both numbers.
        needed: The need of the network.
        limit: The limit.
        is_advice: Whether an exceeded limit is only reported.
    """

    name: str
    unit: str
    needed: int
    limit: int
    is_advice: bool = False

    @property
    def used_fraction(self) -> float:
        """The need over the limit; above 1 the network does not fit."""
        return self.needed / self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.needed:,} of {self.limit:,} {self.unit}"


def measure_cost(
    network: Network,
    runtime: str,
    converter: str,
    pace: Pace | None = None,
    limits: Limits | None = None,
) -> Cost:
    """Calculate the needs of a network before it is trained.

    Args:
        network: The network.
        runtime: The runtime on the chip.
        converter: The converter that will write its .tflite.
        pace: What predicts the latency; without it, the latency is None.
        limits: Limits with the chip; without a chip, the needs of the whole firmware are None.

    Raises:
        ConfigError: There is no such runtime, a kernel was never measured, or the network has no
            int8 form.
        ModelError: The converter cannot convert it.
    """
    check_runtime(runtime)
    graph, model_bytes = predict_file(network, converter)
    plan = plan_graph(graph) if runtime == "static" else None
    cost = Cost(
        macc=sum(count_macc(graph, operator) for operator in graph.operators),
        model_bytes=model_bytes,
        arena_bytes=plan.arena_bytes if plan else reserved_bytes(graph),
        latency_us=None if pace is None else pace.latency_us(graph),
    )
    if limits is None or not limits.core:
        return cost
    code = code_of(graph, plan, cost.model_bytes, runtime, limits.core, limits.family)
    return with_linked(cost, graph, plan, code, limits)


def with_linked(
    cost: Cost, graph: Graph, plan: MemoryPlan | None, code: Code | None, limits: Limits
) -> Cost:
    """The needs with those of the whole firmware; unchanged if the limits have no chip."""
    if not limits.core:
        return cost
    arena = cost.arena_bytes
    own = footprint(graph, plan, cost.model_bytes, arena or 0, code, limits.stack_bytes)
    return replace(
        cost,
        linked_ram_bytes=None if arena is None else own.ram_bytes,
        linked_flash_bytes=own.flash_bytes,
    )


def arena_bytes(graph: Graph, runtime: str) -> int:
    """Bytes of the arena with one of `RUNTIMES`.

    Raises:
        ConfigError: There is no such runtime.
    """
    check_runtime(runtime)
    if runtime == "static":
        return plan_graph(graph).arena_bytes
    return reserved_bytes(graph)


def check_runtime(runtime: str) -> None:
    """Check that a runtime is one of `RUNTIMES`.

    Raises:
        ConfigError: It is not.
    """
    if runtime not in RUNTIMES:
        raise ConfigError(f"unknown runtime {runtime!r}; known runtimes: {', '.join(RUNTIMES)}")


def needs(cost: Cost, limits: Limits) -> tuple[Need, ...]:
    """The known needs with their limits, the most used first.

    The needs of the whole firmware are used. The limits of arena and .tflite are used if they are
    narrower than the chip, or if no chip is given.
    """
    is_file_free = cost.linked_flash_bytes is not None and limits.flash_bytes == (
        limits.chip_flash_bytes
    )
    unsorted = [
        Need("flash", "bytes", cost.model_bytes, limits.flash_bytes, is_file_free),
        Need("MACC", "MACs", cost.macc, limits.macc, limits.macc_is_advice),
    ]
    if cost.arena_bytes is not None:
        unsorted.append(Need("RAM", "bytes", cost.arena_bytes, limits.ram_bytes))
    if cost.linked_ram_bytes is not None and limits.chip_ram_bytes is not None:
        unsorted.append(Need("linked RAM", "bytes", cost.linked_ram_bytes, limits.chip_ram_bytes))
    if cost.linked_flash_bytes is not None and limits.chip_flash_bytes is not None:
        linked = cost.linked_flash_bytes
        unsorted.append(Need("linked flash", "bytes", linked, limits.chip_flash_bytes))
    if cost.latency_us is not None and limits.latency_us is not None:
        unsorted.append(Need("latency", "µs", cost.latency_us, limits.latency_us))
    return tuple(sorted(unsorted, key=lambda need: -need.used_fraction))


def exceeded(cost: Cost, limits: Limits) -> tuple[Need, ...]:
    """The needs above their limits, worst first; empty if the network fits."""
    return tuple(
        need for need in needs(cost, limits) if need.needed > need.limit and not need.is_advice
    )


def fits(cost: Cost, limits: Limits) -> bool:
    """Whether no need is above its limit."""
    return not exceeded(cost, limits)
