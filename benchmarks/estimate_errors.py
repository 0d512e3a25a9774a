"""Compares the estimate of each model with its firmware, measured on the virtual board.

    python -m benchmarks.estimate_errors [MODEL.tflite...] [--json FILE] [--core NAME]

Prints estimate minus measurement. The inputs are random: on zeros, some kernels take short cuts. If
a model cannot be generated, the reason is printed.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measured_cores import BOARDS, target_of
from benchmarks.runtime import ROOT, run_model
from codegen.model.graph import DEFAULT_ROUNDING, Graph
from codegen.model.read_tflite import read_tflite
from firmware.errors import ModelError, SdkError
from firmware.files import write_json
from firmware.printable import brief
from firmware.targets import Target
from nas.estimator.cost import Limits
from nas.estimator.network import estimate
from nas.quantization.golden import golden_inputs, write_golden

MODELS = sorted((ROOT / "benchmarks" / "models").glob("*.tflite"))
QUANTITIES = ("arena_bytes", "ram_bytes", "stack_bytes", "weight_bytes", "flash_bytes")
INSTRUCTIONS, CYCLES = "instructions", "cycles"
TIMES = (INSTRUCTIONS, CYCLES)
"""The cycles are modelled: the estimate of them is compared with the cycle model."""
SAMPLES, SEED = 3, 0
_NO_LIMITS = Limits(2**62, 2**62, 2**62)


def main() -> int:
    """Estimate, build, run, compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, default=MODELS, metavar="MODEL.tflite")
    parser.add_argument("--core", default="cortex-m4", choices=BOARDS, help="%(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    target = target_of(arguments.core)
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda path: compare_or_refuse(path, target), arguments.models))
    print(errors_text(rows))
    if arguments.json:
        write_json(arguments.json, {"networks": rows, "summary": summary(rows)})
    return 0


def compare_or_refuse(path: Path, target: Target) -> dict[str, Any]:
    """What `compare` gives, or the reason for which nothing could be built."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            return {"model": path.stem, **compare(path, target, Path(folder) / "project")}
    except SdkError as error:
        return {"model": path.stem, "refused": str(error)}


def compare(path: Path, target: Target, folder: Path) -> dict[str, Any]:
    """Estimate and measurement of a model, whose project goes to `folder`."""
    graph, model_bytes = read_tflite(path), path.stat().st_size
    predicted = estimate(path.stem, graph, model_bytes, target, _NO_LIMITS, "static")
    if predicted.code is None or predicted.time is None:
        raise ModelError("there is no estimate of its code or its time")
    with tempfile.TemporaryDirectory() as place:
        _, figures = run_model(_with_inputs(path, graph, Path(place)), target, folder)
    estimated, measured = {}, {}
    if predicted.modelled_time is not None:
        estimated[CYCLES] = predicted.modelled_time.cycles
        measured[CYCLES] = figures["modelled"]["cycles"]
    return {
        "model_sha256": figures["model_sha256"],
        "estimated": {
            "arena_bytes": predicted.ram.arena_bytes,
            "ram_bytes": predicted.ram.linked_bytes,
            "stack_bytes": predicted.ram.stack_peak_bytes,
            "weight_bytes": predicted.code.weight_bytes,
            "flash_bytes": predicted.linked_flash_bytes,
            INSTRUCTIONS: predicted.time.ticks,
            **estimated,
        },
        "measured": {name: figures[name] for name in _MEASURED}
        | {"stack_bytes": figures["stack_peak_bytes"], **measured},
    }


def _with_inputs(path: Path, graph: Graph, folder: Path) -> Path:
    """A copy of the model, with random inputs beside it; nothing reads the outputs beside them."""
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    inputs, output = golden_inputs(graph, SAMPLES, SEED), graph.tensors[graph.outputs[0]]
    outputs = np.zeros((SAMPLES, *output.shape[1:]), output.dtype.value)
    arrays = {**inputs, "outputs": outputs}
    write_golden(copy.with_suffix(".golden.npz"), copy, arrays, DEFAULT_ROUNDING)
    return copy


_MEASURED = ("arena_bytes", "ram_bytes", "weight_bytes", "flash_bytes", INSTRUCTIONS)


def difference(row: dict[str, Any], quantity: str) -> int:
    """Estimate minus measurement."""
    return int(row["estimated"][quantity] - row["measured"][quantity])


def error_fraction(row: dict[str, Any], quantity: str = INSTRUCTIONS) -> float:
    """Of one of `TIMES`, signed."""
    return difference(row, quantity) / float(row["measured"][quantity])


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Lowest and highest difference in bytes; median and worst error of instructions and cycles."""
    compared = [row for row in rows if "refused" not in row]
    if not compared:
        return {"networks": 0}
    spans = {
        name: [min(own), max(own)]
        for name in QUANTITIES
        if (own := [difference(row, name) for row in compared])
    }
    return {"networks": len(compared), **spans} | {
        name: _median_and_worst([abs(error_fraction(row, name)) for row in compared])
        for name in _times(compared)
    }


def _times(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Those of `TIMES` that are known: cycles are of a core whose timing is known."""
    return [name for name in TIMES if all(name in row.get("estimated", TIMES) for row in rows)]


def _median_and_worst(errors: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(errors), 5), "worst": round(max(errors), 5)}


def core_row(core: str, rows: Sequence[dict[str, Any]]) -> str:
    """The errors on a core as a row of the table in docs/estimates.md."""
    own = summary(rows)
    time = own[INSTRUCTIONS]
    compared = [row for row in rows if "refused" not in row]
    flash = max(
        abs(difference(row, "flash_bytes")) / row["measured"]["flash_bytes"] for row in compared
    )
    spans = [f"{own[name][0]:+} to {own[name][1]:+}" for name in ("flash_bytes", "stack_bytes")]
    return (
        f"| {core} | {spans[0]} | {100 * flash:.2f} % | {spans[1]} | "
        f"{100 * time['median']:.2f} % | {100 * time['worst']:.2f} % |"
    )


def errors_text(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each model, and one for all."""
    titles = [name.removesuffix("_bytes") for name in QUANTITIES]
    header = f"{'estimate less measurement':<30}" + "".join(f"{own:>9}" for own in titles)
    times = _times(rows)
    lines = [header + "".join(f"{own:>24}" for own in times)]
    for row in rows:
        if "refused" in row:
            lines.append(f"{row['model']:<30}{brief(row['refused'], 90)}")
            continue
        cells = "".join(f"{difference(row, name):>+9,}" for name in QUANTITIES)
        for name in times:
            cells += f"{row['measured'][name]:>14,}{100 * error_fraction(row, name):>+8.2f} %"
        lines.append(f"{row['model']:<30}{cells}")
    own = summary(rows)
    if own["networks"]:
        off = "; ".join(
            f"{name} off by {100 * own[name]['median']:.2f} % (median), "
            f"{100 * own[name]['worst']:.2f} % at worst"
            for name in times
        )
        lines.append(
            f"{own['networks']} networks: flash {own['flash_bytes'][0]:+,} to "
            f"{own['flash_bytes'][1]:+,} bytes, stack {own['stack_bytes'][0]:+,} to "
            f"{own['stack_bytes'][1]:+,} bytes; {off}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
