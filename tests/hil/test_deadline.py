from hil.deadline import Deadline
from tests.fake_clock import FakeClock


def test_time_runs_out_once(clock: FakeClock) -> None:
    deadline = Deadline.after(5.0, clock)
    assert deadline.left_s == 5.0
    clock.sleep(4.0)
    assert (deadline.left_s, deadline.has_passed) == (1.0, False)
    clock.sleep(10.0)
    assert (deadline.left_s, deadline.has_passed) == (0.0, True)
