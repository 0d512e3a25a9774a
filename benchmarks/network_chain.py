"""Networks in the making: operators one after the other, weights whose sums fit their output."""

import numpy as np

from benchmarks.tflite_builder import ModelBuilder

MOST_BYTES = 12_000
SCALE, ZERO_POINT = 0.0613, -8
"""Of most activations; no power of two, with which divisions would be fast."""
RELU_ZERO_POINT = -128
"""After a fused RELU: the activation then takes no instruction of its own, as in real networks."""
KEEPING = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "PAD", "RESHAPE")
"""Operators whose output must have the scale and zero point of their input."""
Shape = tuple[int, ...]


class Chain:
    """A network in the making: operators one after the other."""

    def __init__(self, rng: np.random.Generator, shape: Shape) -> None:
        self.rng = rng
        self.model = ModelBuilder()
        self.shape = shape
        self.first = self.last = self.model.activation(shape, SCALE, ZERO_POINT)

    @property
    def scale(self) -> float:
        """Of what is last."""
        return float(self.model.tensors[self.last]["scales"][0])

    def constant(self, shape: Shape, scale: float) -> int:
        """Add random int8 values of one scale; gives their index."""
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        return self.model.constant(values, scale)

    def add(self, kind: str, more: list[int], shape: Shape, **options: int | float | bool) -> None:
        """Append an operator on what is last, with a scale of its own unless it keeps its input's.

        Scales differ, since factors above 1/2 and below take different paths.
        """
        scale, zero_point = float(np.float32(SCALE * self.rng.choice([1, 1, 0.6, 1.7]))), ZERO_POINT
        if kind in KEEPING:
            scale, zero_point = self.scale, self.model.tensors[self.last]["zero_points"][0]
        elif options.get("fused_activation_function") == 1:
            zero_point = RELU_ZERO_POINT
        output = self.model.activation(shape, scale, zero_point)
        self.model.operator(kind, [self.last, *more], output, **options)
        self.last, self.shape = output, shape

    def window(self, kernel: tuple[int, int], strides: tuple[int, int], padding: int) -> Shape:
        """Height and width after a window has moved over the image; 0 where it does not fit."""
        sizes = zip(self.shape[1:3], kernel, strides, strict=True)
        return tuple(
            -(-size // s) if padding == 0 else max(0, -(-(size - k + 1) // s))
            for size, k, s in sizes
        )


def weights_of(chain: Chain, shape: Shape, axis: int) -> list[int]:
    """Random weights, with a scale for each output channel along `axis`, and biases."""
    count = shape[axis]
    rng = chain.rng
    taps = int(np.prod(shape)) // count
    scales = [weight_scale(rng, taps) for _ in range(count)]
    weights = chain.model.constant(
        rng.integers(-127, 128, shape).astype(np.int8), scales, axis=axis
    )
    biases = rng.integers(-500, 500, count).astype(np.int32)
    return [weights, chain.model.constant(biases, [chain.scale * s for s in scales])]


def weight_scale(rng: np.random.Generator, taps: int) -> float:
    """A scale at which sums of so many products spread over the output's range."""
    return float(np.float32(rng.uniform(0.004, 0.016) / np.sqrt(taps)))
