"""Fits the instruction model of the static runtime on the virtual board, and shows its errors.

    python -m benchmarks.instruction_model [--out FILE] [MODEL.tflite...]

Random networks are what it is fitted on, every other one row by row where it can be; the models
named are not among them, and a table shows how well their instructions are predicted.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.many_streams import PlanRun, run_plans
from benchmarks.operator_cases import CASES, FUSED
from benchmarks.random_networks import random_network, random_products
from benchmarks.streamed_plan import plan_all_by_rows
from codegen.costs.work import plan_work, stream_work
from codegen.model.fold_constants import fold_constants
from codegen.model.graph import ROUNDINGS, Graph
from codegen.model.read_tflite import parse_tflite, read_tflite
from codegen.operators import check_operators
from codegen.planning.planner import MemoryPlan, plan_graph
from codegen.simplify.executed import executed_graph
from firmware.files import write_json
from firmware.targets import load_target
from nas.estimator.calibration import MeasuredCall, MeasuredCalls, calibrate
from nas.estimator.speed import SpeedModel, predict_all

PRODUCTS, CASES_PER_KERNEL = 6, 12
"""Networks of FULLY_CONNECTED alone, for each rounding: it is seldom elsewhere, and small. And of
each kernel that random networks do not call."""


def main() -> int:
    """Measure, fit, compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--networks", type=int, default=200, metavar="N", help="to fit on")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the model")
    parser.add_argument("--target", default="stm32f412", help="chip (%(default)s)")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    fitted_on = random_graphs(arguments.networks)
    compared = [executed_graph(read_tflite(path)) for path in arguments.models]
    graphs = [*fitted_on, *compared]
    plans = [
        plan_all_by_rows(graph) if index % 2 and index < len(fitted_on) else plan_graph(graph)
        for index, graph in enumerate(graphs)
    ]
    runs = run_plans(graphs, plans, target)
    calls = [
        call
        for index, (graph, plan, own) in enumerate(zip(fitted_on, plans, runs, strict=False))
        for call in calls_of(f"random {index}", graph, plan, own)
    ]
    model = calibrate(MeasuredCalls("instructions", "static", target.core, "virtual", tuple(calls)))
    print(_kernels_text(model))
    if compared:
        own_plans, own_runs = plans[len(fitted_on) :], runs[len(fitted_on) :]
        print(_networks_text(model, arguments.models, compared, own_plans, own_runs))
    if arguments.out:
        write_json(arguments.out, model.as_record())
    return 0


def random_graphs(count: int) -> list[Graph]:
    """What is fitted on: `count` networks of many operators, and some of what these lack."""
    graphs = [parse_tflite(random_network(seed)) for seed in range(count)]
    for seed in range(PRODUCTS):
        products = parse_tflite(random_products(seed))
        graphs += [replace(products, rounding=rounding) for rounding in ROUNDINGS]
    known = {kernel for graph in graphs for kernel in _kernels(graph)}
    for case in (CASES | FUSED).values():
        own = [case(np.random.default_rng([seed, 29]))[0] for seed in range(CASES_PER_KERNEL)]
        folded = [fold_constants(parse_tflite(model)) for model in own]
        graphs += [g for g in folded if not check_operators(g) and not _kernels(g) <= known]
    return graphs


def _kernels(graph: Graph) -> set[str]:
    return {kernel for kernel, _ in plan_work(graph, plan_graph(graph, stream=False))}


def calls_of(name: str, graph: Graph, plan: MemoryPlan, run: PlanRun) -> list[MeasuredCall]:
    """The kernel calls of a network, and what they took; and what ran them row by row."""
    works, taken = plan_work(graph, plan), run.calls
    if streams := stream_work(plan):
        works, taken = works + streams, [*taken, run.total - sum(taken)]
    return [MeasuredCall(name, *own, took) for own, took in zip(works, taken, strict=True)]


def _kernels_text(model: SpeedModel) -> str:
    lines = [
        f"instruction model fitted on {model.source}",
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


def _networks_text(
    model: SpeedModel,
    paths: Sequence[Path],
    graphs: Sequence[Graph],
    plans: Sequence[MemoryPlan],
    runs: Sequence[PlanRun],
) -> str:
    lines = ["", f"{'not used for fitting':<28}{'measured':>14}{'predicted':>14}{'error':>9}"]
    errors = []
    for path, graph, plan, own in zip(paths, graphs, plans, runs, strict=True):
        _, predicted = predict_all(model, plan_work(graph, plan) + stream_work(plan))
        measured = round(own.total)
        assert predicted is not None
        errors.append(abs(predicted / measured - 1))
        lines.append(
            f"{path.stem:<28}{measured:>14,}{predicted:>14,.0f}"
            f"{100 * (predicted / measured - 1):>+7.2f} %"
        )
    median, worst = statistics.median(errors), max(errors)
    lines.append(f"median error {100 * median:.2f} %, worst {100 * worst:.2f} %")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
