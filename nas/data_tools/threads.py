"""Processes images in parallel with threads, because Pillow decodes without Python's lock."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AHEAD = 32
"""Images per thread that are started before the first result is used."""
OnStep = Callable[[str, int, int], None]
"""Called with the name of the step, the amount that is done, and the total."""
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """The results in the order of the items; an exception is raised in its place."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(items), threads * _AHEAD):
            yield from pool.map(work, items[first : first + threads * _AHEAD])
