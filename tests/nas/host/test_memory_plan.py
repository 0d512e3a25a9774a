"""What the processes of a search take of the host, planned and measured."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.errors import HostMemoryError
from nas.host.memory_plan import (
    LEAST_TASK_BYTES,
    MIB,
    PARENT_GROWTH_BYTES,
    SERVER_BYTES,
    SYSTEM_BYTES,
    plan_memory,
)

PARENT_BYTES = 36 * MIB
"""What the parent may take until its end, if its data is small."""
FIXED = 30 * MIB + PARENT_GROWTH_BYTES + SYSTEM_BYTES


def test_workers_share_what_the_parent_and_the_system_leave() -> None:
    plan = plan_memory(FIXED + 100 * MIB, 2, 30 * MIB, 20 * MIB, 30 * MIB)
    assert plan.workers == 2
    assert plan.worker_bytes == 50 * MIB - SERVER_BYTES
    assert plan.alone_bytes == 100 * MIB - SERVER_BYTES


def test_there_are_only_as_many_workers_as_can_each_train_the_largest_network() -> None:
    plan = plan_memory(FIXED + 100 * MIB, 4, 30 * MIB, 20 * MIB, 43 * MIB)
    assert plan.workers == 1
    assert plan.worker_bytes == plan.alone_bytes == 100 * MIB - SERVER_BYTES
    assert plan_memory(FIXED + 100 * MIB, 4, 30 * MIB, 20 * MIB, 42 * MIB).workers == 2


def test_one_worker_may_have_too_little_for_the_largest_network() -> None:
    assert plan_memory(FIXED + 50 * MIB, 4, 30 * MIB, 20 * MIB, 99 * MIB).workers == 1


def test_too_little_memory_is_refused_with_what_is_needed_and_what_is_there() -> None:
    plan_memory(FIXED + SERVER_BYTES + 20 * MIB, 2, 30 * MIB, 20 * MIB)
    with pytest.raises(HostMemoryError) as caught:
        plan_memory(FIXED + SERVER_BYTES + 20 * MIB - 1, 2, 30 * MIB, 20 * MIB)
    assert str(caught.value) == (
        "the search needs 70.0 MiB of the host's memory, the limit is 70.0 MiB; this process uses "
        "30.0 MiB, the smallest training needs 20.0 MiB; raise --host-memory or the limit of the "
        "control group"
    )


def test_without_a_limit_nothing_is_planned() -> None:
    plan = plan_memory(None, 3, 30 * MIB)
    assert (plan.workers, plan.worker_bytes, plan.alone_bytes) == (3, None, None)


_MEASURED_RUN = """
import contextlib, json, os, re, sys
from pathlib import Path
from nas import Listener, SearchRequest, run_search
from nas.host.process_memory import anonymous_bytes

seen = {"start": 0, "most": 0, "beyond": 0, "loaded": []}

def rollup(process_id):
    text = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    return [1024 * int(re.search(rf"^{name}: +(\\d+)", text, re.M).group(1))
            for name in ("Pss_Anon", "Anonymous")]

def look():
    seen["most"] = max(seen["most"], anonymous_bytes(os.getpid()))

class Ears(Listener):
    def started(self, machine):
        seen["start"] = anonymous_bytes(os.getpid())
        look()
    def trial_ended(self, trial):
        look()
    def trial_progressed(self, candidate, event):
        with contextlib.suppress(OSError):  # a task may have ended
            for children in Path("/proc/self/task").glob("*/children"):
                for server_id in children.read_text().split():
                    self.look_at(server_id)
    def look_at(self, server_id):
        for task_id in Path(f"/proc/{server_id}/task/{server_id}/children").read_text().split():
            (server, _), (own, whole) = rollup(server_id), rollup(task_id)
            seen["beyond"] = max(seen["beyond"], server + own - whole)
    def winner_progressed(self, event):
        look()

run_search(SearchRequest("digits", target="stm32f412", out=Path(sys.argv[1]), macc=12_000,
                         epochs=6, final_epochs=1, workers=1), Ears())
look()
large = {"sklearn", "scipy", "matplotlib", "jinja2", "ai_edge_litert", "tensorflow", "elftools"}
seen["loaded"] = sorted(large & set(sys.modules))
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int | list[str]]:
    """A small search in a process of its own, which looks at itself and at its worker."""
    folder = tmp_path_factory.mktemp("measured")
    completed = subprocess.run(
        [sys.executable, "-c", _MEASURED_RUN, str(folder / "run")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr
    record: dict[str, int | list[str]] = json.loads(completed.stdout)
    return record


def test_the_parent_imports_no_more_than_is_documented(measured: dict[str, int]) -> None:
    assert measured["loaded"] == []
    assert 10 * MIB < measured["most"] <= PARENT_BYTES


def test_the_parent_grows_no_more_than_is_planned(measured: dict[str, int]) -> None:
    assert measured["most"] - measured["start"] <= PARENT_GROWTH_BYTES


def test_a_server_takes_no_more_beside_its_task_than_is_planned(measured: dict[str, int]) -> None:
    assert 0 < measured["beyond"] <= SERVER_BYTES


@pytest.fixture
def control_group(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A memory control group without swap, of as many MiB as the test's parameter says."""
    old, new = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    name, size = f"mcu-nas-test-{os.getpid()}", request.param * MIB
    folder, limits = new / name, ("memory.max",)
    if old.is_dir():
        folder, limits = old / name, ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    try:
        folder.mkdir()
        for limit in limits:
            (folder / limit).write_text(str(size))
    except OSError as error:
        if folder.is_dir():
            folder.rmdir()
        pytest.skip(f"no control group can be made here: {error.strerror}")
    yield folder
    folder.rmdir()


def run_in(group: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`nas run` on the digits, in a control group from its first moment on."""
    program = "import sys; from nas.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "run", "--data", "digits", *options]
    script = 'echo $$ > "$0" && exec "$@"'
    return subprocess.run(
        ["/bin/sh", "-c", script, str(group / "cgroup.procs"), *command],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("control_group", [96], indirect=True)
def test_a_search_completes_in_96_mib_without_swap(control_group: Path, tmp_path: Path) -> None:
    limits = ("--target", "stm32f412", "--macc", "7000", "--epochs", "1", "--final-epochs", "1")
    out = tmp_path / "run"
    completed = run_in(control_group, *limits, "--workers", "2", "--out", str(out))
    assert completed.returncode == 0, completed.stderr[-500:]
    trials = json.loads((out / "run.json").read_text())["trials"]
    for trial in trials:
        if trial["accuracy"] is not None:
            predicted, peak = trial["predicted_anonymous_bytes"], trial["peak_anonymous_bytes"]
            assert abs(predicted / peak - 1) < 0.05


@pytest.mark.parametrize("control_group", [48], indirect=True)
def test_a_search_is_refused_by_name_in_48_mib(control_group: Path, tmp_path: Path) -> None:
    completed = run_in(control_group, "--target", "stm32f412", "--out", str(tmp_path / "run"))
    assert completed.returncode == 1
    last = completed.stderr.splitlines()[-1]
    assert last.startswith("nas: error: the search needs ")
    assert "the limit is 48.0 MiB" in last
    assert LEAST_TASK_BYTES == 20 * MIB
