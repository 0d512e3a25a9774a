from pathlib import Path

import pytest

from firmware.errors import ConfigError, ManyBoardsError, NoBoardError
from hil.bench.bench_file import BoardEntry, choose_board, read_bench

BENCH = """
[board.left]
target = "stm32f412"
port = "/dev/ttyACM0"
flash = "swd"
probe = "066DFF"

[board.right]
target = "stm32f412"
port = "/dev/ttyACM1"
flash = "uart"
loader_port = "/dev/ttyUSB0"
reset_inverted = true

[board.right.tolerance]
cycles_fraction = 0.05
"""


def bench(folder: Path, text: str) -> Path:
    path = folder / "bench.toml"
    path.write_text(text)
    return path


def test_boards_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    left, right = read_bench(bench(tmp_path, BENCH))
    assert (left.name, left.probe, left.baud) == ("left", "066DFF", 115_200)
    assert (right.name, right.loader_port, right.tolerance.cycles_fraction) == (
        "right",
        "/dev/ttyUSB0",
        0.05,
    )
    assert left.tolerance.cycles_fraction == 0.25


def test_lines_are_idle_as_their_polarity_says(tmp_path: Path) -> None:
    _, right = read_bench(bench(tmp_path, BENCH))
    assert right.idle_lines == {"dtr": True, "rts": False}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must contain only tables"),
        ("[board]", "must contain only tables"),
        ("[bord.left]\n", "must contain only tables"),
        ("[board.left", "is not a TOML file"),
        ('[board.left]\ntarget = "stm32f412"', "field port is missing"),
        ('[board.left]\nport = "/dev/x"', "field target is missing"),
        ('[board.left]\ntarget = "stm32f412"\nport = 3', "port: expected str, found 3"),
        (
            '[board.left]\ntarget = "stm32f412"\nport = "x"\nspeed = 1',
            "unknown field 'speed'; known: target, port",
        ),
        (
            '[board.left]\ntarget = "stm32f412"\nport = "x"\nflash = "jtag"',
            "flash: expected 'swd' or 'uart' or 'pio' or 'none', found 'jtag'",
        ),
        ('[board.left]\ntarget = "stm32f412"\nport = "x"\nreset = "cts"', "reset: .*found 'cts'"),
        (
            '[board.left]\ntarget = "stm32l010rb"\nport = "x"',
            "can be built for nucleo-f412zg, ",
        ),
        (
            '[board.left]\ntarget = "stm32f412"\nport = "x"\ntolerance = 3',
            "tolerance: expected object, found 3",
        ),
        (
            '[board.left]\ntarget = "stm32f412"\nport = "x"\ntolerance = {time = 0.1}',
            "unknown tolerance 'time'",
        ),
        (
            '[board.left]\ntarget = "stm32f412"\nport = "x"\ntolerance = {cycles_fraction = 25}',
            "cycles_fraction: expected float < 1.0, found 25",
        ),
    ],
)
def test_a_bench_file_that_says_nonsense_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read_bench(bench(tmp_path, text))


def test_a_bench_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not read.*'hil boards init' writes one"):
        read_bench(tmp_path / "bench.toml")


LEFT = BoardEntry("left", "stm32f412", "/dev/ttyACM0")
RIGHT = BoardEntry("right", "stm32f412", "/dev/ttyACM1")
OTHER = BoardEntry("other", "stm32f446", "/dev/ttyACM2")


def test_a_board_is_chosen_by_its_name_or_by_a_target_that_only_it_has() -> None:
    assert choose_board((LEFT, RIGHT), "right") is RIGHT
    assert choose_board((LEFT, OTHER), "stm32f412") is LEFT


def test_a_target_that_several_have_is_refused() -> None:
    with pytest.raises(ManyBoardsError, match="several boards are a stm32f412: choose --board of "):
        choose_board((LEFT, RIGHT), "stm32f412")


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(NoBoardError, match="no board 'middle' in the bench file; it has: left, "):
        choose_board((LEFT, RIGHT), "middle")
