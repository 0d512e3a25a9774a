"""Kills a run at random moments, again and again: no finished trial may be lost.

    python -m benchmarks.kills --work DIR [--kills 50]

After each `kill -9` the trials in the store must include all those seen before, unchanged; at last
the run is left alone, and must end with the model of a run that was never interrupted.
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from firmware.files import sha256_of_file
from nas.search.trial_store import read_trials
from nas.search.trials import TrialStatus

LONGEST_S = 6.0
Trials = dict[tuple[int, int, int], tuple[float, ...]]


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--work", required=True, type=Path, metavar="DIR", help="runs")
    parser.add_argument("--kills", type=int, default=50, metavar="N", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(%(default)s)")
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    whole, cut = arguments.work / "whole", arguments.work / "cut"
    subprocess.run(_command(whole), check=True, capture_output=True, timeout=900)
    kills, known = 0, {}
    while kills < arguments.kills:
        if (cut / "run.json").exists():
            shutil.rmtree(cut)
            known = {}
        kills += _run_and_kill(cut, rng.uniform(0.3, LONGEST_S))
        found = trained(cut)
        lost = [trial for trial, values in known.items() if found.get(trial) != values]
        if lost:
            print(f"kill {kills}: lost {lost}")
            return 1
        known = found
    subprocess.run(_command(cut), check=True, capture_output=True, timeout=900)
    models = [sha256_of_file(folder / "model.tflite") for folder in (whole, cut)]
    same = models[0] == models[1]
    print(f"{kills} kills, no trial lost; the model is {'the same' if same else 'ANOTHER'}")
    return 0 if same else 1


def _command(out: Path) -> list[str]:
    nas = str(Path(sys.executable).with_name("nas"))
    limits = ["--target", "stm32f412", "--flash", "32768"]
    return [nas, "run", "--data", "digits", *limits, "--out", str(out)]


def _run_and_kill(out: Path, after_s: float) -> bool:
    """Whether the run was killed before it had ended."""
    process = subprocess.Popen(_command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.2)
        return True
    return False


def trained(folder: Path) -> Trials:
    """The accuracies of all trained trials in a store."""
    path = folder / "trials.sqlite"
    if not path.exists():
        return {}
    return {
        (trial.candidate.key, trial.repeat): trial.accuracies
        for trial in read_trials(path)
        if trial.status is TrialStatus.TRAINED
    }


if __name__ == "__main__":
    sys.exit(main())
