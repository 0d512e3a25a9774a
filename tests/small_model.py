"""A small int8 network with seeded weights, made without TensorFlow."""

import numpy as np

from benchmarks.tflite_builder import ModelBuilder


def small_model(seed: int = 0, bias_axis: int = 0) -> bytes:
    """Convolution, pooling, mean, matrix product and softmax on 6×6×2 images of 3 classes.

    Args:
        seed: Of the weights.
        bias_axis: Dimension along which the scales of the biases are said to lie.
    """
    rng = np.random.default_rng(seed)
    builder = ModelBuilder()
    image = builder.activation((1, 6, 6, 2), 1 / 255, -128)
    features = builder.activation((1, 6, 6, 4), 0.02, -128)
    pooled = builder.activation((1, 3, 3, 4), 0.02, -128)
    mean = builder.activation((1, 4), 0.015, -128)
    logits = builder.activation((1, 3), 0.05, 3)
    output = builder.activation((1, 3), 1 / 256, -128)
    kernels = builder.constant(
        rng.integers(-127, 128, (4, 3, 3, 2)).astype(np.int8), [0.004, 0.005, 0.006, 0.007]
    )
    biases = builder.constant(
        rng.integers(-500, 500, 4).astype(np.int32),
        [s / 255 for s in (0.004, 0.005, 0.006, 0.007)],
        axis=bias_axis,
    )
    axes = builder.constant(np.asarray([1, 2], np.int32))
    weights = builder.constant(rng.integers(-127, 128, (3, 4)).astype(np.int8), 0.01)
    offsets = builder.constant(rng.integers(-500, 500, 3).astype(np.int32), 0.01 * 0.015)
    builder.operator(
        "CONV_2D",
        [image, kernels, biases],
        features,
        padding=0,
        stride_w=1,
        stride_h=1,
        dilation_w_factor=1,
        dilation_h_factor=1,
        fused_activation_function=1,
    )
    builder.operator(
        "MAX_POOL_2D",
        [features],
        pooled,
        padding=1,
        stride_w=2,
        stride_h=2,
        filter_width=2,
        filter_height=2,
    )
    builder.operator("MEAN", [pooled, axes], mean, keep_dims=False)
    builder.operator("FULLY_CONNECTED", [mean, weights, offsets], logits)
    builder.operator("SOFTMAX", [logits], output, beta=1.0)
    return builder.build([image], [output])
