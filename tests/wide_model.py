"""An int8 network with seeded weights that needs more RAM than the smaller virtual board has."""

import numpy as np

from benchmarks.tflite_builder import ModelBuilder

SIDE, CHANNELS = 56, 64
WHOLE_TENSOR_BYTES = SIDE * SIDE * CHANNELS
"""200,704 bytes, which no row-by-row order avoids: the gate needs the mean of the whole tensor."""


def wide_model(seed: int = 0) -> bytes:
    """A convolution whose channels are scaled by a gate that is made of their means; 4 classes."""
    rng = np.random.default_rng(seed)
    builder = ModelBuilder()
    image = builder.activation((1, SIDE, SIDE, 3), 1 / 255, -128)
    features = builder.activation((1, SIDE, SIDE, CHANNELS), 0.02, -128)
    means = builder.activation((1, 1, 1, CHANNELS), 0.01, -128)
    excited = builder.activation((1, 1, 1, CHANNELS), 0.05, 0)
    gate = builder.activation((1, 1, 1, CHANNELS), 1 / 256, -128)
    scaled = builder.activation((1, SIDE, SIDE, CHANNELS), 0.015, -128)
    pooled = builder.activation((1, CHANNELS), 0.01, -128)
    output = builder.activation((1, 4), 0.05, 3)

    def weights(shape: tuple[int, ...], scale: float) -> int:
        return builder.constant(rng.integers(-127, 128, shape).astype(np.int8), scale)

    def biases(count: int, scale: float) -> int:
        return builder.constant(rng.integers(-500, 500, count).astype(np.int32), scale)

    axes = builder.constant(np.asarray([1, 2], np.int32))
    strides = {"padding": 0, "stride_w": 1, "stride_h": 1}
    dilations = {"dilation_w_factor": 1, "dilation_h_factor": 1}
    kernels = [weights((CHANNELS, 3, 3, 3), 0.005), biases(CHANNELS, 0.005 / 255)]
    relu = {"fused_activation_function": 1}
    builder.operator("CONV_2D", [image, *kernels], features, **strides, **dilations, **relu)
    builder.operator("MEAN", [features, axes], means, keep_dims=True)
    mixing = [weights((CHANNELS, 1, 1, CHANNELS), 0.01), biases(CHANNELS, 0.01 * 0.01)]
    builder.operator("CONV_2D", [means, *mixing], excited, **strides, **dilations)
    builder.operator("LOGISTIC", [excited], gate)
    builder.operator("MUL", [features, gate], scaled)
    builder.operator("MEAN", [scaled, axes], pooled, keep_dims=False)
    deciding = [weights((4, CHANNELS), 0.01), biases(4, 0.01 * 0.01)]
    builder.operator("FULLY_CONNECTED", [pooled, *deciding], output)
    return builder.build([image], [output])
