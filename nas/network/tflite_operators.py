"""Maps the operations of a network to TFLite operators and their options. Pure."""

from collections.abc import Mapping

from firmware.errors import ConfigError
from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    MaxPooling,
    Mean,
    Normalisation,
    Operation,
    Pair,
    Relu,
    Rescaling,
    Softmax,
)

Options = Mapping[str, int | float | str | bool]
_ACTIVATIONS = {None: "RELU", 6.0: "RELU6"}
"""TFLite's names of a ReLU, by its upper limit."""


def activation_name(relu: Relu) -> str:
    """TFLite's name of a ReLU.

    Raises:
        ConfigError: TFLite has no ReLU with this upper limit.
    """
    if relu.highest not in _ACTIVATIONS:
        raise ConfigError(f"a ReLU with the upper limit {relu.highest} has no int8 form; 6 has")
    return _ACTIVATIONS[relu.highest]


def tflite_operator(operation: Operation, activation: str) -> tuple[str, Options]:
    """The TFLite operator of an operation, and its options in the order of the schema."""
    fused = {"fused_activation_function": activation}
    if isinstance(operation, Rescaling):
        return "MUL", fused
    if isinstance(operation, Normalisation | Addition):
        return "ADD", {**fused, "pot_scale_int16": True}
    if isinstance(operation, Relu):
        return activation_name(operation), {}
    if isinstance(operation, Convolution):
        return "CONV_2D", {**_window(operation.stride, activation), "quantized_bias_type": 0}
    if isinstance(operation, DepthwiseConvolution):
        return "DEPTHWISE_CONV_2D", _window(operation.stride, activation, depth_multiplier=1)
    if isinstance(operation, MaxPooling | AveragePooling):
        kind = "MAX_POOL_2D" if isinstance(operation, MaxPooling) else "AVERAGE_POOL_2D"
        return kind, _pooling(operation.size)
    if isinstance(operation, Mean):
        return "MEAN", {"keep_dims": False}
    if isinstance(operation, Dense):
        return "FULLY_CONNECTED", {
            **fused,
            "weights_format": "DEFAULT",
            "keep_num_dims": False,
            "asymmetric_quantize_inputs": False,
            "quantized_bias_type": 0,
        }
    assert isinstance(operation, Softmax), f"{operation} has an operator of its own"
    return "SOFTMAX", {"beta": 1.0}


def _window(stride: Pair, activation: str, **after_strides: int) -> Options:
    return {
        "padding": "SAME",
        "stride_w": stride[1],
        "stride_h": stride[0],
        **after_strides,
        "fused_activation_function": activation,
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    }


def _pooling(size: Pair) -> Options:
    return {
        "padding": "VALID",
        "stride_w": size[1],
        "stride_h": size[0],
        "filter_width": size[1],
        "filter_height": size[0],
        "fused_activation_function": "NONE",
    }
