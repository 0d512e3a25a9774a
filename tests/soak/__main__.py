"""Runs commands under random faults for some minutes; exit 1 if anything went wrong.

Each line names the seed of its episode: `--only SCENARIO --first-seed N --minutes 0` repeats it.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.soak.desk import Desk, Violation
from tests.soak.scenarios import SCENARIOS, Scenario, undisturbed


def episode(scenario: Scenario, seed: int, expected: dict[str, str]) -> str:
    """Run one; gives what went wrong, or nothing."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        scenario(Desk(folder, folder.name), random.Random(seed), expected)
    except Violation as violation:
        return str(violation)
    except subprocess.TimeoutExpired as slow:
        return f"no end within {slow.timeout:g} s"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ""


def main() -> int:
    """Run the command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, default=30.0, help="how long, at least one episode (%(default)g)")
    add("--seed", type=int, default=0, help="of the order of episodes (%(default)s)")
    add("--first-seed", type=int, help="of the first episode's faults")
    names = {own.__name__: own for own in SCENARIOS}
    add("--only", choices=sorted(names), action="append", help="only these scenarios")
    arguments = parser.parse_args()
    # A shell starts background jobs with Ctrl-C ignored, and their child processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = [names[name] for name in arguments.only or names]
    rng = random.Random(arguments.seed)
    end_s = time.monotonic() + 60 * arguments.minutes
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    expected = undisturbed(Desk(folder, folder.name))
    shutil.rmtree(folder)
    counts: Counter[str] = Counter()
    violations, seed = 0, arguments.first_seed
    while not counts or time.monotonic() < end_s:
        scenario = rng.choice(chosen)
        seed = rng.randrange(1 << 30) if seed is None else seed
        first_s = time.monotonic()
        trouble = episode(scenario, seed, expected)
        counts[scenario.__name__] += 1
        violations += bool(trouble)
        seconds = time.monotonic() - first_s
        text = f"VIOLATION: {trouble}" if trouble else "as promised"
        print(f"{scenario.__name__:34} seed {seed:<10} {seconds:5.1f} s  {text}", flush=True)
        seed = None
    for name, count in sorted(counts.items()):
        print(f"{count:5} {name}")
    print(f"{sum(counts.values())} episodes, {violations} violations, seed {arguments.seed}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
