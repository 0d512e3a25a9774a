"""Work on many images side by side. Starts threads: Pillow decodes outside of Python's lock."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AHEAD = 32
"""Images that are begun, for each thread, before the first of them is asked for."""
OnStep = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """The results in the order of the items; an exception of the work is raised in its place."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(items), threads * _AHEAD):
            yield from pool.map(work, items[first : first + threads * _AHEAD])
