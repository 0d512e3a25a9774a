"""The model of the arena against the real interpreter, and against published figures.

PyPI's tflite-micro is built for x86-64 alone; elsewhere the comparisons are skipped.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.operator_cases import CASES, FUSED
from benchmarks.tflite_builder import ModelBuilder
from codegen.model.graph import DType, Graph, Operator, Tensor
from codegen.model.read_tflite import parse_tflite
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.kernels import is_modelled, kernel_needs
from codegen.tflm.library import missing_operators
from codegen.tflm.reserve import reserved_bytes
from codegen.tflm.structures import DOWNLOADED, MCU, RECORDING_WHEEL, Build, Struct
from nas.spaces import Candidate
from tests.codegen.known_networks import keyword_spotting, person_detection
from tests.graph_file import graph_file
from tests.networks import CELL_SPACES, graph_of, paper_graph
from tests.several_ports import several_ports
from tests.tflm_wheel import recorded, starts

NAS_K8_C3 = Path("benchmarks/models/nas_k8_c3.tflite")
CANDIDATES = 30


def candidates() -> list[bytes]:
    """Random networks of each search space, other inputs and classes among them."""
    rng = np.random.default_rng(7)
    files = []
    for index in range(CANDIDATES):
        height, width = (int(size) for size in rng.integers(16, 97, 2))
        candidate = Candidate(k=int(rng.integers(1, 12)), c=int(rng.integers(0, 5)))
        shape = (height, width, int(rng.choice([1, 3])))
        space = CELL_SPACES[index % len(CELL_SPACES)]
        graph = graph_of(space, candidate, shape, int(rng.integers(2, 11)))
        files.append(graph_file(graph, index))
    return files


def strided_slice() -> bytes:
    builder = ModelBuilder()
    source, output = builder.activation((1, 8), 0.1), builder.activation((1, 4), 0.1)
    edges = [builder.constant(np.array(edge, np.int32)) for edge in ((0, 2), (1, 6), (1, 1))]
    builder.operator("STRIDED_SLICE", [source, *edges], output, begin_mask=0)
    return builder.build([source], [output])


def models() -> dict[str, bytes]:
    """Name and file of every model that is compared."""
    files = {f"candidate {index}": file for index, file in enumerate(candidates())}
    cases = {kind: make for kind, make in CASES.items() if is_modelled(kind)} | FUSED
    for name, make in sorted(cases.items()):
        for seed in range(2):
            file = make(np.random.default_rng([11, seed]))[0]
            if not missing_operators(parse_tflite(file)):
                files[f"{name} {seed}"] = file
    files["person detection"] = graph_file(person_detection())
    files["strided slice"] = strided_slice()
    files["nas_k8_c3"] = NAS_K8_C3.read_bytes()
    files |= {f"several inputs and outputs {seed}": several_ports(seed) for seed in range(3)}
    return files


def test_the_arena_is_that_of_the_real_interpreter_to_the_byte(
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = models()
    assert len(files) >= 30
    wrong = []
    for name, content in files.items():
        arena = plan_tflm_arena(parse_tflite(content), RECORDING_WHEEL)
        planned = (arena.activations_bytes, arena.used_bytes)
        real = recorded(content, capfd)
        if planned != real:
            wrong.append((name, planned, real))
    assert wrong == []


def test_the_interpreter_starts_with_the_smallest_buffer_and_with_no_smaller_one() -> None:
    wrong, started = [], []
    for name, content in models().items():
        smallest = plan_tflm_arena(parse_tflite(content), RECORDING_WHEEL).buffer_bytes
        assert smallest % 16 == 0
        if not starts(content, smallest):
            wrong.append(name)
        if starts(content, smallest - 16):
            started.append(name)
    assert wrong == []
    # Its kernel keeps what it needs over tensors that it still has open, and no check refuses it.
    # Those that move blocks close a tensor before they keep a shape: 16 bytes less are enough.
    kinds = ("FULLY_CONNECTED", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH")
    assert set(started) <= {f"{kind} {seed}" for kind in kinds for seed in range(2)}


def test_a_buffer_between_two_multiples_of_16_starts_or_not_by_where_it_ends() -> None:
    """What is kept goes down from the very end, each down to its alignment."""
    content = NAS_K8_C3.read_bytes()
    smallest = plan_tflm_arena(parse_tflite(content), RECORDING_WHEEL).buffer_bytes
    assert all(starts(content, smallest + more) for more in range(17))
    assert not starts(content, smallest - 12)


@pytest.mark.parametrize(
    ("graph", "build", "used_bytes"),
    [
        pytest.param(parse_tflite(NAS_K8_C3.read_bytes()), MCU, 30_484, id="nas_k8_c3"),
        pytest.param(parse_tflite(NAS_K8_C3.read_bytes()), DOWNLOADED, 30_420, id="its download"),
        pytest.param(person_detection(), MCU, 82_308, id="person detection"),
        pytest.param(person_detection(), DOWNLOADED, 82_308, id="its download"),
        pytest.param(keyword_spotting(), MCU, 22_820, id="keyword spotting"),
        pytest.param(keyword_spotting(), DOWNLOADED, 23_940, id="its download"),
    ],
)
def test_with_cmsis_nn_on_a_cortex_m4_the_arena_is_the_measured_one(
    graph: Graph, build: Build, used_bytes: int
) -> None:
    """Of networks whose firmware was run on the virtual board with both releases."""
    assert plan_tflm_arena(graph, build).used_bytes == used_bytes


def one_operator(kind: str, shapes: list[tuple[int, ...]], **options: int) -> Graph:
    """A network of one operator on int8 tensors: its inputs, then its output."""
    tensors = tuple(Tensor("", shape, DType.INT8, expected_scales=1) for shape in shapes)
    last = len(shapes) - 1
    operator = Operator(kind, tuple(range(last)), (last,), options)
    return Graph(tensors, (operator,), (0,), (last,))


@pytest.mark.parametrize(
    ("graph", "of_2023", "of_2026"),
    [
        pytest.param(
            one_operator("DEPTHWISE_CONV_2D", [(1, 8, 8, 24), (1, 3, 3, 24), (1, 8, 8, 24)]),
            ((96, 96), (2 * 9 * 24,)),
            ((96, 96), ()),
            id="3x3 depthwise: a column of int16 for each channel",
        ),
        pytest.param(
            one_operator(
                "CONV_2D", [(1, 8, 8, 24), (5, 1, 1, 24), (1, 4, 4, 5)], stride_h=2, stride_w=2
            ),
            ((20, 20), (2 * 2 * 24,)),
            ((20, 20), ()),
            id="1x1 with stride 2: two columns of int16",
        ),
        pytest.param(
            one_operator("FULLY_CONNECTED", [(1, 3, 8), (5, 8), (1, 3, 5)]),
            ((20, 20), ()),
            ((), (40,)),
            id="rows as a 1x1 convolution: multipliers and shifts",
        ),
        pytest.param(
            one_operator("MEAN", [(1, 4, 4, 6), (2,), (1, 6)]),
            ((), (24,)),
            ((), (24, 16, 8)),
            id="mean: its sums; since then also indices and axes",
        ),
    ],
)
def test_where_the_kernels_of_2023_request_other_buffers(
    graph: Graph, of_2023: tuple[object, object], of_2026: tuple[object, object]
) -> None:
    for build, wanted in ((DOWNLOADED, of_2023), (MCU, of_2026)):
        needs = kernel_needs(graph, graph.operators[0], build)
        assert (needs.prepare, needs.scratch) == wanted


def test_what_is_set_aside_starts_the_library_that_is_downloaded() -> None:
    """Its 3x3 depthwise convolutions use 1,152 bytes more than those of 2026."""
    for graph in (keyword_spotting(), *map(parse_tflite, models().values())):
        assert reserved_bytes(graph) >= plan_tflm_arena(graph, DOWNLOADED).buffer_bytes
    assert reserved_bytes(keyword_spotting()) >= 23_940


def test_what_is_set_aside_is_enough_for_releases_that_keep_more() -> None:
    """The largest sizes in the headers of five years, and nodes as much larger as they grew."""
    larger = {
        "SingleArenaBufferAllocator": Struct(40, 4),
        "MicroAllocator": Struct(40, 4),
        "NodeAndRegistration": Struct(36, 4),
    }
    for content in models().values():
        graph = parse_tflite(content)
        other = replace(MCU, changes=larger)
        reserved = reserved_bytes(graph)
        assert reserved % 16 == 0
        assert reserved >= plan_tflm_arena(graph, other).buffer_bytes
        smallest = max(plan_tflm_arena(graph, own).buffer_bytes for own in (MCU, DOWNLOADED))
        assert reserved - smallest == 16 * (1 + len(graph.operators))


def test_an_operator_that_is_not_modelled_is_named_and_its_tensors_are_planned() -> None:
    graph = paper_graph(Candidate(k=2, c=1), (16, 16, 3), 2)
    kinds = {"SOFTMAX": "SVDF"}
    operators = tuple(
        type(o)(kinds.get(o.kind, o.kind), o.inputs, o.outputs) for o in graph.operators
    )
    other = Graph(graph.tensors, operators, graph.inputs, graph.outputs)
    arena, known = plan_tflm_arena(other, MCU), plan_tflm_arena(graph, MCU)
    assert arena.unmodelled == ("SVDF",)
    assert len(arena.buffers) == len(known.buffers)
