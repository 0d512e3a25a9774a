"""TFLM's interpreter on this machine, from PyPI's tflite-micro, which is built for x86-64 alone."""

import faulthandler
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
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


def starts(content: bytes, arena_bytes: int) -> bool:
    """Whether the interpreter starts with a buffer of so many bytes.

    The wheel gets it from malloc, at a multiple of 16.
    """
    return _works(lambda: interpreter(content, arena_bytes))


def runs(content: bytes) -> bool:
    """Whether the interpreter has a kernel for each operator, and each gives an output."""

    def once() -> None:
        running = interpreter(content)
        given = running.get_input_details(0)
        running.set_input(np.zeros(given["shape"], given["dtype"]), 0)
        running.invoke()

    return _works(once)


def _works(act: Callable[[], object]) -> bool:
    """In a process of its own: the interpreter may fall over what it has no room for."""
    pytest.importorskip("tflite_micro", reason="needs tflite-micro, x86-64 only")
    child = os.fork()
    if child == 0:
        faulthandler.disable()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0
