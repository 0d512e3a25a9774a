"""Writes golden files with a worker. I/O."""

import tempfile
from pathlib import Path

import numpy as np

from codegen.model.port_names import output_names
from codegen.model.read_tflite import read_tflite
from firmware.records.golden import array_names
from nas.host.task_watch import Progress
from nas.host.worker import Worker
from nas.quantization.golden import golden_inputs
from nas.quantization.golden_file import read_inputs


def make_golden(
    model: Path,
    out: Path,
    samples: int,
    seed: int,
    rounding: str,
    worker: Worker,
    on_progress: Progress = lambda _: None,
    inputs_file: Path | None = None,
) -> int:
    """Write inputs of a model and the outputs of the reference kernels; returns their number.

    Args:
        model: The .tflite.
        out: The .npz to write.
        samples: Number of inputs.
        seed: Seed of the inputs.
        rounding: The runtime whose reference kernels are used, one of `ROUNDINGS`.
        worker: Runs the model.
        on_progress: Called after each output.
        inputs_file: An .npz or .npy with inputs, instead of the seeded ones.

    Raises:
        FileError: The file of inputs is damaged, or its array does not fit the model.
        ModelError: The model cannot be read, or TFLite rejects it.
    """
    graph = read_tflite(model)
    if inputs_file is None:
        inputs = golden_inputs(graph, samples, seed)
    else:
        inputs = read_inputs(inputs_file, graph)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        np.savez(path, allow_pickle=False, **inputs)
        arguments = {
            "model": str(model),
            "inputs": str(path),
            "outputs": array_names("output", output_names(graph)),
            "out": str(out),
            "rounding": rounding,
        }
        worker.call("nas.quantization.tasks:make_golden", arguments, on_progress)
    return min(map(len, inputs.values()))
