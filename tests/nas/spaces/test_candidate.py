import pickle

import pytest

from nas.spaces import Candidate


def test_a_candidate_is_told_by_its_values_in_their_order() -> None:
    candidate = Candidate(k=8, c=3)
    assert (str(candidate), candidate.described) == ("8,3", "k,c = 8,3")
    assert candidate.heading == "k,c"
    assert Candidate({f"v{i}": i for i in range(9)}).heading == "candidate"
    assert candidate.key == '{"k":8,"c":3,"side":0}'
    assert candidate.as_record() == {"k": 8, "c": 3, "side": 0}
    assert str(candidate.having(side=48)) == "8,3 at 48"


def test_equal_values_are_one_candidate() -> None:
    assert Candidate(k=8, c=3) == Candidate(k=8, c=3, side=0)
    assert len({Candidate(k=8, c=3), Candidate(k=8, c=3, side=0), Candidate(k=8, c=4)}) == 2
    sent = pickle.loads(pickle.dumps(Candidate(k=8, c=3)))  # noqa: S301 (our own)
    assert sent == Candidate(k=8, c=3)


def test_candidates_are_ordered_by_the_first_value_then_by_the_others() -> None:
    own = [Candidate(k=k, c=c, side=side) for k in (2, 10) for c in (3, 11) for side in (0, 8)]
    mixed = own[3:] + own[:3]
    assert sorted(mixed) == own


@pytest.mark.parametrize(
    "record",
    [
        [8, 3],
        None,
        {"k": -1},
        {"k": 1.5},
        {"k": True},
        {"k": "8"},
        {"k": 1 << 60},
        {"k c": 1},
        {"k" * 41: 1},
        {f"v{i}": i for i in range(65)},
        {"k": 1, "side": -2},
    ],
)
def test_other_records_are_no_candidates(record: object) -> None:
    with pytest.raises(ValueError, match="expected|invalid name|an object"):
        Candidate.from_record(record)
