"""How long the virtual board takes with the cycle model, and how long without.

    python -m benchmarks.counting_time PROJECT... [--rounds 5] [--inferences 20]

PROJECT is a folder of 'codegen build MODEL.tflite --target stm32f412 --compile'. The table gives
processor seconds: of QEMU for one inference, and of QEMU and Python for a whole 'hil run', with its
start, its serial line, all golden inputs and the kernel calls. The rounds alternate between both,
and the medians count. Needs Linux, qemu-system-arm and a C compiler.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from firmware.text_table import table
from hil.elf import measure_elf
from hil.exchange import Exchange
from hil.project import Project, read_project
from hil.protocol import BenchClient
from hil.virtual.cycles.cycle_model import CycleModel, cycle_model
from hil.virtual.virtual_board import VirtualBoard

ANSWER_LIMIT_S = 600.0
TICKS = ("static_ticks",)


def inference_s(project: Project, model: CycleModel | None, inferences: int) -> float:
    """Processor seconds of QEMU for one inference, after one that translates the code.

    A model that is fed with rows runs its first inference while the input arrives, so each is one
    of several on the same input.
    """
    elf = project.firmware
    with VirtualBoard(elf, measure_elf(elf, ()).ram_end, model, TICKS) as board:
        qemu = int(Path("/proc/thread-self/children").read_text().split()[-1])
        client = BenchClient(board.transport, ANSWER_LIMIT_S)
        client.connect()
        data = bytes(client.identify().input_bytes)
        exchange = Exchange(board.transport, ANSWER_LIMIT_S)
        exchange.connect()
        spent = []
        for count in (2, 2, 2 + inferences):
            client.load(data)
            before_s = _processor_s(qemu)
            exchange.ask(b"infer %d 0" % count)
            spent.append(_processor_s(qemu) - before_s)
    return (spent[2] - spent[1]) / inferences


def run_s(project: Path, counts_cycles: bool) -> float:
    """Processor seconds of a whole run of `hil`, and of what it starts."""
    command = [sys.executable, "-c", "import sys; from hil.cli import main; sys.exit(main())"]
    command += ["run", str(project), "--board", "virtual", "--no-build"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as empty:
        no_model = {"XDG_CACHE_HOME": empty, "CC": "false"}
        environment = os.environ | ({} if counts_cycles else no_model)
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"hil run failed: {done.stderr.strip()[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _processor_s(process: int) -> float:
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(own.read_text().split()[0]) for own in tasks) / 1e9


def row(folder: Path, rounds: int, inferences: int) -> list[str]:
    """The figures of a project, as text."""
    project = read_project(folder)[0]
    model = cycle_model(project.target)
    found: dict[str, list[float]] = {name: [] for name in ("one", "one+", "run", "run+")}
    for _ in range(rounds):
        found["one"].append(inference_s(project, None, inferences))
        found["one+"].append(inference_s(project, model, inferences))
        found["run"].append(run_s(folder, counts_cycles=False))
        found["run+"].append(run_s(folder, counts_cycles=True))
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    one, one_with, run, run_with = medians.values()
    return [
        folder.name,
        f"{one:.4f}",
        f"{one_with:.4f}",
        f"{one_with / one:.2f}",
        f"{run:.2f}",
        f"{run_with:.2f}",
        f"{run_with / run:.2f}",
    ]


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("projects", nargs="+", type=Path, metavar="PROJECT")
    parser.add_argument("--rounds", type=int, default=5, help="of each (%(default)s)")
    parser.add_argument("--inferences", type=int, default=20, help="in a row (%(default)s)")
    arguments = parser.parse_args()
    rows = [row(own, arguments.rounds, arguments.inferences) for own in arguments.projects]
    header = ["model", "inference", "with cycles", "ratio", "hil run", "with cycles", "ratio"]
    print(table(header, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
