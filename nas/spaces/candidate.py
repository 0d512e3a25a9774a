"""A candidate: one point of a search space. Pure."""

import json
from collections.abc import Iterator, Mapping
from functools import total_ordering
from typing import Any, Self

SIDE = "side"
"""Name of the value that every candidate has: the rows and columns of its input."""
_MOST_VALUES, _MOST_NAME = 64, 40
_MOST_IN_HEADING = 8


@total_ordering
class Candidate(Mapping[str, int]):
    """Whole numbers by name. A search space defines the names. Hashable, ordered, and JSON.

    Candidates of one space are ordered by their values; the first value counts most.

    Args:
        values: The values by name. `side` is the rows and columns of the input. It is 0, the
            default, if all candidates have the same input.

    Raises:
        ValueError: A value is not a whole number of 0 or more, or a name is not a word.

    Example:
        >>> Candidate(k=8, c=3)["k"]
        8
    """

    __slots__ = ("_key", "_values")

    def __init__(self, values: Mapping[str, int] | None = None, **named: int) -> None:
        own = {**(values or {}), **named}
        side = own.pop(SIDE, 0)
        self._values = {**own, SIDE: side}
        if len(self._values) > _MOST_VALUES:
            raise ValueError(f"{len(self._values)} values, expected at most {_MOST_VALUES}")
        for name, value in self._values.items():
            if not isinstance(name, str) or not name.isidentifier() or len(name) > _MOST_NAME:
                raise ValueError(f"invalid name of a value: {str(name)[:_MOST_NAME]!r}")
            if type(value) is not int or not 0 <= value < 1 << 53:
                raise ValueError(f"{name}: expected a whole number of 0 or more")
        self._key = json.dumps(self._values, separators=(",", ":"))

    @classmethod
    def from_record(cls, record: object) -> Self:
        """The candidate of a record from `as_record`.

        Raises:
            ValueError: The record is not a candidate.
        """
        if not isinstance(record, Mapping):
            raise ValueError("a candidate must be an object of whole numbers")
        return cls(record)

    def as_record(self) -> dict[str, Any]:
        """The values, in a form that JSON can store."""
        return dict(self._values)

    @property
    def key(self) -> str:
        """The candidate as JSON. Equal candidates of a space have equal keys."""
        return self._key

    @property
    def side(self) -> int:
        """Rows and columns of its input; 0 if all candidates have the same input."""
        return self._values[SIDE]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its values without the side, in order."""
        return tuple(name for name in self._values if name != SIDE)

    @property
    def heading(self) -> str:
        """The names as the heading of a column, such as `k,c`; `candidate` if they are many."""
        return ",".join(self.names) if len(self.names) <= _MOST_IN_HEADING else "candidate"

    @property
    def described(self) -> str:
        """The values with their names, such as `k,c = 8,3`."""
        return f"{self.heading} = {self}"

    def having(self, **changed: int) -> Self:
        """A copy with some values replaced."""
        return type(self)({**self._values, **changed})

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and self._key == other._key

    def __lt__(self, other: "Candidate") -> bool:
        return tuple(self._values.values()) < tuple(other._values.values())

    def __str__(self) -> str:
        """The values as they are typed, such as `8,3`, and the side if it is not 0."""
        typed = ",".join(str(self._values[name]) for name in self.names)
        return f"{typed} at {self.side}" if self.side else typed

    def __repr__(self) -> str:
        return f"Candidate({', '.join(f'{name}={value}' for name, value in self.items())})"
