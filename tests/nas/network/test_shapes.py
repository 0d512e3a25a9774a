import numpy as np
import pytest

from firmware.errors import ConfigError
from nas.network.builder import NetworkBuilder
from nas.network.description import AveragePooling, Convolution, Network
from nas.network.parameters import initial_parameters, split_parameters
from nas.network.shapes import count_macs, output_shapes, parameter_count, parameter_shapes
from nas.spaces import Candidate, find_space


def residual() -> Network:
    """A block with strides whose short way has a kernel of 1×1."""
    build = NetworkBuilder((9, 10, 3))
    x = build.convolution(build.image, 4)
    long = build.convolution(x, 6, kernel=5, stride=2)
    short = build.convolution(x, 6, kernel=1, stride=2, has_relu=False)
    return build.classify(build.add(long, short, has_relu=True), classes=2)


def test_strides_begin_inside_the_input() -> None:
    shapes = output_shapes(residual())
    assert shapes[0] == (9, 10, 3)
    assert shapes[4] == (5, 5, 6), "9 rows and 10 columns have 5 windows each with a stride of 2"
    assert shapes[-5:] == ((5, 5, 6), (1, 1, 6), (1, 1, 6), (1, 1, 2), (1, 1, 2))


def test_macs_are_those_of_convolutions_and_matrix_products() -> None:
    first, long, short = 90 * 9 * 3 * 4, 25 * 25 * 4 * 6, 25 * 4 * 6
    assert count_macs(residual()) == first + long + short + 6 * 2


def test_parameters_lie_node_by_node_in_the_layout_of_keras() -> None:
    network = residual()
    shapes = parameter_shapes(network)
    assert shapes[1] == ((3, 3, 3, 4),)
    assert shapes[2] == ((4,),) * 4
    assert shapes[-2] == ((6, 2), (2,))
    flat = np.arange(parameter_count(network), dtype=np.float32)
    split = split_parameters(flat, network)
    assert split[1][0][0, 0, 0].tolist() == [0, 1, 2, 3]
    assert split[2][1].tolist() == [112, 113, 114, 115]
    assert split[-2][1].tolist() == [len(flat) - 2, len(flat) - 1]


def test_first_parameters_are_within_glorots_limit_and_leave_a_normalisation_without_effect() -> (
    None
):
    network = find_space("separable").network(Candidate(k=4, c=1), (8, 8, 1), 2)
    split = split_parameters(initial_parameters(network, seed=3), network)
    limit = (6 / (9 * 1 + 9 * 4)) ** 0.5
    assert 0.9 * limit < np.abs(split[1][0]).max() <= limit
    depthwise = split[5][0]
    assert depthwise.shape == (3, 3, 4, 1)
    assert np.abs(depthwise).max() <= (6 / (9 + 9)) ** 0.5
    assert [own[0] for own in split[2]] == [1, 0, 0, 1]


def test_a_convolution_with_one_kernel_starts_like_others_and_not_like_a_depthwise_one() -> None:
    build = NetworkBuilder((8, 8, 3))
    network = build.classify(build.append(Convolution(1), build.image), 2)
    kernels = split_parameters(initial_parameters(network, seed=3), network)[1][0]
    limit = (6 / (9 * 3 + 9 * 1)) ** 0.5
    assert kernels.shape == (3, 3, 3, 1), "a depthwise convolution of 3 channels has it too"
    assert 0.8 * limit < np.abs(kernels).max() <= limit


def test_a_kernel_of_a_row_is_a_convolution() -> None:
    build = NetworkBuilder((4, 20, 1))
    x = build.append(Convolution(3, kernel=(1, 7), stride=(1, 2)), build.image)
    network = build.classify(x, 2)
    assert output_shapes(network)[1] == (4, 10, 3)
    assert parameter_shapes(network)[1] == ((1, 7, 1, 3), (3,))


def test_what_a_node_cannot_take_is_refused_by_its_name() -> None:
    build = NetworkBuilder((8, 8, 3))
    x = build.convolution(build.image, 4, stride=2)
    wrong = build.classify(build.add(x, build.image), 2)
    with pytest.raises(ConfigError, match=r"node 4 \(Addition\) adds \(4, 4, 4\) to \(8, 8, 3\)"):
        output_shapes(wrong)
    build = NetworkBuilder((2, 8, 3))
    pooled = build.classify(build.append(AveragePooling((3, 3)), build.image), 2)
    with pytest.raises(ConfigError, match=r"but its input is only"):
        output_shapes(pooled)
