import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from nas.host.worker import CONVERSION, Worker
from tests.compiler_cache import use_compiler_cache
from tests.fake_clock import FakeClock

use_compiler_cache()  # before there are workers, which then share it

TENSORFLOW_GROUP = pytest.mark.xdist_group("tensorflow")

# A shell starts background jobs with Ctrl-C ignored, and their child processes inherit that.
with contextlib.suppress(ValueError):  # not on the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: tests wait for boards, deadlines and child processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long tests first, so that no worker ends long after the others."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def tensorflow_worker() -> Iterator[Worker]:
    """Its tests are one group, `TENSORFLOW_GROUP`: TensorFlow takes seconds to start."""
    with Worker(CONVERSION) as worker:
        yield worker
