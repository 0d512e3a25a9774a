from pathlib import Path

import pytest

from nas.host.control_group import group_free_bytes
from nas.host.host_memory import parse_host_memory

MIB = 1 << 20


def group(root: Path, membership: str, groups: dict[str, dict[str, str]]) -> int | None:
    for folder, files in groups.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (root / folder / name).write_text(text)
    (root / "membership").write_text(membership)
    return group_free_bytes(root, root / "membership")


def version_1(limit: int, rss: int = 0) -> dict[str, str]:
    stat = f"cache 9\nrss 5\ntotal_cache 99999999\ntotal_rss {rss}\ntotal_shmem 1000\n"
    return {"memory.limit_in_bytes": f"{limit}\n", "memory.stat": stat}


def version_2(limit: str, anon: int = 0) -> dict[str, str]:
    stat = f"anon {anon}\nfile 99999999\nkernel_stack 100\npagetables 200\nslab_reclaimable 777\n"
    return {"memory.max": f"{limit}\n", "memory.stat": stat}


def test_what_others_of_a_group_of_version_1_take_is_not_free(tmp_path: Path) -> None:
    groups = {"memory/job": version_1(128 * MIB, 30 * MIB)}
    assert group(tmp_path, "4:memory:/job\n0::/\n", groups) == 98 * MIB - 1000


def test_what_others_of_a_group_of_version_2_take_is_not_free(tmp_path: Path) -> None:
    groups = {"user/job": version_2(str(128 * MIB), 30 * MIB)}
    assert group(tmp_path, "0::/user/job\n", groups) == 98 * MIB - 300


def test_a_group_above_may_have_the_lower_limit(tmp_path: Path) -> None:
    groups = {"user": version_2(str(64 * MIB)), "user/job": version_2("max")}
    assert group(tmp_path, "0::/user/job\n", groups) == 64 * MIB - 300


def test_in_a_container_the_limit_is_at_the_root(tmp_path: Path) -> None:
    groups = {"memory": version_1(96 * MIB)}
    assert group(tmp_path, "4:cpu,memory:/docker/0123\n", groups) == 96 * MIB - 1000


def test_a_soft_limit_counts_because_the_kernel_slows_down_what_passes_it(tmp_path: Path) -> None:
    files = version_2(str(128 * MIB)) | {"memory.high": str(100 * MIB)}
    assert group(tmp_path, "0::/job\n", {"job": files}) == 100 * MIB - 300


@pytest.mark.parametrize("limit", [(1 << 63) - 4096, (1 << 63) - 1])
def test_a_group_without_a_limit_limits_nothing(tmp_path: Path, limit: int) -> None:
    groups = {"memory/job": version_1(limit), "job": version_2("max")}
    assert group(tmp_path, "4:memory:/job\n0::/job\n", groups) is None


def test_a_host_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert group_free_bytes(tmp_path, tmp_path / "nothing") is None


def test_a_size_beyond_the_limit_of_the_group_is_cut_down_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nas.host.host_memory.group_free_bytes", lambda: 100 * MIB)
    monkeypatch.setattr("nas.host.host_memory.anonymous_bytes", lambda _: 28 * MIB)
    assert parse_host_memory("512MiB") == 128 * MIB
    assert parse_host_memory("auto") <= 128 * MIB
    assert parse_host_memory("64MiB") == 64 * MIB
