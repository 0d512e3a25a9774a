import pytest

from firmware.errors import ConfigError
from nas.network.input_shape import parse_shape
from nas.report.published import PUBLISHED_NETWORKS, PublishedNetwork
from nas.spaces import Candidate, find_space
from nas.spaces.cells import cell_limit, channels


@pytest.mark.parametrize("row", PUBLISHED_NETWORKS, ids=lambda row: str(row.candidate))
def test_channels_are_the_published_ones(row: PublishedNetwork) -> None:
    assert channels(row.candidate) == row.channels


def test_widths_grow_by_less_and_less() -> None:
    assert channels(Candidate(k=4, c=5)) == (4, 8, 12, 15, 17, 19)


@pytest.mark.parametrize(
    ("shape", "limit"),
    [((50, 50, 3), 5), ((32, 32, 3), 5), ((8, 8, 1), 3), ((1, 9, 1), 0), ((64, 31, 3), 4)],
)
def test_cells_end_where_a_side_has_one_pixel(shape: tuple[int, int, int], limit: int) -> None:
    assert cell_limit(shape) == limit
    space = find_space("folded")
    assert space.network(Candidate(k=1, c=limit), shape, 2).image == shape
    with pytest.raises(ConfigError, match=f"at most {limit} do"):
        space.network(Candidate(k=1, c=limit + 1), shape, 2)
    assert [own["c"] for own in space.start(shape)] == list(range(limit, -1, -1))


def test_a_candidate_is_read_as_it_is_written() -> None:
    assert find_space("paper").parse(str(Candidate(k=6, c=4))) == Candidate(k=6, c=4)


@pytest.mark.parametrize("text", ["", "6", "6,4,2", "a,b", "-1,2", "6.0,4", "6;4"])
def test_other_texts_are_no_candidates(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 6,4"):
        find_space("paper").parse(text)


def test_a_candidate_without_kernels_is_refused() -> None:
    with pytest.raises(ConfigError, match="k of 0,4 is 0, expected 1 to 1,000,000"):
        find_space("paper").parse("0,4")


def test_a_shape_is_read() -> None:
    assert parse_shape("96x64X1") == (96, 64, 1)


@pytest.mark.parametrize("text", ["50x50", "50x50x2", "0x50x3", "50x50x3x1", "ax5x3", "2000x8x1"])
def test_other_texts_are_no_shapes(text: str) -> None:
    with pytest.raises(ConfigError, match="input"):
        parse_shape(text)
