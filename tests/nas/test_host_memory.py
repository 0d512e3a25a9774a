import pytest

from firmware.errors import ConfigError
from nas.host_memory import MIB, PROFILES, network_bytes, parse_host_memory, training_bytes
from nas.space import Candidate, Shape
from nas.spaces import find_space, known_spaces
from nas.trainer.network import Network


@pytest.mark.parametrize("space", known_spaces())
@pytest.mark.parametrize("part", [16, 32, 128])
@pytest.mark.parametrize(
    ("candidate", "shape"),
    [(Candidate(1, 0), (8, 8, 1)), (Candidate(7, 3), (50, 50, 3)), (Candidate(12, 1), (17, 9, 2))],
)
def test_the_memory_of_a_network_is_predicted_to_the_byte(
    space: str, part: int, candidate: Candidate, shape: Shape
) -> None:
    layers = find_space(space).layers(candidate, shape, 3)
    with Network(layers, shape, part) as network:
        assert network_bytes(layers, shape, part) == network.size_bytes
        beyond = training_bytes(layers, shape, part, 1000, 0) - network.size_bytes
        assert beyond == 3 * 4 * network.parameter_count + 32_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512MiB", 512 * MIB),
        ("512 MiB", 512 * MIB),
        ("1.5GiB", 1536 * MIB),
        ("400MB", 400_000_000),
        ("12345", 12345),
    ],
)
def test_sizes_are_read_with_their_units(text: str, expected: int) -> None:
    assert parse_host_memory(text) == expected


def test_hosts_leave_a_part_of_their_memory_to_the_system() -> None:
    for name, mebibytes in PROFILES.items():
        assert 0.5 * mebibytes * MIB < parse_host_memory(name) < 0.9 * mebibytes * MIB


def test_what_is_there_is_found_out() -> None:
    assert 10 * MIB < parse_host_memory("auto") < 1 << 50


@pytest.mark.parametrize("text", ["", "much", "12 bananas", "-3MiB", "rpi9"])
def test_anything_else_is_refused_with_what_is_possible(text: str) -> None:
    with pytest.raises(ConfigError, match="rpi-zero2w"):
        parse_host_memory(text)
