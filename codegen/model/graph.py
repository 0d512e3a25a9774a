"""A neural network as data: tensors, operators, and their options. Pure.

The reader converts a .tflite to a graph, and the search lowers a candidate to a graph. The
planner, the estimator and the generator use only the graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod

import numpy as np
from numpy.typing import NDArray

ROUNDINGS = ("tflm", "litert")
"""Whose reference kernel it is. Of FULLY_CONNECTED, TFLite-Micro's rounds twice, LiteRT's once; of
SUM, LiteRT has none."""
ROUNDED_KINDS = ("FULLY_CONNECTED", "SUM")
"""The operators for which the two differ."""
DEFAULT_ROUNDING = "tflm"
"""The rounding of the runtimes on microcontrollers."""


class DType(StrEnum):
    """Element types that a model may hold, by their numpy names."""

    INT8 = "int8"
    UINT8 = "uint8"
    BOOL = "bool"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    OTHER = "other"
    """Any other type: it can be read, but no code is generated for it."""

    @property
    def size_bytes(self) -> int:
        """Bytes of one element; 1 for `OTHER`."""
        return 1 if self is DType.OTHER else np.dtype(self.value).itemsize


@dataclass(frozen=True, slots=True)
class Quantization:
    """real = scale · (stored − zero_point), per tensor or along one axis.

    Attributes:
        scales: One, or as many as the tensor has elements along `axis`.
        zero_points: As many as `scales`.
        axis: Dimension along which the scales lie; 0 if there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def scale(self) -> float:
        """The scale of a tensor that has only one."""
        assert len(self.scales) == 1
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor that has only one."""
        return self.zero_points[0]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor of the graph.

    Attributes:
        name: As in the file; may be empty.
        shape: Row-major dimensions, (n, h, w, c) for images; () for a scalar.
        dtype: Type of the elements.
        is_constant: True for weights and other data in flash.
        quantization: None if there is none, or if it is not known yet.
        data: The elements of a constant, in `shape`; None if they are not known yet.
        expected_scales: Number of scales that the quantization will have, if it is not known yet.
        is_state: True if it keeps its values between inferences, or if no operator writes it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    is_constant: bool = False
    quantization: Quantization | None = None
    data: NDArray[np.generic] | None = None
    expected_scales: int = 0
    is_state: bool = False

    @property
    def scale_count(self) -> int:
        """Number of scales in the file: none, one, or one for each channel."""
        return len(self.quantization.scales) if self.quantization else self.expected_scales

    @property
    def element_count(self) -> int:
        """Number of elements; 1 for a scalar."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that the elements occupy."""
        return self.element_count * self.dtype.size_bytes


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: TFLite's name, its tensors by index, its options.

    Attributes:
        kind: Name of TFLite's builtin operator, such as `CONV_2D`; `CUSTOM 'name'` for another.
        inputs: Indices into `Graph.tensors`, in TFLite's order; −1 for an absent optional one.
        outputs: Indices into `Graph.tensors`.
        options: TFLite's options by their schema names in snake case; enumerations by name, such as
            `{"padding": "SAME", "stride_h": 1, "fused_activation_function": "RELU"}`.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, int | float | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: operators in the order in which they run.

    Attributes:
        tensors: All tensors, including constants.
        operators: In execution order.
        inputs: Indices of the tensors that the caller fills.
        outputs: Indices of the tensors that the caller reads.
        subgraph_count: Number of subgraphs in the file; this is the first.
        rounding: One of `ROUNDINGS`: the rounding of `ROUNDED_KINDS`.
        port_names: Names of inputs and outputs in the file, by tensor; those that have none lack.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraph_count: int = 1
    rounding: str = DEFAULT_ROUNDING
    port_names: Mapping[int, str] = field(default_factory=dict)

    def inputs_of(self, operator: Operator) -> tuple[Tensor, ...]:
        """The tensors that an operator reads, absent ones left out."""
        return tuple(self.tensors[i] for i in operator.inputs if i >= 0)

    def outputs_of(self, operator: Operator) -> tuple[Tensor, ...]:
        """The tensors that an operator writes."""
        return tuple(self.tensors[i] for i in operator.outputs)
