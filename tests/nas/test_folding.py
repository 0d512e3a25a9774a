import numpy as np
import pytest

from nas.folding import fold_layers
from nas.layers import Kind, Layer, initial_parameters
from nas.trainer.network import Network

SHAPE = (6, 5, 3)


def parameters_of(layers: list[Layer]) -> np.ndarray:
    """Random parameters; variances among them, so all are positive."""
    rng = np.random.default_rng(3)
    parameters = initial_parameters(layers, SHAPE[2], 0)
    return parameters + rng.uniform(0, 0.5, parameters.shape).astype(np.float32)


@pytest.mark.parametrize("has_bias", [False, True])
def test_a_folded_convolution_gives_what_convolution_and_normalisation_gave(has_bias: bool) -> None:
    convolution = Layer(Kind.CONVOLUTION, 4, 3, has_bias)
    tail = [Layer(Kind.RELU), Layer(Kind.MEAN), Layer(Kind.DENSE, 2)]
    layers = [convolution, Layer(Kind.BATCH_NORM), *tail]
    parameters = parameters_of(layers)
    images = np.random.default_rng(0).integers(0, 256, (16, *SHAPE)).astype(np.uint8)
    kernels, dense = fold_layers(layers, parameters, SHAPE[2])
    without = [Layer(Kind.CONVOLUTION, 4, 3), *tail]
    # The trainer has the output channels last, TFLite first.
    parts = (np.moveaxis(kernels.kernels, 0, -1), kernels.biases, dense.kernels.T, dense.biases)
    flat = np.concatenate([part.ravel() for part in parts])
    with Network(layers, SHAPE) as whole, Network(without, SHAPE) as folded:
        expected = whole.predict(parameters, images)
        np.testing.assert_allclose(folded.predict(flat, images), expected, atol=1e-6)


def test_weights_lie_as_tflite_lays_them() -> None:
    layers = [
        Layer(Kind.DEPTHWISE, size=3, has_bias=False),
        Layer(Kind.BATCH_NORM),
        Layer(Kind.CONVOLUTION, 7, 1, has_bias=False),
        Layer(Kind.BATCH_NORM),
        Layer(Kind.MEAN),
        Layer(Kind.DENSE, 2),
    ]
    depthwise, pointwise, dense = fold_layers(layers, parameters_of(layers), 3)
    assert depthwise.kernels.shape == (1, 3, 3, 3)
    assert depthwise.channel_axis == 3
    assert pointwise.kernels.shape == (7, 1, 1, 3)
    assert dense.kernels.shape == (2, 7)
    assert [len(own.biases) for own in (depthwise, pointwise, dense)] == [3, 7, 2]


def test_a_fold_by_hand() -> None:
    """Weight 2, gamma 3, beta 1, mean 5, variance 4 - 0.001: 2·3/2 = 3 and 1 - 5·3/2 = -6.5."""
    layers = [
        Layer(Kind.CONVOLUTION, 1, 1, has_bias=False),
        Layer(Kind.BATCH_NORM),
        Layer(Kind.DENSE, 1),
    ]
    flat = np.array([2, 3, 1, 5, 3.999, 0.5, 0.25], np.float32)
    convolution, dense = fold_layers(layers, flat, 1)
    assert convolution.kernels.ravel() == pytest.approx([3.0])
    assert convolution.biases == pytest.approx([-6.5])
    assert (dense.kernels.item(), dense.biases.item()) == (0.5, 0.25)
