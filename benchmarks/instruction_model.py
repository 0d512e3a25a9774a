"""Fits the instruction model of the static runtime on the virtual board, and shows its errors.

    python -m benchmarks.instruction_model --work DIR [--out FILE] [MODEL.tflite...]

Random networks are what it is fitted on; the models named are not among them, and a table shows
how well their instructions are predicted. Measurements lie in DIR; those that are there already
are not made again.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.random_networks import random_network, random_products
from benchmarks.runtime import run_model
from codegen.graph import DEFAULT_ROUNDING, ROUNDINGS
from codegen.planner import plan_graph
from codegen.read_tflite import read_tflite
from codegen.work import step_work
from firmware.files import sha256_of_file, write_json
from firmware.targets import Target, load_target
from nas.estimator.calibration import calibrate, read_measurements
from nas.estimator.speed import SpeedModel, predict_all

Job = tuple[Path, bytes, str]
"""Where the measurement goes, the model, and its rounding."""
PRODUCTS = 6
"""Networks of FULLY_CONNECTED alone, for each rounding: elsewhere it is seldom, and small."""


def main() -> int:
    """Measure, fit, compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--work", required=True, type=Path, metavar="DIR", help="measurements")
    parser.add_argument("--networks", type=int, default=100, metavar="N", help="to fit on")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the model")
    parser.add_argument("--target", default="stm32f412", help="chip (%(default)s)")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    arguments.work.mkdir(parents=True, exist_ok=True)
    fitted_on = list(_random_jobs(arguments.work, arguments.networks))
    compared = [
        (
            arguments.work / f"{path.stem}-{sha256_of_file(path)[:8]}.json",
            path.read_bytes(),
            DEFAULT_ROUNDING,
        )
        for path in arguments.models
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: _measure(job, target), [*fitted_on, *compared]))
    model = calibrate(read_measurements([path for path, *_ in fitted_on], target.core))
    print(_kernels_text(model))
    if compared:
        print(_networks_text(model, arguments.models, [path for path, *_ in compared], target))
    if arguments.out:
        write_json(arguments.out, model.as_record())
    return 0


def _random_jobs(folder: Path, count: int) -> Iterator[Job]:
    for seed in range(count):
        yield folder / f"random{seed:03}.json", random_network(seed), DEFAULT_ROUNDING
    for seed in range(PRODUCTS):
        for rounding in ROUNDINGS:
            yield folder / f"products{seed}-{rounding}.json", random_products(seed), rounding


def _measure(job: Job, target: Target) -> None:
    path, model, rounding = job
    if path.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measured.tflite"
        file.write_bytes(model)
        _, figures = run_model(file, target, Path(folder) / "project", rounding=rounding)
    write_json(path, figures)
    print(f"{path.stem}: {figures['instructions']:,} instructions", file=sys.stderr)


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
    model: SpeedModel, models: list[Path], measurements: list[Path], target: Target
) -> str:
    lines = ["", f"{'not used for fitting':<28}{'measured':>14}{'predicted':>14}{'error':>9}"]
    errors = []
    for path, measurement in zip(models, measurements, strict=True):
        graph = read_tflite(path)
        calls = [step_work(graph, step) for step in plan_graph(graph).steps]
        _, predicted = predict_all(model, calls)
        measured = sum(c.ticks for c in read_measurements([measurement], target.core).calls)
        assert predicted is not None
        errors.append(abs(predicted / measured - 1))
        lines.append(
            f"{path.stem:<28}{measured:>14,.0f}{predicted:>14,.0f}"
            f"{100 * (predicted / measured - 1):>+7.2f} %"
        )
    median, worst = statistics.median(errors), max(errors)
    lines.append(f"median error {100 * median:.2f} %, worst {100 * worst:.2f} %")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
