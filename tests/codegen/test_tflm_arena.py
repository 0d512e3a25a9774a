"""The model of the arena against the real interpreter, and against published figures.

PyPI's tflite-micro is built for x86-64 alone; elsewhere the comparisons are skipped.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.operator_cases import CASES, FUSED
from benchmarks.tflite_builder import ModelBuilder
from codegen.graph import Graph
from codegen.read_tflite import parse_tflite
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.reserve import reserved_bytes
from codegen.tflm.structures import MCU, RECORDING_WHEEL, Struct
from nas.spaces import Candidate, known_spaces
from tests.codegen.person_detection import person_detection
from tests.graph_file import graph_file
from tests.networks import graph_of, paper_graph
from tests.tflm_wheel import recorded, starts

NAS_K8_C3 = Path("benchmarks/models/nas_k8_c3.tflite")
CANDIDATES = 30


def candidates() -> list[bytes]:
    """Random networks of each search space, other inputs and classes among them."""
    rng = np.random.default_rng(7)
    files = []
    spaces = known_spaces()
    for index in range(CANDIDATES):
        height, width = (int(size) for size in rng.integers(16, 97, 2))
        candidate = Candidate(k=int(rng.integers(1, 12)), c=int(rng.integers(0, 5)))
        shape = (height, width, int(rng.choice([1, 3])))
        space = spaces[index % len(spaces)]
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
    for name, make in sorted((CASES | FUSED).items()):
        for seed in range(2):
            files[f"{name} {seed}"] = make(np.random.default_rng([11, seed]))[0]
    files["person detection"] = graph_file(person_detection())
    files["strided slice"] = strided_slice()
    files["nas_k8_c3"] = NAS_K8_C3.read_bytes()
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
    assert set(started) <= {"FULLY_CONNECTED 0", "FULLY_CONNECTED 1"}


def test_a_buffer_between_two_multiples_of_16_starts_or_not_by_where_it_ends() -> None:
    """What is kept goes down from the very end, each down to its alignment."""
    content = NAS_K8_C3.read_bytes()
    smallest = plan_tflm_arena(parse_tflite(content), RECORDING_WHEEL).buffer_bytes
    assert all(starts(content, smallest + more) for more in range(17))
    assert not starts(content, smallest - 12)


@pytest.mark.parametrize(
    ("graph", "used_bytes"),
    [
        pytest.param(parse_tflite(NAS_K8_C3.read_bytes()), 30_484, id="nas_k8_c3"),
        pytest.param(person_detection(), 82_308, id="person detection"),
    ],
)
def test_with_cmsis_nn_on_a_cortex_m4_the_arena_is_the_published_one(
    graph: Graph, used_bytes: int
) -> None:
    assert plan_tflm_arena(graph, MCU).used_bytes == used_bytes


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
        assert reserved - plan_tflm_arena(graph, MCU).buffer_bytes == 16 * (
            1 + len(graph.operators)
        )


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
