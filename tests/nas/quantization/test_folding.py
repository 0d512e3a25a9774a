import numpy as np
import pytest

from nas.network.builder import NetworkBuilder
from nas.network.description import Convolution, Dense, Image, Network, Node, Normalisation, Softmax
from nas.network.parameters import initial_parameters
from nas.network.shapes import parameter_count
from nas.quantization.folding import fold_layers
from nas.trainer.network import TrainableNetwork

SHAPE = (6, 5, 3)


def one_convolution(has_bias: bool, is_normalised: bool) -> Network:
    build = NetworkBuilder(SHAPE)
    x = build.append(Convolution(4, has_bias=has_bias), build.image)
    return build.classify(build.append(Normalisation(), x) if is_normalised else x, 2)


def parameters_of(network: Network) -> np.ndarray:
    """Random parameters; variances among them, so all are positive."""
    rng = np.random.default_rng(3)
    parameters = initial_parameters(network, 0)
    return parameters + rng.uniform(0, 0.5, parameters.shape).astype(np.float32)


@pytest.mark.parametrize("has_bias", [False, True])
def test_a_folded_convolution_gives_what_convolution_and_normalisation_gave(has_bias: bool) -> None:
    network = one_convolution(has_bias, is_normalised=True)
    parameters = parameters_of(network)
    images = np.random.default_rng(0).integers(0, 256, (16, *SHAPE)).astype(np.uint8)
    kernels, dense = fold_layers(network, parameters).values()
    # The trainer has the output channels last, TFLite first.
    parts = (np.moveaxis(kernels.kernels, 0, -1), kernels.biases, dense.kernels.T, dense.biases)
    flat = np.concatenate([part.ravel() for part in parts])
    without = one_convolution(has_bias=True, is_normalised=False)
    with TrainableNetwork(network) as whole, TrainableNetwork(without) as folded:
        expected = whole.predict(parameters, images)
        np.testing.assert_allclose(folded.predict(flat, images), expected, atol=1e-6)


def test_weights_lie_as_tflite_lays_them_under_the_index_of_their_node() -> None:
    build = NetworkBuilder(SHAPE)
    x = build.convolution(build.depthwise(build.image), 7, kernel=1)
    network = build.classify(x, 2)
    folded = fold_layers(network, parameters_of(network))
    assert list(folded) == [1, 4, 9]
    depthwise, pointwise, dense = folded.values()
    assert depthwise.kernels.shape == (1, 3, 3, 3)
    assert depthwise.channel_axis == 3
    assert pointwise.kernels.shape == (7, 1, 1, 3)
    assert dense.kernels.shape == (2, 7)
    assert [len(own.biases) for own in (depthwise, pointwise, dense)] == [3, 7, 2]


def test_a_fold_by_hand() -> None:
    """Weight 2, gamma 3, beta 1, mean 5, variance 4 - 0.001: 2·3/2 = 3 and 1 - 5·3/2 = -6.5."""
    operations = (Image((1, 1, 1)), Convolution(1, (1, 1), has_bias=False), Normalisation())
    nodes = [Node(own, (i - 1,) if i else ()) for i, own in enumerate(operations)]
    network = Network((*nodes, Node(Dense(1), (2,)), Node(Softmax(), (3,))))
    flat = np.array([2, 3, 1, 5, 3.999, 0.5, 0.25], np.float32)
    convolution, dense = fold_layers(network, flat).values()
    assert convolution.kernels.ravel() == pytest.approx([3.0])
    assert convolution.biases == pytest.approx([-6.5])
    assert (dense.kernels.item(), dense.biases.item()) == (0.5, 0.25)


def test_a_normalisation_after_a_value_that_others_read_too_stays_where_it_is() -> None:
    build = NetworkBuilder(SHAPE)
    x = build.append(Convolution(3), build.image)
    network = build.classify(build.add(build.append(Normalisation(), x), x), 2)
    flat = np.ones(parameter_count(network), np.float32)
    assert fold_layers(network, flat)[1].kernels == pytest.approx(1.0)
