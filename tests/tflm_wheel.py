"""TFLM's interpreter on this machine, from PyPI's tflite-micro, which is built for x86-64 alone."""

import re
from typing import Any

import pytest
from numpy.typing import NDArray

ROOMY_BYTES = 1 << 20


def interpreter(content: bytes, arena_bytes: int = ROOMY_BYTES) -> Any:
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="needs tflite-micro, x86-64 only"
    )
    return runtime.Interpreter.from_bytes(content, arena_size=arena_bytes)


def recorded(content: bytes, capfd: pytest.CaptureFixture[str]) -> tuple[int, int]:
    """Bytes at the head and in all of the arena, as the real interpreter reports them."""
    capfd.readouterr()
    interpreter(content).print_allocations()
    text = "".join(capfd.readouterr())
    total, head = (
        re.search(rf"Arena allocation {what} (\d+) bytes", text) for what in ("total", "head")
    )
    assert total is not None
    assert head is not None
    return int(head[1]), int(total[1])


def tflm_answer(content: bytes, batch: NDArray[Any]) -> NDArray[Any]:
    """The first output for one input."""
    running = interpreter(content)
    running.set_input(batch, 0)
    running.invoke()
    output: NDArray[Any] = running.get_output(0)
    return output
