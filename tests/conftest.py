import contextlib
import signal

import pytest

from tests.fake_clock import FakeClock

# A shell starts background jobs with Ctrl-C ignored, and their child processes inherit that.
with contextlib.suppress(ValueError):  # not on the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
