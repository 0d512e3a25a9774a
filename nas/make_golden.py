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
    worker: Worker,
    on_progress: Progress = lambda _: None,
) -> None:
    """Write seeded inputs of a model and what TFLite's reference kernels make of them.

    Raises:
        ModelError: The model cannot be read, or TFLite refuses it.
    """
    inputs = golden_inputs(read_tflite(model), samples, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npy"
        np.save(path, inputs)
        arguments = {"model": str(model), "inputs": str(path), "out": str(out)}
        worker.call("nas.convert_tasks:make_golden", arguments, on_progress)
