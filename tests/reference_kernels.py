"""TFLite's reference kernels, asked in a process of their own so that tests stay light.

Run as a program it answers on stdout for each .tflite and .npy named on stdin.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent


def run_reference(
    folder: Path, cases: Sequence[tuple[bytes, Sequence[NDArray[Any]]]]
) -> list[NDArray[Any]]:
    """The first output of each (model, inputs), from the reference kernels."""
    for index, (model, inputs) in enumerate(cases):
        (folder / f"{index}.tflite").write_bytes(model)
        np.savez(folder / f"{index}.npz", *inputs)
    subprocess.run(
        [sys.executable, "-m", "tests.reference_kernels", str(folder), str(len(cases))],
        cwd=ROOT,
        check=True,
        timeout=1800,
        stderr=subprocess.DEVNULL,
    )
    return [np.load(folder / f"{index}.out.npy") for index in range(len(cases))]


def _answer(folder: Path, count: int) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    for index in range(count):
        path = str(folder / f"{index}.tflite")
        try:
            interpreter = Interpreter(
                model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
            )
        except ValueError:
            # ELU has one kernel, which is not registered among the reference kernels.
            interpreter = Interpreter(
                model_path=path,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
        interpreter.allocate_tensors()
        with np.load(folder / f"{index}.npz") as inputs:
            for detail, name in zip(interpreter.get_input_details(), inputs.files, strict=True):
                interpreter.set_tensor(detail["index"], inputs[name])
        interpreter.invoke()
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        np.save(folder / f"{index}.out.npy", output)


if __name__ == "__main__":
    _answer(Path(sys.argv[1]), int(sys.argv[2]))
