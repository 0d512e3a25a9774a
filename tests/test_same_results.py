"""The check that results stay the same: it must go red for every kind of difference."""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import same_results
from benchmarks.compare_results import DIFFERENT, NOT_COMPARABLE, SAME, changes, compare, told
from benchmarks.found_results import Search, hash_of_arrays, made_with

OWN = {
    "has_tensorflow": False,
    "trials": ["k 5 c 2 side 0 #0: trained 0.5 0.75", "k 5 c 3 side 0 #0: infeasible"],
    "sizes": {"k 5 c 2 side 0": "10 MACC", "k 5 c 3 side 0": "20 MACC"},
    "trained": {"winner": "k 5 c 2 side 0", "float weights": "a" * 64},
    "converted": {"model.tflite": "b" * 64, "arena": "928 bytes", "found/src/found.c": "c" * 64},
}
MADE_WITH = {"vector bits": "512", "numpy": "2", "ai-edge-litert": "2", "tensorflow": "2.21"}


def record() -> dict[str, Any]:
    searches = {"folded": OWN, "paper": OWN | {"has_tensorflow": True}}
    whole = {
        "made_with": MADE_WITH,
        "data": {"digits": {"images_sha256": "", "searches": searches}},
    }
    copied: dict[str, Any] = json.loads(json.dumps(whole))
    return copied


def searches_of(whole: dict[str, Any]) -> dict[str, Any]:
    searches: dict[str, Any] = whole["data"]["digits"]["searches"]
    return searches


def verdicts(
    recorded: dict[str, Any], now: dict[str, Any], search: str = "folded"
) -> dict[str, str]:
    return {row.what: row.verdict for row in compare(recorded, now) if row.search == search}


def test_the_same_results_are_the_same() -> None:
    rows = compare(record(), record())
    assert {row.search for row in rows} == {"folded", "paper"}
    assert {row.verdict for row in rows} == {SAME}


@pytest.mark.parametrize(
    ("kind", "name", "value", "what"),
    [
        ("trials", 0, "k 5 c 2 side 0 #0: trained 0.5 0.7500000000000001", {"trials"}),
        ("trials", 1, "k 5 c 3 side 0 #0: failed", {"trials"}),
        ("trials", 1, "k 5 c 4 side 0 #0: infeasible", {"trials", "their order"}),
        ("sizes", "k 5 c 3 side 0", "21 MACC", {"sizes of 2"}),
        ("trained", "winner", "k 5 c 3 side 0", {"winner"}),
        ("trained", "float weights", "d" * 64, {"float weights"}),
        ("converted", "model.tflite", "d" * 64, {"model.tflite"}),
        ("converted", "arena", "929 bytes", {"arena"}),
        ("converted", "found/src/found.c", "d" * 64, {"found/src/found.c"}),
        ("converted", "found/src/another.c", "d" * 64, {"found/src/another.c"}),
    ],
)
def test_one_difference_is_told_where_it_is(
    kind: str, name: Any, value: str, what: set[str]
) -> None:
    now = record()
    searches_of(now)["folded"][kind][name] = value
    found = verdicts(record(), now)
    assert {own for own, verdict in found.items() if verdict == DIFFERENT} == what
    assert set(verdicts(record(), now, "paper").values()) == {SAME}


def test_another_order_of_the_same_trials_differs_in_the_order_alone() -> None:
    now = record()
    searches_of(now)["folded"]["trials"].reverse()
    found = verdicts(record(), now)
    assert [own for own, verdict in found.items() if verdict == DIFFERENT] == ["their order"]


def test_a_file_that_is_no_longer_made_differs() -> None:
    now = record()
    del searches_of(now)["folded"]["converted"]["found/src/found.c"]
    assert verdicts(record(), now)["found/src/found.c"] == DIFFERENT


def test_a_search_that_was_not_recorded_differs() -> None:
    recorded = record()
    del searches_of(recorded)["folded"]
    assert set(verdicts(recorded, record()).values()) == {DIFFERENT}


def test_on_another_processor_sizes_must_be_the_same_and_nothing_else() -> None:
    now = record()
    now["made_with"]["vector bits"] = "256"
    own = searches_of(now)["folded"]
    own["trials"], own["sizes"] = ["k 9 c 2 side 0 #0: trained 0.1"], {"k 5 c 2 side 0": "11 MACC"}
    own["trained"]["float weights"] = own["converted"]["model.tflite"] = "d" * 64
    found = verdicts(record(), now)
    assert found.pop("sizes of 1") == DIFFERENT
    names = {"trials", "their order", "float weights", "model.tflite"}
    assert {own for own, verdict in found.items() if verdict == NOT_COMPARABLE} == names
    assert {found[own] for own in found.keys() - names} == {SAME}


@pytest.mark.parametrize(
    ("package", "search", "kind", "name", "verdict"),
    [
        ("tensorflow", "folded", "converted", "model.tflite", DIFFERENT),
        ("tensorflow", "paper", "converted", "model.tflite", NOT_COMPARABLE),
        ("tensorflow", "paper", "trained", "float weights", DIFFERENT),
        ("ai-edge-litert", "folded", "converted", "model.tflite", NOT_COMPARABLE),
        ("ai-edge-litert", "folded", "trained", "float weights", DIFFERENT),
        ("numpy", "folded", "trained", "float weights", NOT_COMPARABLE),
    ],
)
def test_another_version_excuses_what_it_decides(
    package: str, search: str, kind: str, name: str, verdict: str
) -> None:
    now = record()
    now["made_with"][package] = "9"
    searches_of(now)[search][kind][name] = "d" * 64
    assert verdicts(record(), now, search)[name] == verdict


