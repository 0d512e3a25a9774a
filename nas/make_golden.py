"""Makes golden files with the worker. I/O."""

import tempfile
from pathlib import Path

import numpy as np

from codegen.read_tflite import read_tflite
from nas.golden import golden_inputs
from nas.task_watch import Progress
from nas.worker import Worker


def make_golden(
    model: Path,
    out: Path,
    samples: int,
    seed: int,
    rounding: str,
    worker: Worker,
    on_progress: Progress = lambda _: None,
) -> None:
    """Write seeded inputs of a model and what the reference kernels make of them.

    Args:
        model: The .tflite.
        out: The .npz to write.
        samples: How many inputs.
        seed: Of the inputs.
        rounding: Whose reference kernels: one of `ROUNDINGS`.
        worker: Answers.
        on_progress: Is told of each answer.

    Raises:
        ModelError: The model cannot be read, or TFLite refuses it.
    """
    inputs = golden_inputs(read_tflite(model), samples, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npy"
        np.save(path, inputs)
        arguments = {"model": str(model), "inputs": str(path), "out": str(out)}
        arguments |= {"rounding": rounding}
        worker.call("nas.convert_tasks:make_golden", arguments, on_progress)
