import numpy as np
import pytest

from codegen.model.graph import DType
from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError
from nas.network.builder import NetworkBuilder
from nas.network.description import AveragePooling, Convolution, Network, Normalisation, Relu
from nas.network.fusion import members, owners
from nas.network.int8_graph import Role, lower
from nas.spaces import Candidate, find_space


def residual(has_late_relu: bool = True) -> Network:
    build = NetworkBuilder((16, 16, 3))
    x = build.convolution(build.image, 8)
    long = build.depthwise(x, kernel=5, stride=2)
    long = build.convolution(long, 12, kernel=1, has_relu=False)
    short = build.convolution(build.average_pool(x), 12, kernel=1, has_relu=False)
    return build.classify(build.add(long, short, has_relu=has_late_relu), 4)


def test_a_residual_network_is_one_operator_for_each_convolution_and_sum() -> None:
    graph = lower(residual()).graph
    assert [operator.kind for operator in graph.operators] == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "CONV_2D",
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "ADD",
        "MEAN",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    activations = [o.options.get("fused_activation_function") for o in graph.operators[:6]]
    assert activations == ["RELU", "RELU", "NONE", "NONE", "NONE", "RELU"]
    assert graph.operators[1].options["stride_h"] == 2
    addition = graph.operators[5]
    assert [graph.tensors[i].shape for i in addition.inputs] == [(1, 8, 8, 12)] * 2
    assert check_operators(graph) == []
    assert plan_graph(graph).arena_bytes > 0


def test_a_result_belongs_to_the_last_node_of_its_operator() -> None:
    network = residual()
    lowered = lower(network)
    first = lowered.graph.operators[0].outputs[0]
    assert lowered.origins[first] == (Role.RESULT, 3)
    assert isinstance(network.nodes[3].operation, Relu)
    assert members(network)[1] == (1, 2, 3)
    assert owners(network)[:4] == (0, 1, 1, 1)


def test_a_relu_after_a_value_that_others_read_too_is_an_operator_of_its_own() -> None:
    build = NetworkBuilder((8, 8, 3))
    x = build.append(Convolution(4), build.image)
    y = build.append(Relu(6.0), x)
    lowered = lower(build.classify(build.add(x, y), 2))
    assert [o.kind for o in lowered.graph.operators][:3] == ["CONV_2D", "RELU6", "ADD"]
    assert lowered.graph.operators[0].options["fused_activation_function"] == "NONE"


def test_a_normalisation_without_a_convolution_before_it_multiplies_and_adds() -> None:
    build = NetworkBuilder((8, 8, 3))
    x = build.append(Normalisation(), build.max_pool(build.image))
    graph = lower(build.classify(x, 2)).graph
    assert [o.kind for o in graph.operators][:3] == ["MAX_POOL_2D", "MUL", "ADD"]


def test_bytes_in_and_out_are_uint8_where_the_network_rescales() -> None:
    for space, dtype in (("paper", DType.UINT8), ("folded", DType.INT8)):
        graph = lower(find_space(space).network(Candidate(k=2, c=1), (8, 8, 1), 2)).graph
        assert {graph.tensors[i].dtype for i in (*graph.inputs, *graph.outputs)} == {dtype}


def test_constants_come_from_the_last_layer_to_the_first_and_axes_before_all() -> None:
    lowered = lower(residual())
    constants = [
        origin
        for origin, tensor in zip(lowered.origins, lowered.graph.tensors, strict=True)
        if tensor.is_constant
    ]
    assert constants[0][0] is Role.AXES
    nodes = [node for _, node in constants[1:]]
    assert nodes == sorted(nodes, reverse=True)


def test_a_relu_that_tflite_does_not_have_is_refused() -> None:
    build = NetworkBuilder((8, 8, 3))
    x = build.append(Relu(2.5), build.append(Convolution(4), build.image))
    with pytest.raises(ConfigError, match="a ReLU with the upper limit 2.5 has no int8 form"):
        lower(build.classify(x, 2))


def test_windows_that_are_not_whole_are_left_out() -> None:
    build = NetworkBuilder((7, 9, 3))
    x = build.append(AveragePooling((3, 2)), build.image)
    operator = lower(build.classify(x, 2)).graph.operators[0]
    assert operator.options["filter_height"] == operator.options["stride_h"] == 3
    assert operator.options["filter_width"] == operator.options["stride_w"] == 2


def test_the_axes_of_a_mean_are_known_before_training() -> None:
    """Its loops, its rows and its code depend on them."""
    graph = lower(find_space("folded").network(Candidate(k=2, c=1), (8, 8, 1), 2)).graph
    (mean,) = (operator for operator in graph.operators if operator.kind == "MEAN")
    np.testing.assert_array_equal(graph.tensors[mean.inputs[1]].data, [1, 2])
    assert check_operators(graph) == []