def test_the_text_names_what_differs_and_what_cannot_be_compared() -> None:
    now = record()
    searches_of(now)["folded"]["trials"][0] = "k 5 c 2 side 0 #0: trained 0.5 0.625"
    text = told(compare(record(), now), {})
    assert "  recorded k 5 c 2 side 0 #0: trained 0.5 0.75\n" in text
    assert "  now      k 5 c 2 side 0 #0: trained 0.5 0.625\n" in text
    assert text.endswith("15 same, 1 DIFFERENT, 0 not comparable")
    now["made_with"]["numpy"] = "3"
    changed = changes(MADE_WITH, now["made_with"])
    text = told(compare(record(), now), changed)
    assert "these differ from the recording" in text
    assert "  numpy: 2, now 3\n" in text


def test_what_results_depend_on_is_known_here() -> None:
    found = made_with()
    assert all(found.values()) or not found["tuned for"]
    assert found["vector bits"] in ("128", "256", "512")


def test_arrays_count_by_name_type_shape_and_bytes_and_not_as_they_are_packed(
    tmp_path: Path,
) -> None:
    def hash_of_file(**arrays: Any) -> str:
        np.savez(tmp_path / "one.npz", **arrays)
        return hash_of_arrays(tmp_path / "one.npz", "best_")

    values = np.arange(6, dtype=np.float32)
    expected = hash_of_file(best_0=values, state_0=values)
    np.savez_compressed(tmp_path / "packed.npz", best_0=values)
    assert hash_of_arrays(tmp_path / "packed.npz", "best_") == expected
    changed = values.copy()
    changed[3] = np.nextafter(changed[3], np.float32(9))
    others = [
        hash_of_file(best_0=changed),
        hash_of_file(best_0=values.reshape(2, 3)),
        hash_of_file(best_0=values.view(np.int32)),
        hash_of_file(best_1=values),
        hash_of_file(best_0=values, best_1=values),
    ]
    assert len({expected, *others}) == 6
    with pytest.raises(SystemExit, match=r"one.npz' of a run holds no array best_\*"):
        hash_of_file(state_0=values)


def test_images_are_taken_evenly_and_alike_from_a_folder_and_its_zip(tmp_path: Path) -> None:
    names = [f"{own}/{i}.png" for own in ("cat", "dog") for i in range(6)]
    for name in [*names, "index.csv"]:
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(name)
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as archive:
        for name in reversed(["index.csv", *names]):
            archive.writestr(name, name)
    hashes = {
        same_results.choose_images(tmp_path / own, 4, tmp_path / "chosen.zip")
        for own in ("own", "own.zip")
    }
    assert len(hashes) == 1
    with zipfile.ZipFile(tmp_path / "chosen.zip") as archive:
        assert archive.namelist() == ["cat/0.png", "cat/3.png", "dog/0.png", "dog/3.png"]
        assert archive.read("dog/3.png") == b"dog/3.png"
    with pytest.raises(SystemExit, match="--images is 13, expected 1 to 12, which are there"):
        same_results.choose_images(tmp_path / "own.zip", 13, tmp_path / "chosen.zip")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["same_results", *arguments])
    return same_results.main()


@pytest.mark.long
def test_a_search_finds_what_was_recorded_and_a_forged_record_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = Search("folded", ("--space", "folded"))
    monkeypatch.setattr(same_results, "SEARCHES", {same_results.DIGITS: (search,)})
    monkeypatch.setattr(same_results, "LIMITS", {same_results.DIGITS: ("--macc", "3000")})
    file = tmp_path / "recorded.json"
    assert command(monkeypatch, "--record", "--recorded", str(file), "--workers", "2") == 0
    recorded = json.loads(file.read_text())
    own = searches_of(recorded)["folded"]
    assert own["trials"]
    assert all(": trained 0." in trial for trial in own["trials"])
    own["trained"]["float weights"] = "0" * 64
    file.write_text(json.dumps(recorded))
    capsys.readouterr()
    assert command(monkeypatch, "--recorded", str(file), "--workers", "1") == 1
    *rows, last = capsys.readouterr().out.splitlines()
    assert last == "16 same, 1 DIFFERENT, 0 not comparable"
    (different,) = (row for row in rows if row.endswith("DIFFERENT"))
    assert "float weights" in different
    assert any("found/src/found.c " in row and row.endswith(" same") for row in rows)


def test_what_was_not_recorded_is_refused_before_anything_is_searched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "recorded.json"
    with pytest.raises(SystemExit, match="nothing is recorded of 'digits' in 'recorded.json'"):
        command(monkeypatch, "--recorded", str(file))
    changed = record()
    changed["data"]["digits"]["images_sha256"] = "e" * 64
    file.write_text(json.dumps(changed))
    with pytest.raises(SystemExit, match="'digits' holds other images than were recorded"):
        command(monkeypatch, "--recorded", str(file))


def test_a_folder_with_runs_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "folded").mkdir()
    with pytest.raises(SystemExit, match="is not empty"):
        command(monkeypatch, "--work", str(tmp_path))


def test_the_recorded_file_holds_every_search_and_no_path() -> None:
    recorded = json.loads(same_results.RECORDED.read_text())
    found = [list(own["searches"]) for own in recorded["data"].values()]
    assert found == [[own.name for own in searches] for searches in same_results.SEARCHES.values()]
    assert not [own for own in recorded["data"] if "/" in own]
