"""Fits the instruction model of the static runtime on the virtual board, and shows its errors.

    python -m benchmarks.instruction_model [--out FILE] [MODEL.tflite...]

Random networks are what it is fitted on; the models named are not among them, and a table shows
how well their instructions are predicted.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.many_networks import CallRun, run_calls
from benchmarks.random_networks import random_network, random_products
from codegen.graph import ROUNDINGS, Graph
from codegen.planner import plan_graph
from codegen.read_tflite import parse_tflite, read_tflite
from codegen.work import step_work
from firmware.files import write_json
from firmware.targets import load_target
from nas.estimator.calibration import MeasuredCall, MeasuredCalls, calibrate
from nas.estimator.speed import SpeedModel, predict_all

PRODUCTS = 6
"""Networks of FULLY_CONNECTED alone, for each rounding: elsewhere it is seldom, and small."""


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
    compared = [read_tflite(path) for path in arguments.models]
    runs = run_calls([*fitted_on, *compared], target)
    calls = [
        call
        for index, (graph, own) in enumerate(zip(fitted_on, runs, strict=False))
        for call in calls_of(f"random {index}", graph, own)
    ]
    model = calibrate(MeasuredCalls("instructions", "static", target.core, "virtual", tuple(calls)))
    print(_kernels_text(model))
    if compared:
        print(_networks_text(model, arguments.models, compared, runs[len(fitted_on) :]))
    if arguments.out:
        write_json(arguments.out, model.as_record())
    return 0


def random_graphs(count: int) -> list[Graph]:
    """What is fitted on: `count` networks of all operators, and some of matrix products alone."""
    graphs = [parse_tflite(random_network(seed)) for seed in range(count)]
    for seed in range(PRODUCTS):
        products = parse_tflite(random_products(seed))
        graphs += [replace(products, rounding=rounding) for rounding in ROUNDINGS]
    return graphs


def calls_of(name: str, graph: Graph, runs: Sequence[CallRun]) -> list[MeasuredCall]:
    """The kernel calls of a network, and what they took."""
    steps = plan_graph(graph).steps
    return [
        MeasuredCall(name, *step_work(graph, step), float(run.instructions))
        for step, run in zip(steps, runs, strict=True)
    ]


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
    runs: Sequence[list[CallRun]],
) -> str:
    lines = ["", f"{'not used for fitting':<28}{'measured':>14}{'predicted':>14}{'error':>9}"]
    errors = []
    for path, graph, own in zip(paths, graphs, runs, strict=True):
        calls = [step_work(graph, step) for step in plan_graph(graph).steps]
        _, predicted = predict_all(model, calls)
        measured = sum(run.instructions for run in own)
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
