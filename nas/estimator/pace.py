"""Predicts the latency of a network from kernels that were measured or modelled. Pure."""

import hashlib
import json
import math
from dataclasses import dataclass

from codegen.costs.speed import SpeedModel, modelled_speed_model
from codegen.costs.work import plan_work, stream_work
from codegen.model.graph import Graph
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError
from firmware.targets import Target
from nas.estimator.time_needed import estimate_time, worst_fraction


@dataclass(frozen=True, slots=True)
class PaceRecord:
    """Identifies a pace in the record of a run.

    Attributes:
        source: What its speed model was fitted on.
        sha256: SHA-256 of the speed model.
        core_hz: Core clock of the target.
        is_modelled: Whether its cycles are modelled, not measured on a board.
        margin_fraction: Its worst error, which is added to each prediction; None if a run of an
            earlier version did not record it.
    """

    source: str
    sha256: str
    core_hz: int
    is_modelled: bool = False
    margin_fraction: float | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """A speed model in cycles, and the clock frequency.

    Attributes:
        model: What `nas calibrate` fitted to measurements of a board, or modelled cycles.
        core_hz: Core clock of the target.
    """

    model: SpeedModel
    core_hz: int

    def latency_us(self, graph: Graph) -> int:
        """The longest time of one inference with the static runtime, including the worst error.

        Raises:
            ConfigError: A kernel was not measured, or the error of the model is unknown.
        """
        if self.model.error is None:
            raise ConfigError(
                "the latency model's error is unknown: it was fitted on one network, so no longest "
                "time is known; measure two networks or more and run 'nas calibrate' again"
            )
        plan = plan_graph(graph)
        calls = plan_work(graph, plan) + stream_work(plan)
        time, _ = estimate_time(self.model, calls, self.core_hz)
        if time.highest_ms is None:
            known = self.model.kernels
            missing = sorted({kernel for kernel, _ in calls if kernel not in known})
            if self.model.is_modelled:
                raise ConfigError(
                    f"no cycles were modelled for {', '.join(missing)}: measure networks that have "
                    "it on a board, run 'nas calibrate', and give its file by --measured-latency"
                )
            raise ConfigError(
                f"the measurements do not contain {', '.join(missing)}: measure a network that "
                "has it and run 'nas calibrate' again"
            )
        return math.ceil(1000 * time.highest_ms)

    @property
    def record(self) -> PaceRecord:
        """The record that identifies it."""
        content = json.dumps(self.model.as_record(), sort_keys=True).encode()
        return PaceRecord(
            self.model.source,
            hashlib.sha256(content).hexdigest(),
            self.core_hz,
            self.model.is_modelled,
            worst_fraction(self.model),
        )


def make_pace(model: SpeedModel, core: str, core_hz: int, runtime: str) -> Pace:
    """The pace of a target.

    Raises:
        ConfigError: The model counts instructions, or was measured with another runtime or core.
    """
    if model.unit != "cycles":
        raise ConfigError(
            "the latency model counts instructions of a virtual board, which give no latency; "
            "calibrate on measurements of a real board"
        )
    if (model.runtime, model.core) != (runtime, core) or runtime != "static":
        raise ConfigError(
            f"the latency model holds for the {model.runtime} runtime on a {model.core}, the "
            f"search is for {runtime} on a {core}; only the static runtime can be predicted"
        )
    return Pace(model, core_hz)


def make_modelled_pace(target: Target, runtime: str) -> Pace:
    """The pace of a target by modelled cycles.

    Raises:
        ConfigError: No cycles were modelled for the runtime, the core, or the memories.
    """
    model = modelled_speed_model(runtime, target)
    if model is None:
        raise ConfigError(
            f"no cycles were modelled for the {runtime} runtime on {target.name}, so --latency "
            "needs --measured-latency: measure networks on a board and run 'nas calibrate'"
        )
    return Pace(model, target.core_hz)


def modelled_note(record: PaceRecord) -> str:
    """One line that tells by what a limit of time is judged, for a modelled pace."""
    margin = (
        ""
        if record.margin_fraction is None
        else (f" and {100 * record.margin_fraction:.1f} % for their errors")
    )
    return f"the limit of latency is judged by modelled milliseconds{margin}, not by a measurement"
