"""Networks of every kind of node, at random: skips, strides, branches. Pure."""

from typing import TypeVar

import numpy as np

from nas.network.builder import NetworkBuilder
from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    MaxPooling,
    Mean,
    Network,
    Normalisation,
    Operation,
    Relu,
    Shape,
    Softmax,
)

T = TypeVar("T")
_KERNELS = ((1, 1), (3, 3), (3, 3), (5, 5), (7, 7), (1, 3), (5, 1), (1, 7))
_STRIDES = ((1, 1), (1, 1), (2, 2), (1, 2), (3, 2))
_EVEN_STRIDES = ((1, 1), (1, 1), (2, 2))
"""TensorFlow's depthwise convolution has no others."""
_WINDOWS = ((2, 2), (3, 3), (2, 1), (1, 3))


def random_network(seed: int, classes: int, nodes: int = 14) -> Network:
    """A network of about so many nodes, and the classifier, without dropout."""
    return _Generator(np.random.default_rng(seed)).make(classes, nodes)


class _Generator:
    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        height, width, channels = (int(n) for n in rng.integers((9, 9, 1), (21, 21, 4)))
        self._build = NetworkBuilder((height, width, channels))
        self._shapes: list[Shape] = [(height, width, channels)]
        self._unread = {0}
        self._first = 0
        if rng.random() < 0.3:
            self._first = self._build.rescale()
            self._shapes.append(self._shapes[0])
            self._unread = {self._first}

    def make(self, classes: int, nodes: int) -> Network:
        while len(self._shapes) < nodes:
            # Rather what is new than what is old, so that the network gets deep as well as wide.
            source = len(self._shapes) - 1 - int(self._rng.geometric(0.6) - 1)
            self._extend(max(source, self._first))
        ends = []
        for index in sorted(self._unread):
            mean = self._append(Mean(), (1, 1, self._shapes[index][2]), index)
            ends.append(self._append(Convolution(5, (1, 1)), (1, 1, 5), mean))
        x = ends[0]
        for other in ends[1:]:
            x = self._append(Addition(), (1, 1, 5), x, other)
        x = self._append(Dense(classes), (1, 1, classes), x)
        self._append(Softmax(), (1, 1, classes), x)
        return self._network

    def _append(self, operation: Operation, shape: Shape, *inputs: int) -> int:
        index = self._build.append(operation, *inputs)
        self._shapes.append(shape)
        self._unread = self._unread - set(inputs) | {index}
        return index

    def _extend(self, source: int) -> None:
        """One or two nodes that read one."""
        shape, rng = self._shapes[source], self._rng
        kind = rng.choice(["convolution", "depthwise", "relu", "addition", "pooling"])
        if kind in ("convolution", "depthwise"):
            self._convolve(source, is_full=kind == "convolution")
        elif kind == "relu":
            self._append(Relu(_pick(rng, (None, 1.0, 6.0))), shape, source)
        elif kind == "addition":
            alike = [i for i, own in enumerate(self._shapes) if own == shape and i >= self._first]
            self._append(Addition(), shape, source, int(rng.choice(alike)))
        else:
            height, width = _pick(rng, _WINDOWS)
            if shape[0] >= height and shape[1] >= width:
                operation = _pick(rng, (MaxPooling, AveragePooling))((height, width))
                self._append(operation, (shape[0] // height, shape[1] // width, shape[2]), source)

    def _convolve(self, source: int, is_full: bool) -> None:
        (height, width, channels), rng = self._shapes[source], self._rng
        kernel, has_bias = _pick(rng, _KERNELS), bool(rng.random() < 0.5)
        stride = _pick(rng, _STRIDES if is_full else _EVEN_STRIDES)
        operation: Operation = DepthwiseConvolution(kernel, stride, has_bias)
        if is_full:
            channels = int(rng.integers(1, 10))
            operation = Convolution(channels, kernel, stride, has_bias)
        shape = -(-height // stride[0]), -(-width // stride[1]), channels
        index = self._append(operation, shape, source)
        # Of few pixels the variance is small, and rounding large beside it.
        if shape[0] * shape[1] > 4 and rng.random() < 0.6:
            self._append(Normalisation(), shape, index)

    @property
    def _network(self) -> Network:
        return Network(tuple(self._build._nodes))


def _pick(rng: np.random.Generator, choices: tuple[T, ...]) -> T:
    return choices[int(rng.integers(len(choices)))]
