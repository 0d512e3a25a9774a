"""Replays a recorded landscape: how many evaluations each strategy needs, and what it loses.

    python -m benchmarks.strategies benchmarks/landscape.json [--rounds 1000]

The true accuracy of a candidate is the mean of its recorded trainings; an evaluation gives it with
the recorded scatter. Regret is what the winner's true accuracy lacks to the best of all.
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware.files import write_json
from nas.search.bounds import Accuracy, Bounds, Evaluation
from nas.search.strategy import known_strategies, start_strategy
from nas.spaces import Candidate, find_space

SPACE, SHAPE = find_space("paper"), (50, 50, 3)
"""What `benchmarks.landscape` records."""


@dataclass(frozen=True, slots=True)
class Landscape:
    """What was recorded.

    Attributes:
        accuracies: Mean of the best epochs of all trainings, by candidate.
        scatter: Standard deviation of one training around that mean, pooled.
    """

    accuracies: dict[Candidate, float]
    scatter: float

    @property
    def bounds(self) -> Bounds:
        """What a strategy may know of it."""
        return Bounds(SPACE, lambda candidate: candidate in self.accuracies, {0: SHAPE})


def main() -> int:
    """Replay; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("landscape", type=Path, metavar="FILE.json")
    parser.add_argument("--rounds", type=int, default=1000, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    landscape = read_landscape(arguments.landscape)
    best = max(landscape.accuracies.values())
    print(
        f"{len(landscape.accuracies)} candidates, the best at {100 * best:.2f} %, scatter of one "
        f"training {100 * landscape.scatter:.2f} pp, {arguments.rounds} rounds"
    )
    figures = {}
    for name in known_strategies():
        figures[name] = replay(name, landscape, arguments.rounds)
        own = figures[name]
        print(
            f"{name:<10} evaluations {own['evaluations']:5.1f} (at most {own['most']}), regret "
            f"{own['regret_pp']:.2f} pp (95 % of rounds below {own['regret_95_pp']:.2f} pp)"
        )
    if arguments.json:
        write_json(arguments.json, figures)
    return 0


def read_landscape(path: Path) -> Landscape:
    """What `benchmarks.landscape` wrote."""
    trials: dict[str, list[float]] = json.loads(path.read_text())["trials"]
    found: dict[Candidate, list[float]] = defaultdict(list)
    for name, accuracies in trials.items():
        found[SPACE.parse(name.split()[0])].append(max(accuracies))
    variances = [statistics.variance(values) for values in found.values() if len(values) > 1]
    means = {candidate: statistics.mean(values) for candidate, values in found.items()}
    return Landscape(means, statistics.mean(variances) ** 0.5)


def replay(name: str, landscape: Landscape, rounds: int) -> dict[str, float]:
    """A strategy on the landscape, again and again with other noise."""
    best = max(landscape.accuracies.values())
    evaluations, regrets = [], []
    for seed in range(rounds):
        winner, count = play(name, landscape.bounds, noisy(landscape, seed))
        evaluations.append(count)
        regrets.append(best - (landscape.accuracies[winner] if winner else 0.0))
    return {
        "evaluations": statistics.mean(evaluations),
        "most": max(evaluations),
        "regret_pp": 100 * statistics.mean(regrets),
        "regret_95_pp": 100 * float(np.quantile(regrets, 0.95)),
    }


def noisy(landscape: Landscape, seed: int) -> Callable[[Evaluation], Accuracy]:
    """Accuracies with noise; the same evaluation gives the same each time."""
    rng = np.random.default_rng(seed)
    known: dict[Evaluation, float] = {}

    def judge(evaluation: Evaluation) -> Accuracy:
        accuracy = landscape.accuracies.get(evaluation.candidate)
        if accuracy is None:
            return None
        return known.setdefault(evaluation, accuracy + rng.normal(0, landscape.scatter))

    return judge


def play(
    name: str, bounds: Bounds, judge: Callable[[Evaluation], Accuracy]
) -> tuple[Candidate | None, int]:
    """The winner of a strategy, and how many trainings it took."""
    strategy = start_strategy(name, bounds)
    count = 0
    wanted = next(strategy)
    while True:
        accuracies = tuple(judge(evaluation) for evaluation in wanted)
        count += sum(accuracy is not None for accuracy in accuracies)
        try:
            wanted = strategy.send(accuracies)
        except StopIteration as stop:
            return stop.value, count


if __name__ == "__main__":
    sys.exit(main())
