import pytest

from hil.patience import Patience


def test_nothing_is_known_at_first() -> None:
    assert Patience().limit_s == Patience.FIRST_S


def test_a_quick_board_is_asked_soon_a_slow_one_late() -> None:
    quick, slow, dead = Patience(), Patience(), Patience()
    for _ in range(100):
        quick.learn(0.01)
        slow.learn(2.0)
        dead.learn(60.0)
    assert quick.limit_s == Patience.SHORTEST_S
    assert slow.limit_s == pytest.approx(2.0, rel=0.01)
    assert dead.limit_s == Patience.LONGEST_S


def test_answers_that_vary_are_waited_for() -> None:
    patience = Patience()
    for _ in range(50):
        patience.learn(0.1)
        patience.learn(0.5)
    assert patience.limit_s > 0.7
