"""TFLite's interpreter from the LiteRT package, without TensorFlow. Only for workers."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.model.model_file import check_is_tflite
from codegen.model.repair_tflite import with_possible_dimensions
from firmware.errors import ModelError

_MOST_CHARACTERS = 300


def told_once(text: str) -> str:
    """The lines of an error in one line, without repetitions for other tensors."""
    lines: dict[str, str] = {}
    for part in re.split(r"\.(?=Tensor |quantized_dimension)|\n", text):
        line = part.strip(" .")
        lines.setdefault(re.sub(r"\d+", "#", line), line)
    told = "; ".join(filter(None, lines.values()))
    return told if len(told) <= _MOST_CHARACTERS else f"{told[:_MOST_CHARACTERS]} …"


class Interpreter:
    """Runs a model on one thread.

    Args:
        content: The bytes of the .tflite.
        is_reference: Use the reference kernels, which define the correct outputs, instead of the
            optimised ones.

    Raises:
        ModelError: TFLite rejects the model.
    """

    def __init__(self, content: bytes, is_reference: bool) -> None:
        from ai_edge_litert import interpreter as litert

        check_is_tflite(content)
        kernels = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        if is_reference:
            kernels = litert.OpResolverType.BUILTIN_REF
        try:
            self._interpreter: Any = litert.Interpreter(
                model_content=with_possible_dimensions(content),
                experimental_op_resolver_type=kernels,
                num_threads=1,
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"TFLite rejects the model: {told_once(str(error))}") from error
        self._inputs = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()

    @property
    def input_type(self) -> type[np.generic]:
        """Element type of the first input."""
        found: type[np.generic] = self._inputs[0]["dtype"]
        return found

    @property
    def input_quantization(self) -> tuple[float, int]:
        """Scale and zero point of the first input."""
        scale, zero_point = self._inputs[0]["quantization"]
        return float(scale), int(zero_point)

    def answer(self, sample: NDArray[Any]) -> NDArray[Any]:
        """The first output for the only input, both without the batch."""
        return self.answers([sample])[0]

    def answers(self, samples: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs for one sample of each input, without the batch.

        An output whose first dimension is not 1, as FULLY_CONNECTED makes it of several vectors,
        has no batch and stays whole.
        """
        for own, sample in zip(self._inputs, samples, strict=True):
            self._interpreter.set_tensor(own["index"], sample[np.newaxis])
        self._interpreter.invoke()
        outputs = [self._interpreter.get_tensor(own["index"]) for own in self._outputs]
        return [own[0] if own.shape[:1] == (1,) else own for own in outputs]
