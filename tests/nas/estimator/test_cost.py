import pytest

from codegen.model.graph import DType
from codegen.planning.placement import aligned
from codegen.planning.planner import plan_graph, unfused_buffers
from firmware.errors import ConfigError
from nas.estimator.cost import Cost, Limits, arena_bytes, exceeded, fits, measure_cost, needs
from nas.network.shapes import count_macs
from nas.report.published import PUBLISHED_NETWORKS, PublishedNetwork, published_needs
from nas.spaces import Candidate, find_space
from nas.spaces.converters import TENSORFLOW
from tests.networks import paper_graph

LIMITS = Limits(macc=100, flash_bytes=1000, ram_bytes=500)


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_macc_is_the_published_one(row: PublishedNetwork) -> None:
    network = find_space("paper").network(row.candidate, (50, 50, 3), 2)
    assert count_macs(network) == row.macc
    assert measure_cost(network, "static", TENSORFLOW).macc == row.macc


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_convolution_weights_are_the_published_ones(row: PublishedNetwork) -> None:
    """Published weight bytes: int8 weights and int32 biases of convolutions and the dense layer,
    and the constants of batch normalisation."""
    graph = paper_graph(row.candidate, (50, 50, 3), 2)
    weights = [t for t in graph.tensors if t.is_constant and "reduction" not in t.name]
    assert sum(tensor.size_bytes for tensor in weights) == pytest.approx(row.weight_bytes, abs=12)


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_without_fusion_the_largest_input_and_output_are_the_published_peak(
    row: PublishedNetwork,
) -> None:
    graph = paper_graph(row.candidate, (50, 50, 3), 2)
    buffers = unfused_buffers(graph)
    alive = [
        sum(aligned(b.size_bytes) for b in buffers if b.first_op <= op < b.end_op)
        for op in range(len(graph.operators))
    ]
    assert max(alive) == row.peak_bytes


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_the_static_runtime_needs_less_than_the_image(row: PublishedNetwork) -> None:
    graph = paper_graph(row.candidate, (50, 50, 3), 2)
    assert plan_graph(graph).arena_bytes < 0.7 * 50 * 50 * 3
    assert 50 * 50 * 3 < plan_graph(graph, stream=False).arena_bytes < 1.1 * 50 * 50 * 3


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_the_file_is_the_published_one_up_to_the_names_of_its_tensors(
    row: PublishedNetwork,
) -> None:
    assert published_needs(row.candidate).flash_kib == pytest.approx(row.flash_kib, rel=0.01)


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_the_interpreter_on_a_pc_needs_the_published_ram(row: PublishedNetwork) -> None:
    assert published_needs(row.candidate).ram_kib == pytest.approx(row.ram_kib, rel=0.01)


def test_tflm_needs_more_ram_than_the_static_runtime() -> None:
    graph = paper_graph(Candidate(k=6, c=4), (50, 50, 3), 2)
    assert arena_bytes(graph, "tflm") > arena_bytes(graph, "static")


def test_an_unknown_runtime_is_refused_with_the_known_ones() -> None:
    graph = paper_graph(Candidate(k=1, c=0), (8, 8, 1), 2)
    with pytest.raises(ConfigError, match="unknown runtime 'x'; known runtimes: static, tflm"):
        arena_bytes(graph, "x")


def test_a_network_at_its_limits_fits() -> None:
    assert fits(Cost(macc=100, model_bytes=1000, arena_bytes=500), LIMITS)


@pytest.mark.parametrize(
    ("cost", "name"),
    [(Cost(101, 1, 1), "MACC"), (Cost(1, 1001, 1), "flash"), (Cost(1, 1, 501), "RAM")],
)
def test_one_need_above_its_limit_is_enough(cost: Cost, name: str) -> None:
    assert [need.name for need in exceeded(cost, LIMITS)] == [name]


def test_the_scarcest_need_comes_first() -> None:
    assert [need.name for need in needs(Cost(50, 900, 100), LIMITS)] == ["flash", "MACC", "RAM"]


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="ram_bytes is 0"):
        Limits(macc=1, flash_bytes=1, ram_bytes=0)


def test_lowered_activations_are_int8_between_two_quantize() -> None:
    graph = paper_graph(Candidate(k=2, c=1), (8, 8, 1), 3)
    assert graph.tensors[graph.inputs[0]].dtype is DType.UINT8
    assert graph.tensors[graph.outputs[0]].shape == (1, 3)
    assert len(graph.operators) == 9 + 4 * 1
    assert len(graph.tensors) == 18 + 8 * 1
