"""What the bench application answers to a host that does not know it, such as MLPerf's runner."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.errors import BoardError
from hil.exchange import Exchange
from hil.transport import Transport
from tests.hil.conftest import ProcessTransport, compile_toy


@pytest.fixture
def bench(toy_board: Transport) -> Exchange:
    return Exchange(toy_board, 5.0)


@pytest.fixture
def image_bench(tmp_path: Path) -> Iterator[Exchange]:
    """A model whose input holds -128..127 for the bytes 0..255 of an image."""
    transport = ProcessTransport(compile_toy(tmp_path / "bench", 4, "-DTOY_DB_FLIP=0x80"))
    yield Exchange(transport, 5.0)
    transport.close()


@pytest.fixture
def fed_bench(tmp_path: Path) -> Iterator[Exchange]:
    """A model that is fed with two rows of two bytes."""
    transport = ProcessTransport(compile_toy(tmp_path / "bench", 4, "-DTOY_FED"))
    yield Exchange(transport, 5.0)
    transport.close()


def put(offset: int, data: bytes) -> bytes:
    return b"put %d %08x " % (offset, zlib.crc32(data)) + data


def test_there_are_no_results_before_an_inference(bench: Exchange) -> None:
    with pytest.raises(BoardError, match="no inference since the input was written"):
        bench.once(b"results")
    assert bench.once(b"output") == {"x-inferences": "0"}


@pytest.mark.parametrize("write", [b"put 0 9e83486d ab", b"db load 4", b"model 0", b"steps"])
def test_results_are_forgotten_when_their_memory_may_hold_something_else(
    bench: Exchange, write: bytes
) -> None:
    bench.once(b"infer 1 0")
    assert "m-results" in bench.once(b"results")
    bench.once(write)
    with pytest.raises(BoardError, match="no inference since"):
        bench.once(b"results")


@pytest.mark.parametrize("command", [b"infer 1 0", b"steps"])
def test_after_a_refused_load_nothing_is_inferred(bench: Exchange, command: bytes) -> None:
    with pytest.raises(BoardError, match="wrong input size"):
        bench.once(b"db load 5")
    with pytest.raises(BoardError, match="the input was not loaded"):
        bench.once(command)
    bench.once(b"db load 4")
    bench.once(b"db 0102")
    with pytest.raises(BoardError, match="the input was not loaded"):
        bench.once(command)
    bench.once(b"db load 4")
    bench.once(b"db 01020304")
    bench.once(command)


def test_the_output_tells_of_which_inferences_it_is(bench: Exchange) -> None:
    told = bench.once(b"infer 3 2")
    again = bench.once(b"output")
    assert (again["x-inferences"], again["x-warm-ups"]) == ("3", "2")
    assert (again["x-ticks"], again["x-output"]) == (told["x-ticks"], told["x-output"])


def test_bytes_of_an_image_are_loaded_as_mlperf_sends_them(image_bench: Exchange) -> None:
    image_bench.once(b"db load 4")
    image_bench.once(b"db 0001807f")
    assert image_bench.once(b"infer 1 0")["x-output"] == "818201" + "00"


def test_rows_are_fed_as_their_bytes_come(fed_bench: Exchange) -> None:
    assert fed_bench.once(b"info")["x-row-bytes"] == "2"
    for offset, piece in ((0, b"a"), (1, b"bc"), (3, b"d")):
        told = fed_bench.once(put(offset, piece))
    assert told["x-crc"] == f"{zlib.crc32(b'abcd'):08x}"
    assert fed_bench.once(b"infer 1 0")["x-output"] == b"bcde".hex()


def test_bytes_that_were_taken_are_not_fed_again(fed_bench: Exchange) -> None:
    for offset, piece in ((0, b"abc"), (0, b"a"), (1, b"bc"), (1, b"bcd"), (2, b"cd")):
        told = fed_bench.once(put(offset, piece))
    assert told["x-crc"] == f"{zlib.crc32(b'abcd'):08x}"
    assert fed_bench.once(b"infer 1 0")["x-output"] == b"bcde".hex()


def test_rows_come_in_order(fed_bench: Exchange) -> None:
    fed_bench.once(put(0, b"ab"))
    with pytest.raises(BoardError, match="taken in order next 2"):
        fed_bench.once(put(3, b"d"))
    with pytest.raises(BoardError, match="not kept"):
        fed_bench.once(b"db print")


@pytest.mark.parametrize("command", [b"infer 1 0", b"steps"])
def test_fed_rows_are_used_up_by_an_inference(fed_bench: Exchange, command: bytes) -> None:
    with pytest.raises(BoardError, match="the input was not loaded"):
        fed_bench.once(command)
    fed_bench.once(put(0, b"abc"))
    with pytest.raises(BoardError, match="the input was not loaded"):
        fed_bench.once(command)
    fed_bench.once(put(3, b"d"))
    fed_bench.once(command)
    with pytest.raises(BoardError, match="the input was not loaded"):
        fed_bench.once(command)


@pytest.mark.parametrize("command", [b"infer 3 2", b"infer 2 0", b"infer 1 1"])
def test_the_output_is_that_of_the_rows_that_were_fed(fed_bench: Exchange, command: bytes) -> None:
    fed_bench.once(b"db load 4")
    fed_bench.once(b"db 01020304")
    assert fed_bench.once(command)["x-output"] == "02030405"
    assert fed_bench.once(b"output")["x-output"] == "02030405"


def test_a_row_that_fails_makes_the_inference_fail(fed_bench: Exchange) -> None:
    fed_bench.once(put(0, b"ab\xddd"))
    with pytest.raises(BoardError, match="inference failed.*4"):
        fed_bench.once(b"infer 1 0")
    fed_bench.once(put(0, b"abcd"))
    assert fed_bench.once(b"infer 1 0")["x-output"] == b"bcde".hex()


def test_the_steps_of_a_fed_model_are_profiled(fed_bench: Exchange) -> None:
    fed_bench.once(put(0, b"abcd"))
    first, _ = fed_bench.once(b"steps")["x-step-ticks"].split(",")
    assert first == "7"
