"""Sizes of the structures that TensorFlow Lite Micro keeps in its arena. Pure data.

Source: `sizeof` and `alignof` of each type in the library's headers (August 2026, except where
another release is named), with `TF_LITE_STATIC_MEMORY`: compiled by GCC 12 for x86-64, and by
arm-none-eabi-gcc 12.2 for a Cortex-M4, whose ABI has pointers of 4 bytes and enumerations as short
as their values allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Struct:
    """Size and alignment of a type in bytes."""

    size: int
    alignment: int


@dataclass(frozen=True, slots=True)
class Build:
    """How the library was built, as far as its arena depends on it.

    Attributes:
        name: Name in reports.
        pointer_bytes: 4 on a Cortex-M, 8 on a PC.
        kernels: `cmsis-nn` or `reference`.
        changes: Structures that have another size in this build than in the tables below.
        is_of_2023: Whether the kernels request the buffers of 2023; `kernels.py` tells which.
    """

    name: str
    pointer_bytes: int
    kernels: str
    changes: Mapping[str, Struct] = field(default_factory=dict)
    is_of_2023: bool = False

    @property
    def has_cmsis_nn(self) -> bool:
        """Whether the kernels are those of CMSIS-NN for a core with the DSP extension."""
        return self.kernels == "cmsis-nn"


MCU = Build("mcu", pointer_bytes=4, kernels="cmsis-nn")
"""The build for a Cortex-M4."""
_OF_2023 = {
    "CONV_2D options": Struct(24, 4),
    "FULLY_CONNECTED options": Struct(4, 1),
    "STRIDED_SLICE options": Struct(20, 4),
    "FULLY_CONNECTED data": Struct(60, 4),
    "MEAN data": Struct(40, 4),
    "REDUCE_MAX data": Struct(40, 4),
    "REDUCE_MIN data": Struct(40, 4),
    "RELU6 data": Struct(2, 1),
    "SUM data": Struct(40, 4),
}
DOWNLOADED = Build("downloaded", 4, "cmsis-nn", _OF_2023, is_of_2023=True)
"""The same of the release that `codegen.tflm.library` pins: that of February 2023."""

_RECORDING = {
    "SingleArenaBufferAllocator": Struct(104, 8),
    "MicroAllocator": Struct(248, 8),
}
_WITH_COMPRESSION = {
    "SubgraphAllocations": Struct(24, 8),
    "CONCATENATION data": Struct(80, 8),
    "CONV_2D data": Struct(80, 8),
    "DEPTHWISE_CONV_2D data": Struct(80, 8),
    "FULLY_CONNECTED data": Struct(72, 8),
    "FULLY_CONNECTED options": Struct(32, 8),
}
WHEEL = Build("wheel", 8, "reference", _WITH_COMPRESSION)
"""The interpreter in PyPI's tflite-micro (October 2026), built with tensor compression."""
RECORDING_WHEEL = Build(
    "recording wheel",
    8,
    "reference",
    _RECORDING | _WITH_COMPRESSION | {"MicroAllocator": Struct(272, 8)},
)
"""The same with its recording allocator, the only one that reports its use."""
PUBLISHED = Build(
    "published",
    8,
    "reference",
    _RECORDING | {"NodeAndRegistration": Struct(88, 8), "TfLiteTensor": Struct(112, 8)},
)
"""A PC program built without `TF_LITE_STATIC_MEMORY`, recording: what the literature quotes."""


