"""Whole runs inside memory cgroups without swap, and how well memory was predicted. Needs root.

    python -m benchmarks.memory --data PATH --work DIR [--limits 512 320 128] [--json FILE]

Each run is `nas run` with `--host-memory auto`, from the first trial to the golden file.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.files import write_json

MIB = 1 << 20
VERSION_1 = Path("/sys/fs/cgroup/memory")
VERSION_2 = Path("/sys/fs/cgroup")


def main() -> int:
    """Run the benchmark; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--data", required=True, metavar="PATH", help="images, as for 'nas run'")
    add("--work", required=True, type=Path, metavar="DIR", help="runs")
    add("--limits", type=int, nargs="+", default=[512, 320, 128], metavar="MIB", help="of memory")
    add("--final-epochs", type=int, default=5, metavar="N", help="(%(default)s)")
    add("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    figures = {}
    for limit in arguments.limits:
        out = arguments.work / f"run-{limit}"
        command = [str(Path(sys.executable).with_name("nas")), "run", "--data", arguments.data]
        command += ["--target", "stm32f412", "--out", str(out)]
        command += ["--final-epochs", str(arguments.final_epochs)]
        figures[str(limit)] = measure(command, limit * MIB, out)
        print(text(limit, figures[str(limit)]), flush=True)
    if arguments.json:
        write_json(arguments.json, figures)
    return 0 if all(own["exit_code"] == 0 for own in figures.values()) else 1


def measure(command: list[str], limit_bytes: int, out: Path) -> dict[str, Any]:
    """Run a command in a cgroup of its own; what it took, and what its trials were predicted."""
    folder, peak = _make_cgroup(limit_bytes)
    first = time.monotonic()
    try:
        completed = subprocess.run(
            command,
            preexec_fn=lambda: (folder / "cgroup.procs").write_text(str(os.getpid())),
            capture_output=True,
            text=True,
            timeout=7200,
        )
        peak_bytes = int(peak().read_text())
    finally:
        folder.rmdir()
    figures: dict[str, Any] = {
        "exit_code": completed.returncode,
        "seconds": time.monotonic() - first,
        "cgroup_peak_bytes": peak_bytes,
    }
    if completed.returncode != 0:
        return figures | {"error": completed.stderr[-500:]}
    trials = json.loads((out / "run.json").read_text())["trials"]
    trained = [trial for trial in trials if trial["accuracy"] is not None]
    errors = [
        trial["predicted_anonymous_bytes"] / trial["peak_anonymous_bytes"] - 1 for trial in trained
    ]
    return figures | {
        "trials": len(trained),
        "largest_worker_bytes": max(trial["peak_anonymous_bytes"] for trial in trained),
        "prediction_errors": [round(error, 4) for error in errors],
    }


def _make_cgroup(limit_bytes: int) -> tuple[Path, Callable[[], Path]]:
    """A new cgroup without swap, and where it tells its peak."""
    name = f"mcu-nas-{os.getpid()}-{limit_bytes}"
    if VERSION_1.is_dir():
        folder = VERSION_1 / name
        folder.mkdir()
        (folder / "memory.limit_in_bytes").write_text(str(limit_bytes))
        (folder / "memory.memsw.limit_in_bytes").write_text(str(limit_bytes))
        return folder, lambda: folder / "memory.max_usage_in_bytes"
    folder = VERSION_2 / name
    folder.mkdir()
    (folder / "memory.max").write_text(str(limit_bytes))
    (folder / "memory.swap.max").write_text("0")
    return folder, lambda: folder / "memory.peak"


def text(limit: int, figures: dict[str, Any]) -> str:
    """One run as text."""
    if figures["exit_code"] != 0:
        return f"{limit} MiB: FAILED with {figures['exit_code']}: {figures['error']}"
    errors = [abs(error) for error in figures["prediction_errors"]]
    return (
        f"{limit} MiB: completed in {figures['seconds']:.0f} s, {figures['trials']} trials; "
        f"largest worker {figures['largest_worker_bytes'] / 1e6:.0f} MB, predicted within "
        f"{100 * max(errors):.1f} %"
    )


if __name__ == "__main__":
    sys.exit(main())
