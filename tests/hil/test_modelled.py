"""How the marks of the cycle model are assigned to an inference and its kernel calls."""

from hil.modelled import Counts, CycleMeter, Mark, counts_of_run, counts_of_steps


def start(cycles: int) -> Mark:
    return Mark(None, True, Counts(cycles=cycles))


def read(cycles: int) -> Mark:
    return Mark(None, False, Counts(cycles=cycles))


def stored(step: int, cycles: int) -> Mark:
    return Mark(step, True, Counts(cycles=cycles))


def test_an_inference_lasts_from_the_start_to_the_first_reading() -> None:
    counts = counts_of_run([read(5), start(10), read(110), read(500)])
    assert counts == Counts(cycles=100)


def test_of_an_inference_in_rows_what_measuring_takes_is_subtracted_for_each_row() -> None:
    marks = [start(0), read(50), start(60), read(64), start(70), read(90)]
    assert counts_of_run(marks) == Counts(cycles=50 - 4 + 20)


def test_an_inference_that_was_not_measured_is_not_known() -> None:
    assert counts_of_run([]) is None
    assert counts_of_run([read(5)]) is None
    assert counts_of_run([start(0), read(50), start(60), read(64)]) is None


def test_steps_that_are_measured_one_by_one() -> None:
    marks = [read(1), start(2), read(12), read(13), start(20), read(50)]
    assert counts_of_steps(marks, 2) == (Counts(cycles=10), Counts(cycles=30))
    assert counts_of_steps(marks, 3) is None


def test_steps_that_are_measured_inside_each_other() -> None:
    """Step 1 asks step 0 for a row, twice."""
    marks = [read(0), start(1), stored(0, 2), stored(1, 3)]
    marks += [read(10), read(12), read(22), stored(0, 23), read(30), stored(1, 31)]
    marks += [read(40), read(42), read(52), stored(0, 53), read(60), stored(1, 61)]
    assert counts_of_steps(marks, 2) == (Counts(cycles=20), Counts(cycles=40))


def test_a_step_beyond_the_last_makes_all_of_them_unknown() -> None:
    assert counts_of_steps([start(0), read(1), read(2), stored(7, 3)], 2) is None


def meter(*parts: list[Mark]) -> CycleMeter:
    """A meter whose marks come in these parts, each after one that is discarded."""
    left = [own for part in parts for own in ([read(0)], part)]
    return CycleMeter(lambda: left.pop(0))


def test_the_median_inference_is_told_without_what_measuring_takes() -> None:
    runs = [[start(0), read(cycles)] for cycles in (300, 100, 200)]
    own = meter(*runs, [start(0), read(7)])
    for _ in runs:
        own.run(lambda: None)
    timing = own.timing(lambda: None)
    assert timing is not None
    assert timing.inference.cycles == 200 - 7
    assert timing.steps == ()
    assert timing.milliseconds(100_000) == 1.93


def test_without_marks_nothing_is_told() -> None:
    own = meter([], [])
    own.run(lambda: None)
    assert own.timing(lambda: None) is None