_POINTERS = {4: 0, 8: 1}
_BOOKKEEPING = {
    # name: (size, alignment) with pointers of 4 bytes, then of 8
    "SingleArenaBufferAllocator": (Struct(36, 4), Struct(72, 8)),
    "GreedyMemoryPlanner": (Struct(44, 4), Struct(72, 8)),
    "MicroAllocator": (Struct(36, 4), Struct(72, 8)),
    "MicroBuiltinDataAllocator": (Struct(8, 4), Struct(16, 8)),
    "SubgraphAllocations": (Struct(8, 4), Struct(16, 8)),
    "TfLiteEvalTensor": (Struct(12, 4), Struct(24, 8)),
    "NodeAndRegistration": (Struct(32, 4), Struct(64, 8)),
    "TfLiteTensor": (Struct(32, 4), Struct(64, 8)),
    "TfLiteAffineQuantization": (Struct(12, 4), Struct(24, 8)),
    "ScratchBufferHandle": (Struct(4, 4), Struct(8, 8)),
    "ScratchBufferRequest": (Struct(12, 4), Struct(16, 8)),
    "AllocationInfo": (Struct(24, 4), Struct(32, 8)),
}
_OPTIONS = {
    "ADD": (Struct(2, 1), Struct(8, 4)),
    "ARG_MAX": (Struct(1, 1), Struct(4, 4)),
    "ARG_MIN": (Struct(1, 1), Struct(4, 4)),
    "AVERAGE_POOL_2D": (Struct(40, 4), Struct(40, 4)),
    "CAST": (Struct(2, 1), Struct(8, 4)),
    "CONCATENATION": (Struct(8, 4), Struct(8, 4)),
    "CONV_2D": (Struct(28, 4), Struct(28, 4)),
    "DEPTHWISE_CONV_2D": (Struct(28, 4), Struct(28, 4)),
    "DEPTH_TO_SPACE": (Struct(4, 4), Struct(4, 4)),
    "FULLY_CONNECTED": (Struct(5, 1), Struct(16, 4)),
    "GATHER": (Struct(8, 4), Struct(8, 4)),
    "L2_NORMALIZATION": (Struct(1, 1), Struct(4, 4)),
    "LEAKY_RELU": (Struct(4, 4), Struct(4, 4)),
    "MAX_POOL_2D": (Struct(40, 4), Struct(40, 4)),
    "MEAN": (Struct(1, 1), Struct(1, 1)),
    "MUL": (Struct(1, 1), Struct(4, 4)),
    "PACK": (Struct(8, 4), Struct(8, 4)),
    "REDUCE_MAX": (Struct(1, 1), Struct(1, 1)),
    "REDUCE_MIN": (Struct(1, 1), Struct(1, 1)),
    "RESHAPE": (Struct(36, 4), Struct(36, 4)),
    "RESIZE_BILINEAR": (Struct(2, 1), Struct(2, 1)),
    "RESIZE_NEAREST_NEIGHBOR": (Struct(2, 1), Struct(2, 1)),
    "SHAPE": (Struct(1, 1), Struct(4, 4)),
    "SOFTMAX": (Struct(4, 4), Struct(4, 4)),
    "SPACE_TO_DEPTH": (Struct(4, 4), Struct(4, 4)),
    "SPLIT": (Struct(4, 4), Struct(4, 4)),
    "SPLIT_V": (Struct(4, 4), Struct(4, 4)),
    "SQUEEZE": (Struct(36, 4), Struct(36, 4)),
    "STRIDED_SLICE": (Struct(24, 4), Struct(24, 4)),
    "SUB": (Struct(2, 1), Struct(8, 4)),
    "SUM": (Struct(1, 1), Struct(1, 1)),
    "UNPACK": (Struct(8, 4), Struct(8, 4)),
}
_OPERATOR_DATA = {
    # bytes that a kernel's Init keeps: reference kernel with pointers of 4 and 8, then CMSIS-NN's
    "ADD": ((60, 60), (60, 60)),
    "AVERAGE_POOL_2D": ((32, 32), (36, 36)),
    "CONCATENATION": ((24, 40), (24, 40)),
    "CONV_2D": ((56, 72), (60, 80)),
    "DEPTHWISE_CONV_2D": ((56, 72), (60, 80)),
    "DEQUANTIZE": ((32, 32), (32, 32)),
    "FULLY_CONNECTED": ((48, 64), (72, 96)),
    "HARD_SWISH": ((20, 20), (20, 20)),
    "L2_NORMALIZATION": ((4, 4), (4, 4)),
    "LEAKY_RELU": ((24, 24), (24, 24)),
    "LOGISTIC": ((16, 16), (16, 16)),
    "MAX_POOL_2D": ((32, 32), (36, 36)),
    "MEAN": ((44, 44), (44, 44)),
    "MUL": ((36, 36), (36, 36)),
    "PAD": ((56, 56), (56, 56)),
    "PADV2": ((56, 56), (56, 56)),
    "PRELU": ((28, 28), (28, 28)),
    "QUANTIZE": ((32, 32), (32, 32)),
    "REDUCE_MAX": ((44, 44), (44, 44)),
    "REDUCE_MIN": ((44, 44), (44, 44)),
    "RELU": ((28, 28), (28, 28)),
    "RELU6": ((8, 8), (8, 8)),
    "SOFTMAX": ((56, 80), (64, 88)),
    "STRIDED_SLICE": ((84, 84), (84, 84)),
    "SUB": ((52, 52), (52, 52)),
    "SUM": ((44, 44), (44, 44)),
    "TANH": ((16, 16), (16, 16)),
}
PLANNER_BYTES_PER_BUFFER = 40
"""Bytes of the greedy planner for each buffer while it plans."""
REQUESTS_IN_RESERVE = 12
"""Number of scratch requests for which space is reserved while a kernel prepares."""


def bookkeeping(name: str, build: Build) -> Struct:
    """Size and alignment of one of the interpreter's own structures."""
    return build.changes.get(name) or _BOOKKEEPING[name][_POINTERS[build.pointer_bytes]]


def options_of(kind: str, build: Build) -> Struct | None:
    """Size of the parsed options of an operator; None if it has none."""
    pair = _OPTIONS.get(kind)
    if pair is None:
        return None
    return build.changes.get(f"{kind} options") or pair[_POINTERS[build.pointer_bytes]]


def operator_data_bytes(kind: str, build: Build) -> int:
    """Bytes that the kernel of an operator keeps after its Init; 0 if none."""
    both = _OPERATOR_DATA.get(kind)
    if both is None:
        return 0
    changed = build.changes.get(f"{kind} data")
    return changed.size if changed else both[build.has_cmsis_nn][_POINTERS[build.pointer_bytes]]
