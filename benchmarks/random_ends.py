"""How random networks begin and end: inputs of each type, heads as classifiers have them."""

import numpy as np

from benchmarks.network_chain import SCALE, ZERO_POINT, Chain, weight_scale

MOST_CLASSES, MOST_HIDDEN = 33, 100
LOGIT_SCALES = (0.03, 0.3)
"""Lowest and highest scale of what goes into SOFTMAX."""
MOST_FLOATS = 1000
"""Of an input: the line to the board is slow."""


def random_start(chain: Chain) -> None:
    """Half of the networks take int8; others begin with a QUANTIZE of uint8 or float32."""
    draw = chain.rng.random()
    if draw >= 0.5:
        return
    uint8 = {"dtype": "uint8", "zero_points": [ZERO_POINT + 128]}
    float32 = {"dtype": "float32", "scales": [], "zero_points": []}
    is_float = draw < 0.25 and np.prod(chain.shape) <= MOST_FLOATS
    chain.model.tensors[chain.first] |= float32 if is_float else uint8
    chain.add("QUANTIZE", [], chain.shape)
    # As converters do: the same values, 128 apart.
    chain.model.tensors[chain.last] |= {"scales": [SCALE], "zero_points": [ZERO_POINT]}


def random_head(chain: Chain) -> None:
    """Classes from features: of the whole image, or here and there of each pixel."""
    if chain.rng.random() < 0.1 and chain.shape[3] <= MOST_CLASSES:
        _softmax(chain)
    else:
        _flatten(chain)
        if chain.rng.random() < 0.3:
            _product(chain, int(chain.rng.integers(4, MOST_HIDDEN)), is_relu=True)
        scale = float(np.float32(np.exp(chain.rng.uniform(*np.log(LOGIT_SCALES)))))
        _product(chain, int(chain.rng.integers(1, MOST_CLASSES)), is_relu=False, scale=scale)
        _activation(chain)
    _finish(chain)


def _flatten(chain: Chain) -> None:
    draw, (_, height, width, channels) = chain.rng.random(), chain.shape
    if draw < 0.4:
        axes = chain.model.constant(np.array([1, 2], np.int32))
        chain.add("MEAN", [axes], (1, channels), keep_dims=False)
        return
    if draw < 0.6:
        window = {"stride_h": 1, "stride_w": 1, "filter_height": height, "filter_width": width}
        chain.add("AVERAGE_POOL_2D", [], (1, 1, 1, channels), padding=1, **window)
    flat = int(np.prod(chain.shape))
    shape = chain.model.constant(np.array([1, flat], np.int32))
    chain.add("RESHAPE", [shape], (1, flat))


def _product(chain: Chain, outputs: int, is_relu: bool, scale: float = SCALE) -> None:
    """A matrix product, whose output spreads over what its scale can hold."""
    inputs = chain.shape[1]
    own = weight_scale(chain.rng, inputs) * scale / SCALE
    weights = chain.constant((outputs, inputs), own)
    biases = chain.rng.integers(-500, 500, outputs).astype(np.int32)
    constants = [weights, chain.model.constant(biases, chain.scale * own)]
    activation = {"fused_activation_function": int(is_relu)}
    chain.add("FULLY_CONNECTED", constants, (1, outputs), **activation)
    chain.model.tensors[chain.last]["scales"] = [scale]


def _activation(chain: Chain) -> None:
    draw = chain.rng.random()
    if draw < 0.7 and chain.shape[-1] > 1:
        _softmax(chain)
    elif draw < 0.85:
        chain.add("LOGISTIC", [], chain.shape)
        chain.model.tensors[chain.last] |= {"scales": [1 / 256], "zero_points": [-128]}


def _softmax(chain: Chain) -> None:
    chain.add("SOFTMAX", [], chain.shape, beta=1.0)
    chain.model.tensors[chain.last] |= {"scales": [1 / 256], "zero_points": [-128]}


def _finish(chain: Chain) -> None:
    """Two thirds of the networks give uint8 or float32."""
    tensor = chain.model.tensors[chain.last]
    scales, draw = tensor["scales"], chain.rng.random()
    if draw < 1 / 3:
        zero_point = tensor["zero_points"][0] + 128
        chain.add("QUANTIZE", [], chain.shape)
        uint8 = {"dtype": "uint8", "scales": scales, "zero_points": [zero_point]}
        chain.model.tensors[chain.last] |= uint8
    elif draw < 2 / 3:
        chain.add("DEQUANTIZE", [], chain.shape)
        float32 = {"dtype": "float32", "scales": [], "zero_points": []}
        chain.model.tensors[chain.last] |= float32
