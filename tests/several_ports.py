"""Models with several inputs and outputs, for tests."""

import numpy as np

from benchmarks.tflite_builder import ModelBuilder

NAMES = ("Left eye", "right", "level"), ("sum", "class", "real", "input_2")
"""Of the inputs and the outputs, in their order in the file."""


def several_ports(seed: int, has_names: bool = True) -> bytes:
    """Three inputs, two in 8 bits and one in float32, and four outputs of every type.

    One output is read by operators, too; one input is only read by the last operator; the order of
    the outputs is not that in which they are computed.
    """
    rng = np.random.default_rng(seed)
    shape = (1, *(int(size) for size in rng.integers(3, 8, 2)), 3)
    model = ModelBuilder()
    left = model.activation(shape, 0.05, 3)
    right = model.activation(shape, 0.04, 130, "uint8")
    level = model.activation((1, 3), None, 0, "float32")
    stored = model.activation(shape, 0.04, 2)
    model.operator("QUANTIZE", [right], stored)
    total = model.activation(shape, 0.08, -5)
    model.operator("ADD", [left, stored], total)
    mean = model.activation((1, 3), 0.03, -2)
    axes = model.constant(np.array([1, 2], np.int32))
    model.operator("MEAN", [total, axes], mean, keep_dims=False)
    quantized = model.activation((1, 3), 0.02, 7)
    model.operator("QUANTIZE", [level], quantized)
    product = model.activation((1, 3), 0.01, 4)
    model.operator("MUL", [mean, quantized], product)
    softmax = model.activation((1, 3), 1 / 256, -128)
    model.operator("SOFTMAX", [product], softmax, beta=1.0)
    real = model.activation((1, 3), None, 0, "float32")
    model.operator("DEQUANTIZE", [product], real)
    unsigned = model.activation(shape, 0.08, 123, "uint8")
    model.operator("QUANTIZE", [total], unsigned)
    inputs, outputs = (left, right, level), (total, softmax, real, unsigned)
    names = dict(zip((*inputs, *outputs), (*NAMES[0], *NAMES[1]), strict=True))
    return model.build(inputs, outputs, names if has_names else None)


def random_ports(seed: int) -> bytes:
    """Sums of one to four inputs, and one to four outputs."""
    rng = np.random.default_rng([seed, 4])
    model, shape = ModelBuilder(), tuple(int(n) for n in rng.integers((1, 2, 2, 1), (2, 9, 9, 9)))
    inputs = [model.activation(shape, 0.05, 3) for _ in range(int(rng.integers(1, 5)))]
    outputs: list[int] = []
    for number in range(len(inputs) + int(rng.integers(4))):
        output = model.activation(shape, 0.05, number)
        first = outputs[-1] if outputs else inputs[0]
        model.operator("ADD", [first, inputs[number % len(inputs)]], output)
        outputs.append(output)
    return model.build(inputs, outputs[len(inputs) - 1 :])
