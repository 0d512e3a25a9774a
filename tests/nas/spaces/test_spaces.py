"""The contract of a search space, kept by every one that is built in and by the tutorial's."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from codegen.operators import check_operators
from codegen.planning.planner import plan_graph
from firmware.errors import ConfigError
from nas.network.int8_graph import lower
from nas.network.shapes import count_macs, parameter_count
from nas.quantization.predict_file import predict_file
from nas.spaces import Candidate, SearchSpace, find_converter, find_space, known_spaces
from tests.host_compiler import ROOT

TUTORIAL = ROOT / "docs" / "examples" / "residual_space.py"
SHAPE, CLASSES = (32, 32, 3), 4
NAMES = (*known_spaces(), str(TUTORIAL))


@pytest.fixture(params=NAMES, ids=lambda name: Path(name).stem)
def space(request: pytest.FixtureRequest) -> SearchSpace:
    return find_space(request.param)


def some(space: SearchSpace) -> Candidate:
    """A candidate of middle depth."""
    start = space.start(SHAPE)
    return space.with_width(start[len(start) // 2], 8)


class TestEverySpace:
    """What strategies, the store, the generator and reports rely on."""

    def test_a_candidate_is_the_same_after_json_and_after_being_typed(
        self, space: SearchSpace
    ) -> None:
        candidate = some(space)
        assert Candidate.from_record(json.loads(candidate.key)) == candidate
        assert space.parse(str(candidate)) == candidate
        assert candidate.described == f"{candidate.heading} = {candidate}"

    def test_the_start_is_narrow_and_the_deepest_comes_first(self, space: SearchSpace) -> None:
        start = space.start(SHAPE)
        depths = [space.depth(candidate) for candidate in start]
        assert depths == sorted(depths, reverse=True)
        assert {space.width(candidate) for candidate in start} == {space.widths[0]}
        for candidate in start:
            assert space.network(candidate, SHAPE, CLASSES).image == SHAPE

    def test_all_needs_grow_with_the_width(self, space: SearchSpace) -> None:
        needs = []
        for width in (8, 16, 32):
            network = space.network(space.with_width(some(space), width), SHAPE, CLASSES)
            graph, model_bytes = predict_file(network, space.converters[0])
            arena_bytes = plan_graph(graph).arena_bytes
            needs.append((count_macs(network), parameter_count(network), model_bytes, arena_bytes))
        for narrow, wide in pairwise(needs):
            assert all(less <= more for less, more in zip(narrow, wide, strict=True))
            assert narrow[0] < wide[0]

    def test_neighbours_are_candidates_whose_neighbour_it_is(self, space: SearchSpace) -> None:
        candidate = some(space)
        neighbours = space.neighbours(candidate)
        assert len(set(neighbours)) == len(neighbours) >= 3
        for neighbour in neighbours:
            space.check(neighbour)
            assert candidate in space.neighbours(neighbour)

    def test_its_networks_can_be_generated(self, space: SearchSpace) -> None:
        for candidate in (space.start(SHAPE)[0], space.start(SHAPE)[-1], some(space)):
            assert check_operators(lower(space.network(candidate, SHAPE, CLASSES)).graph) == []

    def test_an_equal_candidate_gives_an_equal_network(self, space: SearchSpace) -> None:
        first, second = (space.network(some(space), SHAPE, CLASSES) for _ in range(2))
        assert first == second

    def test_what_is_no_candidate_is_refused(self, space: SearchSpace) -> None:
        with pytest.raises(ConfigError, match="is not a candidate of the space"):
            space.network(Candidate(other=3), SHAPE, CLASSES)
        name = next(iter(space.dimensions))
        with pytest.raises(ConfigError, match=f"{name} of .* is 0, expected"):
            space.network(some(space).having(**{name: 0}), SHAPE, CLASSES)
        with pytest.raises(ConfigError, match="is not of the form"):
            space.parse("1,2,3,4,5,6,7")

    def test_the_example_of_messages_is_a_candidate(self, space: SearchSpace) -> None:
        space.check(space.example)


def test_the_tutorial_shows_its_file_which_has_fewer_than_sixty_lines() -> None:
    content = TUTORIAL.read_text()
    assert len(content.splitlines()) < 60
    assert f"```python\n{content}```" in (ROOT / "docs" / "own-space.md").read_text()


def test_an_unknown_space_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="separable, residual, or a FILE.py"):
        find_space("luck")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("x = 1", "has no SPACE that is a nas.SearchSpace"),
        ("raise ValueError('not today')", "from .*: ValueError: not today"),
        ("import no_such_module", "from .*: ModuleNotFoundError"),
        ("def", "from .*: SyntaxError"),
    ],
)
def test_a_file_without_a_space_is_refused_with_the_reason(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "own.py"
    path.write_text(content)
    with pytest.raises(ConfigError, match=reason):
        find_space(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        find_space(str(tmp_path / "nothing.py"))


def test_a_converter_that_cannot_convert_the_space_is_refused() -> None:
    assert find_converter("folded", "") == "own"
    with pytest.raises(ConfigError, match="converter 'own' does not support the space 'paper'"):
        find_converter("paper", "own")
