"""Ageing evolution from templates that are scaled to the limits. Pure.

Source: Real et al., Regularized Evolution for Image Classifier Architecture Search, AAAI 2019.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np

from nas.search.bounds import Bounds, Search, evaluate, ranked
from nas.spaces import Candidate

CHILDREN, GENERATIONS = 2, 8
"""Candidates that are trained together, and how often."""
POPULATION = 12
"""The youngest members, of which some may become parents."""
RIVALS = 6
"""Members of which the best becomes a parent."""
SECOND_MOVE = 0.3
"""Probability that a child differs from its parent in a second value."""
OTHER_SHARE = 0.3
"""Probability that another part of the limits is among the possible changes of a member."""
_ATTEMPTS = 60
"""Moves that are tried before it is accepted that no new child fits."""
FINALISTS = 3
"""Candidates that are trained a second time, with another seed."""
_SIDE, _SHARE = "side", "share"


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate, and how much of the limits it uses.

    Attributes:
        candidate: The candidate.
        halvings: How often its width was halved below the widest that fits. Children have the
            same, so that they use the limits as their parent does.
    """

    candidate: Candidate
    halvings: int = 0

    @classmethod
    def scaled(cls, bounds: Bounds, candidate: Candidate, halvings: int) -> Self | None:
        """A member with the widest width that fits, halved; None if no width fits."""
        space = bounds.space
        widest = bounds.widest(space.with_width(candidate, space.widths[0]))
        if widest is None:
            return None
        return cls(space.with_width(widest, space.width(widest) >> halvings), halvings)


def evolve(bounds: Bounds) -> Search:
    """The templates of the space, then changes of the best of a population, then repetitions.

    Every candidate is as wide as the limits allow. A child differs from its parent in one or two
    values, and is scaled to the limits again. Only the youngest members can be parents, so that a
    lucky training does not lead the search for long. At last the best few candidates are trained
    again with another seed, and the highest mean accuracy wins.
    """
    rng = np.random.default_rng(bounds.seed)
    found: dict[Candidate, list[float]] = defaultdict(list)
    population: list[Member] = []
    known: set[Candidate] = set()
    new = _first(bounds)
    for _ in range(GENERATIONS + 1):
        known |= {member.candidate for member in new}
        yield from evaluate([member.candidate for member in new], found)
        population += [member for member in new if member.candidate in found]
        population = population[-POPULATION:]
        new = _children(bounds, population, found, known, rng)
        if not new:
            break
    yield from evaluate(ranked(found)[:FINALISTS], found)
    return next(iter(ranked(found)), None)


def _first(bounds: Bounds) -> list[Member]:
    """The templates at the first side; if none fits there, at the next smaller side."""
    for side in sorted((own for own in bounds.inputs if own <= bounds.first_side), reverse=True):
        members = [Member.scaled(bounds, own, 0) for own in bounds.templates(side)]
        fitting = [member for member in members if member is not None]
        if fitting:
            return list(dict.fromkeys(fitting))
    return []


def _children(
    bounds: Bounds,
    population: list[Member],
    found: dict[Candidate, list[float]],
    known: set[Candidate],
    rng: np.random.Generator,
) -> list[Member]:
    """New members that fit; fewer than `CHILDREN` if moves do not lead to more."""
    children: dict[Candidate, Member] = {}
    for _ in range(_ATTEMPTS if population else 0):
        rivals = rng.permutation(len(population))[:RIVALS]
        parent = max((population[own] for own in rivals), key=lambda own: found[own.candidate])
        child = _moved(bounds, parent, rng)
        if child is not None and rng.random() < SECOND_MOVE:
            child = _moved(bounds, child, rng)
        if child is not None and child.candidate not in known:
            children[child.candidate] = child
        if len(children) == CHILDREN:
            break
    return list(children.values())


def _moved(bounds: Bounds, member: Member, rng: np.random.Generator) -> Member | None:
    """A member that differs in one value; None if it does not fit.

    First the kind of the value is chosen and then the value, so that the many values of stages do
    not crowd out the others. Names that differ in a number only are of one kind.
    """
    space, kinds = bounds.space, defaultdict[str, list[tuple[Candidate, int]]](list)
    candidate, halvings = member.candidate, member.halvings
    for own in space.neighbours(candidate):
        if space.width(own) == space.width(candidate):
            name = next(name for name in own if own[name] != candidate[name])
            kinds[name.rstrip("0123456789")].append((own, halvings))
    sides = list(bounds.inputs)
    at = sides.index(candidate.side)
    for side in chain(sides[max(at - 1, 0) : at], sides[at + 1 : at + 2]):
        kinds[_SIDE].append((candidate.having(**{_SIDE: side}), halvings))
    if rng.random() < OTHER_SHARE:
        kinds[_SHARE] = [(candidate, own) for own in (halvings - 1, halvings + 1) if own >= 0]
    options = kinds[sorted(kinds)[int(rng.integers(len(kinds)))]]
    return Member.scaled(bounds, *options[int(rng.integers(len(options)))])
