"""Instructions of each kernel call of the static runtime, beside TensorFlow Lite Micro's operators.

    TFLM_DIR=/path/to/tflite-micro python -m benchmarks.beside_tflm [MODEL.tflite...] [--json FILE]

One firmware holds both runtimes, so that compiler, input and counter are the same. Without a model,
two networks of poolings are compared. A call that does several operators stands beside their sum.
The virtual board counts in steps of six instructions; TFLM's figures contain the call of a timer.
"""

import argparse
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.operator_cases import SAME, VALID
from benchmarks.tflite_builder import ModelBuilder
from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.files import write_json
from firmware.platformio import run_platformio
from firmware.records.measurement import StepRecord
from firmware.targets import Target, load_target
from hil.bench.ready_board import VIRTUAL, Choice
from hil.measure import Settings
from hil.project import read_project
from hil.record import record
from hil.session import Session, run_on_board

CHANNELS, SIDE = 16, 32
POOLINGS = (
    # operator, side of the window, stride, padding
    ("MAX_POOL_2D", 3, 1, SAME),
    ("AVERAGE_POOL_2D", 3, 1, SAME),
    ("MAX_POOL_2D", 2, 2, VALID),
    ("AVERAGE_POOL_2D", 2, 2, VALID),
)
"""One after the other on an image of `SIDE`² pixels; then all that is left is averaged."""
_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Compared:
    """One kernel call.

    Attributes:
        operators: TFLite's names of what it does.
        input_shape: Of its first input, batch included.
        output_shape: Batch included.
        static: Its instructions.
        tflm: Instructions of the same operators in TFLM.
    """

    operators: tuple[str, ...]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    static: int
    tflm: int

    def __str__(self) -> str:
        shapes = " -> ".join("x".join(map(str, s)) for s in (self.input_shape, self.output_shape))
        what = f"{' + '.join(self.operators)} {shapes}"
        return f"{what:<60}{self.static:>12,}{self.tflm:>12,}{self.static / self.tflm:>7.2f}"


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--target", default="stm32f412", help="chip (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures as JSON")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.models or _poolings(Path(folder)):
            print(f"{model.stem:<60}{'static':>12}{'tflm':>12}{'ratio':>7}", flush=True)
            compared = compare(model, target)
            figures[model.stem] = [asdict(own) for own in compared]
            print("\n".join(map(str, compared)), flush=True)
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def compare(model: Path, target: Target) -> list[Compared]:
    """Build a model under both runtimes in one firmware, boot it once, and measure both."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "project"
        build_project(find_model(model), target, path, "both", "system")
        run_platformio(path, target)
        session = Session(read_project(path), Settings(_LIMIT_S))
        static, tflm = map(record, run_on_board(session, Choice(VIRTUAL)))
    rest = iter(tflm.steps)
    return [_compared(step, [next(rest) for _ in step.operators]) for step in static.steps]


def _compared(step: StepRecord, beside: list[StepRecord]) -> Compared:
    assert step.instructions is not None, "the virtual board counts instructions"
    return Compared(
        operators=step.operators,
        input_shape=step.input[0],
        output_shape=step.output,
        static=step.instructions,
        tflm=sum(own.instructions or 0 for own in beside),
    )


def _poolings(folder: Path) -> list[Path]:
    """Networks of `POOLINGS`, one that ends in a MEAN and one in a pooling of the whole image."""
    paths = []
    for last in ("MEAN", "AVERAGE_POOL_2D"):
        paths.append(folder / f"poolings_then_{last.lower()}.tflite")
        paths[-1].write_bytes(_network(last))
    return paths


def _network(last: str) -> bytes:
    model = ModelBuilder()
    side = SIDE
    image = tensor = model.activation((1, side, side, CHANNELS), 0.1)
    for kind, window, stride, padding in POOLINGS:
        side //= stride
        before, tensor = tensor, model.activation((1, side, side, CHANNELS), 0.1)
        model.operator(kind, [before], tensor, **_options(window, stride, padding))
    if last == "MEAN":
        axes = model.constant(np.array([1, 2], np.int32))
        output = model.activation((1, CHANNELS), 0.1)
        model.operator(last, [tensor, axes], output, keep_dims=False)
    else:
        output = model.activation((1, 1, 1, CHANNELS), 0.1)
        model.operator(last, [tensor], output, **_options(side, side, VALID))
    return model.build([image], [output])


def _options(window: int, stride: int, padding: int) -> dict[str, int]:
    return {
        "padding": padding,
        "stride_h": stride,
        "stride_w": stride,
        "filter_height": window,
        "filter_width": window,
        "fused_activation_function": 0,
    }


if __name__ == "__main__":
    raise SystemExit(main())
