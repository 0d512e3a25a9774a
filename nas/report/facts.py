"""The facts of a report, derived from a run and its measurements. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from codegen.planning.planner import plan_graph
from codegen.simplify.executed import executed_graph
from nas.data.proportion import Proportion
from nas.estimator.cost import Limits, Need, exceeded, needs
from nas.estimator.network import Estimate, estimate
from nas.report.measurement import BoardResult, of_runtime
from nas.report.run_folder import Run
from nas.search.explore import best_so_far
from nas.search.fold_count import judging_images
from nas.search.trials import Trial, TrialStatus
from nas.search.tried import NEEDS, Tried, front, tried


class TrialOutcome(StrEnum):
    """The outcome of a candidate."""

    TRAINED = "trained"
    WAITING = "not trained yet"
    OVER_RAM = "over the target's RAM"
    OVER_FLASH = "over the target's flash"
    OVER_MACC = "over the MACC limit"
    OVER_LATENCY = "over the time limit"
    OVER_LIMIT = "over a limit"
    NO_NETWORK = "no network of this input"
    HOST_MEMORY = "over the host's memory"
    FAILED = "training failed"


_OVER = {
    "RAM": TrialOutcome.OVER_RAM,
    "linked RAM": TrialOutcome.OVER_RAM,
    "flash": TrialOutcome.OVER_FLASH,
    "linked flash": TrialOutcome.OVER_FLASH,
    "MACC": TrialOutcome.OVER_MACC,
    "latency": TrialOutcome.OVER_LATENCY,
}
_ENDS = {
    TrialStatus.HOST_MEMORY: TrialOutcome.HOST_MEMORY,
    TrialStatus.FAILED: TrialOutcome.FAILED,
    TrialStatus.INFEASIBLE: TrialOutcome.NO_NETWORK,
    TrialStatus.PRICED: TrialOutcome.WAITING,
}


def outcome_of(trial: Trial, limits: Limits) -> TrialOutcome:
    """The outcome of a trial; if it exceeds several limits, the worst."""
    if trial.status in (TrialStatus.HOST_MEMORY, TrialStatus.FAILED):
        return _ENDS[trial.status]
    too_much = () if trial.cost is None else exceeded(trial.cost, limits)
    if too_much:
        return _OVER[too_much[0].name]
    if trial.status is TrialStatus.INFEASIBLE and trial.cost is not None:
        # The needs of the whole firmware are not stored; the reason starts with the worst.
        for name in ("linked RAM", "linked flash"):
            if trial.reason.startswith(f"{name} "):
                return _OVER[name]
        # Earlier versions do not store the latency; otherwise the limits were different then.
        has_time = limits.latency_us is None or trial.cost.latency_us is not None
        return TrialOutcome.WAITING if has_time else TrialOutcome.OVER_LIMIT
    return _ENDS.get(trial.status, TrialOutcome.TRAINED)


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """A kernel call of an inference; with an interpreter, an operator.

    Attributes:
        operators: Indices of its operators.
        kinds: Their names in TFLite.
        macc: Multiply-accumulates.
        weight_bytes: Constants in flash.
        live_bytes: Bytes of the arena in use; None if the arena is not known.
        estimated: Estimated ticks, in the unit of the estimate; None if not known.
        measured: Measured ticks, in the unit of the measurement; None if not measured.
        modelled: Modelled cycles of the estimate; None if there are none.
    """

    operators: tuple[int, ...]
    kinds: tuple[str, ...]
    macc: int
    weight_bytes: int
    live_bytes: int | None
    estimated: int | None
    measured: int | None
    modelled: int | None = None

    @property
    def name(self) -> str:
        """The index of the first operator, and the kinds of all."""
        return f"{self.operators[0]} {' + '.join(self.kinds)}"


@dataclass(frozen=True)
class Facts:
    """A run, the estimate of its winner, and its measurements.

    Attributes:
        estimate: None if the run is not finished, or its model or the chip is missing.
        measured: The results of each runtime in the firmware; empty if nothing was measured.
    """

    run: Run
    estimate: Estimate | None
    measured: tuple[BoardResult, ...]

    @cached_property
    def leader(self) -> Trial | None:
        """The first trial of the winner, or of the best so far; None if none was trained."""
        if self.run.final is not None:
            return self.run.final.winner
        best = best_so_far(self.run.trials)
        return next((trial for trial in self.run.trials if trial.candidate == best), None)

    @cached_property
    def limited(self) -> dict[str, Need]:
        """The limited needs of the leader, by the names of `NEEDS`."""
        leader, limits = self.leader, self.run.config.limits
        if leader is None or leader.cost is None:
            return {}
        found = {need.name: need for need in needs(leader.cost, limits)}
        return {name: found[name] for name in NEEDS if name in found}

    @cached_property
    def tried(self) -> tuple[Tried, ...]:
        """The candidates that were trained and fit."""
        return tuple(own for own in self.all_tried if not own.over)

    @cached_property
    def all_tried(self) -> tuple[Tried, ...]:
        """All candidates that were trained in this folder, also with other limits."""
        return tried((*self.run.trials, *self.run.others), self.run.config.limits)

    @cached_property
    def front_needs(self) -> tuple[str, ...]:
        """The needs of the front: those that are limited, and known of a trained candidate."""
        return tuple(
            name
            for name in limited_needs(self)
            if any(name in own.needed for own in self.all_tried)
        )

    @cached_property
    def front(self) -> tuple[Tried, ...]:
        """The candidates that no other beats in accuracy and all needs, the most accurate first.

        It includes trained candidates beyond the limits.
        """
        return tuple(sorted(front(self.all_tried, *self.front_needs), key=lambda own: own.rank))

    @property
    def judging_images(self) -> int:
        """Images on which the accuracy of a candidate was measured; 0 if that is not known."""
        return judging_images(self.run.start.images, self.run.config.folds)

    @property
    def measured_here(self) -> BoardResult | None:
        """The measurement of the runtime of the search."""
        return of_runtime(self.measured, self.run.config.runtime)

    @property
    def int8_accuracy(self) -> Proportion | None:
        """Test accuracy of the int8 model; None for an unfinished run."""
        final = self.run.final
        return Proportion(final.int8_right, final.test_images) if final else None

    @property
    def float_accuracy(self) -> Proportion | None:
        """Test accuracy of the float model; None for an unfinished run."""
        final = self.run.final
        return Proportion(final.float_right, final.test_images) if final else None

    @cached_property
    def calls(self) -> tuple[ReportedCall, ...]:
        """The kernel calls of an inference; empty without an estimate."""
        final, own = self.run.final, self.estimate
        if final is None or final.graph is None or own is None:
            return ()
        groups: list[tuple[int, ...]] = [(operator.index,) for operator in own.operators]
        if own.runtime == "static":
            groups = [step.operators for step in plan_graph(executed_graph(final.graph)).steps]
        ticks = self.measured_here.step_ticks if self.measured_here else ()
        measured = ticks if len(ticks) == len(groups) else (None,) * len(groups)
        return tuple(_call(own, *pair) for pair in zip(groups, measured, strict=True))


def _call(own: Estimate, group: tuple[int, ...], measured: int | None) -> ReportedCall:
    operators = [own.operators[index] for index in group]
    return ReportedCall(
        operators=group,
        kinds=tuple(operator.kind for operator in operators),
        macc=sum(operator.macc for operator in operators),
        weight_bytes=sum(operator.weight_bytes for operator in operators),
        live_bytes=max((o.live_bytes for o in operators if o.live_bytes is not None), default=None),
        estimated=operators[0].ticks,
        measured=measured,
        modelled=operators[0].modelled_cycles,
    )


def leader_name(facts: Facts) -> str:
    """What the first of all is called: the winner, or the best so far."""
    return "winner" if facts.run.final is not None else "best so far"


def limited_needs(facts: Facts) -> tuple[str, ...]:
    """What the search limits, by the names of `NEEDS`."""
    has_time = facts.run.config.limits.latency_us is not None
    return NEEDS if has_time else NEEDS[:-1]


def limit_of(limits: Limits, name: str) -> tuple[str, int]:
    """The unit and the value of a limit, by one of the names of `NEEDS`."""
    return {
        "RAM": ("bytes", limits.ram_bytes),
        "flash": ("bytes", limits.flash_bytes),
        "MACC": ("MACs", limits.macc),
        "latency": ("µs", limits.latency_us or 0),
    }[name]


def gather(run: Run, measured: tuple[BoardResult, ...]) -> Facts:
    """The facts of a run, with an estimate of its winner if that is possible."""
    final, target, config = run.final, run.start.target, run.config
    own = None
    if final is not None and final.graph is not None and target is not None:
        own = estimate(
            run.name, final.graph, final.model_bytes, target, config.limits, config.runtime
        )
    return Facts(run, own, measured)
