"""Fits the speed models of the static runtime on the virtual board, and shows their errors.

    python -m benchmarks.speed_models [--out codegen] [--core NAME] [MODEL.tflite...]

One model predicts instructions, the other one the cycles of the cycle model, if the timing of the
core is known. Random networks are what they are fitted on, every other one row by row where it can
be; the models named are not among them, and a table shows how well they are predicted.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.code_size import compiler_version
from benchmarks.many_streams import PlanRun, is_timed, run_plans
from benchmarks.measured_cores import BOARDS, target_of
from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network, random_products, random_softmaxes
from benchmarks.streamed_plan import plan_all_by_rows
from codegen.costs.convolution_work import Work
from codegen.costs.speed import SpeedModel, predict_all
from codegen.costs.tables import cycle_table, instruction_table
from codegen.costs.work import plan_work, stream_work
from codegen.model.fold_constants import fold_constants
from codegen.model.graph import ROUNDINGS, Graph
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.operators import check_operators
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.simplify.executed import executed_graph
from firmware.files import write_json
from firmware.targets import Target
from nas.estimator.calibration import MeasuredCall, MeasuredCalls, calibrate

Unit = Literal["instructions", "cycles"]
SMALL_TICKS = 100_000
"""A network that takes less is no whole network: a millisecond at 100 MHz, in cycles."""
FILES: dict[Unit, Callable[[str, str], str]] = {
    "instructions": instruction_table,
    "cycles": cycle_table,
}
"""File names of the models, by runtime and core."""
PRODUCTS, SOFTMAXES, CASES_PER_KERNEL = 6, 6, 12
"""Networks of FULLY_CONNECTED alone, for each rounding: it is seldom elsewhere, and small. Of
SOFTMAX, which elsewhere has one row. And of each kernel that random networks do not call."""


def main() -> int:
    """Measure, fit, compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--networks", type=int, default=200, metavar="N", help="to fit on")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write both models")
    parser.add_argument("--core", default="cortex-m4", choices=BOARDS, help="%(default)s")
    arguments = parser.parse_args()
    target = target_of(arguments.core)
    fitted_on = random_graphs(arguments.networks)
    compared = [executed_graph(read_tflite(path)) for path in arguments.models]
    graphs = [*fitted_on, *compared]
    plans = [
        plan_all_by_rows(graph) if index % 2 and index < len(fitted_on) else plan_graph(graph)
        for index, graph in enumerate(graphs)
    ]
    measured = list(map(Measured, graphs, plans, run_plans(graphs, plans, target)))
    own, others = measured[: len(fitted_on)], measured[len(fitted_on) :]
    for unit, name in FILES.items():
        if unit == "cycles" and not is_timed(target):
            continue
        model = fit(unit, own, target, arguments.networks)
        print(_kernels_text(model))
        if others:
            print(_networks_text(model, arguments.models, others))
        if arguments.out:
            write_json(arguments.out / name("static", target.core), model.as_record())
    return 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A network, its plan, and an inference by it."""

    graph: Graph
    plan: MemoryPlan
    run: PlanRun

    @property
    def works(self) -> list[tuple[str, Work]]:
        """Each kernel call, and what runs the calls row by row."""
        return plan_work(self.graph, self.plan) + stream_work(self.plan)

    def ticks(self, unit: Unit) -> list[float]:
        """What each of `works` took."""
        calls = [float(getattr(own, unit)) for own in self.run.calls]
        return [*calls, self.total(unit) - sum(calls)] if stream_work(self.plan) else calls

    def total(self, unit: Unit) -> float:
        """What the inference took."""
        return float(getattr(self.run.total, unit))


def fit(unit: Unit, measured: Sequence[Measured], target: Target, whole: int) -> SpeedModel:
    """The prices in instructions, or in the cycles that the cycle model counts.

    The first `whole` networks count in the error of whole networks, if they take `SMALL_TICKS`.
    """
    counted = [
        f"random {index}"
        for index, own in enumerate(measured[:whole])
        if own.total(unit) >= SMALL_TICKS
    ]
    calls = [
        MeasuredCall(f"random {index}", *work, ticks)
        for index, own in enumerate(measured)
        for work, ticks in zip(own.works, own.ticks(unit), strict=True)
    ]
    given = MeasuredCalls(unit, "static", target.core, "virtual", tuple(calls))
    model = calibrate(given, counted=counted)
    if unit == "instructions":
        return model
    return replace(model, timing=target.timing, compiler=compiler_version())


def random_graphs(count: int) -> list[Graph]:
    """What is fitted on: `count` networks of many operators, and some of what these lack."""
    graphs = [parse_tflite(random_network(seed)) for seed in range(count)]
    for seed in range(PRODUCTS):
        products = parse_tflite(random_products(seed))
        graphs += [replace(products, rounding=rounding) for rounding in ROUNDINGS]
    graphs += [parse_tflite(random_softmaxes(seed)) for seed in range(SOFTMAXES)]
    known = {kernel for graph in graphs for kernel in _kernels(graph)}
    for case in (CASES | FUSED).values():
        own = [case(np.random.default_rng([seed, 29]))[0] for seed in range(CASES_PER_KERNEL)]
        folded = [fold_constants(parse_tflite(model)) for model in own]
        graphs += [g for g in folded if not check_operators(g) and not _kernels(g) <= known]
    return graphs


def _kernels(graph: Graph) -> set[str]:
    return {kernel for kernel, _ in plan_work(graph, plan_graph(graph, stream=False))}


def _kernels_text(model: SpeedModel) -> str:
    lines = [
        f"{model.unit}, fitted on {model.source}",
        f"{'kernel':<24}{'calls':>7}{'median error':>14}{'worst':>9}   (held out)",
    ]
    for name, kernel in model.kernels.items():
        if kernel.error is not None:
            lines.append(
                f"{name:<24}{kernel.error.count:>7}{100 * kernel.error.median:>12.2f} %"
                f"{100 * kernel.error.worst:>7.1f} %"
            )
    if model.error is not None:
        lines.append(
            f"{'whole networks':<24}{model.error.count:>7}{100 * model.error.median:>12.2f} %"
            f"{100 * model.error.worst:>7.1f} %"
        )
    return "\n".join(lines)


def _networks_text(model: SpeedModel, paths: Sequence[Path], measured: Sequence[Measured]) -> str:
    lines = ["", f"{'not used for fitting':<28}{'measured':>14}{'predicted':>14}{'error':>9}"]
    errors = []
    for path, own in zip(paths, measured, strict=True):
        _, predicted = predict_all(model, own.works)
        ticks = own.total(model.unit)
        assert predicted is not None
        errors.append(abs(predicted / ticks - 1))
        lines.append(
            f"{path.stem:<28}{ticks:>14,.0f}{predicted:>14,.0f}"
            f"{100 * (predicted / ticks - 1):>+7.2f} %"
        )
    median, worst = statistics.median(errors), max(errors)
    lines.append(f"median error {100 * median:.2f} %, worst {100 * worst:.2f} %")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
