from hil.virtual.resting_line import REST_AFTER_S, RestingLine
from tests.fake_clock import FakeClock


class Line:
    """Says what it is told to say."""

    def __init__(self) -> None:
        self.says: list[bytes] = []
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def read(self, wait_s: float) -> bytes:
        return self.says.pop(0) if self.says else b""

    def close(self) -> None:
        pass


def resting(clock: FakeClock) -> tuple[RestingLine, Line, list[str]]:
    line, told = Line(), list[str]()
    rests = RestingLine(line, lambda: told.append("stop"), lambda: told.append("go on"), clock)
    return rests, line, told


def silence(line: RestingLine, clock: FakeClock) -> None:
    clock.sleep(2 * REST_AFTER_S)
    assert line.read(0.0) == b""


def test_what_nobody_talks_to_is_stopped_once(clock: FakeClock) -> None:
    line, _, told = resting(clock)
    assert line.read(0.0) == b""
    assert told == [], "it was just started"
    silence(line, clock)
    silence(line, clock)
    assert told == ["stop"]


def test_what_computes_is_not_stopped(clock: FakeClock) -> None:
    line, inner, told = resting(clock)
    line.write(b"\rinfer 1 0%")
    silence(line, clock)
    assert told == []
    inner.says = [b"m-res", b"ults\r\nm-rea", b"dy\r", b"\n"]
    assert b"".join(line.read(0.0) for _ in range(4)).endswith(b"m-ready\r\n")
    silence(line, clock)
    assert told == ["stop"]


def test_two_commands_at_once_have_two_answers(clock: FakeClock) -> None:
    line, inner, told = resting(clock)
    line.write(b"name%info%")
    inner.says = [b"m-ready\r\n"]
    line.read(0.0)
    silence(line, clock)
    assert told == []
    inner.says = [b"m-ready\r\n"]
    line.read(0.0)
    silence(line, clock)
    assert told == ["stop"]


def test_it_goes_on_before_something_is_sent(clock: FakeClock) -> None:
    line, inner, told = resting(clock)
    silence(line, clock)
    line.write(b"name%")
    assert (told, inner.written) == (["stop", "go on"], b"name%")
    silence(line, clock)
    assert told == ["stop", "go on"]
