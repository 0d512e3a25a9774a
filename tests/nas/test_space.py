import pytest

from firmware.errors import ConfigError
from nas.published import ROWS, Row
from nas.space import Candidate, cell_limit, channels, check_candidate, parse_candidate, parse_shape


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.candidate))
def test_channels_are_the_published_ones(row: Row) -> None:
    assert channels(row.candidate) == row.channels


def test_widths_grow_by_less_and_less() -> None:
    assert channels(Candidate(4, 5)) == (4, 8, 12, 15, 17, 19)


@pytest.mark.parametrize(
    ("shape", "limit"),
    [((50, 50, 3), 5), ((32, 32, 3), 5), ((8, 8, 1), 3), ((1, 9, 1), 0), ((64, 31, 3), 4)],
)
def test_cells_end_where_a_side_has_one_pixel(shape: tuple[int, int, int], limit: int) -> None:
    assert cell_limit(shape) == limit
    check_candidate(Candidate(1, limit), shape)
    with pytest.raises(ConfigError, match=f"at most {limit} do"):
        check_candidate(Candidate(1, limit + 1), shape)


def test_a_candidate_is_read_as_it_is_written() -> None:
    assert parse_candidate(str(Candidate(6, 4))) == Candidate(6, 4)


@pytest.mark.parametrize("text", ["", "6", "6,4,2", "a,b", "-1,2", "6.0,4", "6;4"])
def test_other_texts_are_no_candidates(text: str) -> None:
    with pytest.raises(ConfigError, match="such as 6,4"):
        parse_candidate(text)


def test_a_candidate_without_kernels_is_refused() -> None:
    with pytest.raises(ConfigError, match="k must be at least 1"):
        parse_candidate("0,4")


def test_a_shape_is_read() -> None:
    assert parse_shape("96x64X1") == (96, 64, 1)


@pytest.mark.parametrize("text", ["50x50", "50x50x2", "0x50x3", "50x50x3x1", "ax5x3", "2000x8x1"])
def test_other_texts_are_no_shapes(text: str) -> None:
    with pytest.raises(ConfigError, match="input"):
        parse_shape(text)
