"""Counts the work of kernels that pad. Pure."""

from codegen.costs.convolution_work import Work
from codegen.model.graph import Graph, Operator
from codegen.operators.pad import pads_channels


def pad_work(graph: Graph, operator: Operator) -> tuple[str, Work]:
    """Of PAD and PADV2: by rows, or by pixels where channels are added."""
    if pads_channels(graph, operator):
        return "PAD channels", _pad_channels(graph, operator)
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    return "PAD", {
        "rows": image.shape[1] if len(image.shape) == 4 else 1,
        "copied": image.size_bytes,
        "filled": output.size_bytes - image.size_bytes,
    }


def _pad_channels(graph: Graph, operator: Operator) -> Work:
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    return {
        "pixels": image.element_count // max(image.shape[-1], 1),
        "copied": image.size_bytes,
        "filled": output.size_bytes,
    }


def mirrored_work(graph: Graph, operator: Operator) -> Work:
    """Runs of bytes that are neighbours in the input; a run is a pixel, or a byte of one."""
    image, output = graph.inputs_of(operator)[0], graph.outputs_of(operator)[0]
    run_bytes = image.shape[-1] if image.shape[-1] == output.shape[-1] else 1
    return {"runs": output.size_bytes // run_bytes, "bytes": output.size_bytes}
