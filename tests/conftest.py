import contextlib
import signal

import pytest

from tests.fake_clock import FakeClock

# In the background of a shell Ctrl-C is ignored, and so would be by every program that is started.
with contextlib.suppress(ValueError):  # not on the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
