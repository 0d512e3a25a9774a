"""MIRROR_PAD: an image reflected at its borders. Pure."""

from math import prod

import numpy as np

from codegen.model.graph import Graph, Operator
from codegen.operators.kernel_call import KernelCall
from codegen.operators.macc import no_macc
from codegen.operators.memory import OWN_BYTES
from codegen.operators.pad import RANK, check_padded
from codegen.operators.rows import not_by_rows
from codegen.operators.support import OperatorSupport, check_output_shape, data_of

_SKIPPED = {"REFLECT": 1, "SYMMETRIC": 0}
"""Elements at the border that are not repeated. Source: TFLite, MIRROR_PAD."""


def _mode(operator: Operator) -> str:
    return str(operator.options.get("mode", "REFLECT"))


def _check(graph: Graph, operator: Operator) -> list[str]:
    image, paddings = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    reasons = check_padded(graph, operator)
    if _mode(operator) not in _SKIPPED:
        reasons.append(f"with mode {_mode(operator)}")
    if reasons or paddings.data is None:
        return reasons
    amounts = np.asarray(paddings.data, np.int64)
    most = np.array(image.shape) - _SKIPPED[_mode(operator)]
    is_batch_padded = len(image.shape) == RANK and (image.shape[0] != 1 or amounts[0].any())
    if amounts.min() < 0 or np.any(amounts > most[:, np.newaxis]) or is_batch_padded:
        return [f"by {amounts.tolist()}"]
    return check_output_shape(output, (np.asarray(image.shape) + amounts.sum(axis=1)).tolist())


def _lower(graph: Graph, operator: Operator) -> KernelCall:
    """Channels that are not padded are runs of neighbours."""
    image, paddings = graph.inputs_of(operator)
    (output,) = graph.outputs_of(operator)
    before = np.asarray(data_of(paddings), np.int64)[:, 0].tolist()
    keeps_channels = image.shape[-1:] == output.shape[-1:]
    end = len(image.shape) - keeps_channels
    fields = {"counts": output.shape, "sizes": image.shape, "before": tuple(before)}
    params: list[tuple[str, int]] = []
    for name, numbers in fields.items():
        missing = (0 if name == "before" else 1,) * (RANK - 1)
        own = (*missing, *numbers[:end])[-(RANK - 1) :]
        params += [(f"{name}[{index}]", number) for index, number in enumerate(own)]
    return KernelCall(
        function="nn_mirror_pad_s8",
        header="nn/mirror_pad.h",
        params_type="nn_mirror_pad_params",
        params=(
            *params,
            ("run_bytes", prod(image.shape[end:])),
            ("skipped", _SKIPPED[_mode(operator)]),
        ),
        constants=(),
        inputs=operator.inputs[:1],
        output=operator.outputs[0],
    )


MIRROR_PAD = OperatorSupport(_check, _lower, not_by_rows, (2,), OWN_BYTES, no_macc)
