"""The command line: what goes to stdout, to stderr, and the exit code."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.coco_memory import make_pictures, write_coco
from nas.cli import main
from tests.nas.data_tools.test_build_vww import coco
from tests.nas.data_tools.test_check import make

ROOT = Path(__file__).parent.parent.parent.parent


def vww(tmp_path: Path, *more: str) -> list[str]:
    recipe = coco(tmp_path)
    files = ("--annotations", str(recipe.annotations[0]), "--images", str(tmp_path / "coco"))
    return ["data", "vww", *files, "--out", str(tmp_path / "vww"), *more]


def test_vww_prints_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids = ("--minival-ids", str(tmp_path / "minival.txt"))
    assert main(vww(tmp_path, *ids, "--size", "24", "--json")) == 0
    record = json.loads(capsys.readouterr().out)
    assert record == json.loads((tmp_path / "vww" / "vww.json").read_text())
    assert record["plan"]["side"] == 24
    assert record["plan"]["area_fraction"] == 0.005


def test_vww_says_that_its_test_images_are_not_the_published_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(vww(tmp_path)) == 0
    captured = capsys.readouterr()
    assert "chosen by hash, they are not the published minival" in captured.err
    assert captured.out.splitlines()[0].split() == ["part", "not_person", "person", "all"]
    assert captured.out.splitlines()[-1] == "images of 96x96; 40 listed, 0 skipped"


def test_what_is_left_out_is_named_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = vww(tmp_path, "--skip-broken")
    for path in sorted((tmp_path / "coco" / "train2014").iterdir())[:7]:
        path.unlink()
    assert main(arguments) == 0
    told = capsys.readouterr().err
    assert "skipped COCO_train2014_000000000000.jpg: missing" in told
    assert "skipped 7 images in all, listed in vww.json" in told


def test_a_proxy_can_be_asked_for_in_thousands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_coco(tmp_path / "a.json", 5_000_000, 5000)
    pictures = make_pictures(tmp_path / "pictures", 5000)
    files = ["--annotations", str(tmp_path / "a.json"), "--images", str(pictures)]
    out = ["--out", str(tmp_path / "vww"), "--size", "8", "--json"]
    assert main(["data", "vww", *files, *out, "--proxy", "1k"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["plan"]["limit"] == 1000
    assert record["counts"]["train"] == {"not_person": 400, "person": 400}


@pytest.mark.parametrize(
    "wrong", [("--limit", "some"), ("--limit", "-5k"), ("--area-fraction", "x"), ("--size", "x")]
)
def test_wrong_values_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(vww(tmp_path, *wrong))
    assert end.value.code == 2
    assert f"argument {wrong[0]}" in capsys.readouterr().err


def test_the_annotations_are_read_within_the_bound_whatever_their_size(tmp_path: Path) -> None:
    """Ten times the file, the same memory; the 450 MB are benchmarks/coco_memory.py's."""
    source = (
        "import sys, pathlib, resource\n"
        "from nas.data_tools.coco import AREA_FRACTION, read_coco\n"
        "read_coco(pathlib.Path(sys.argv[1]), AREA_FRACTION, lambda *_: None)\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(next(s for s in status.splitlines() if s.startswith('VmHWM')).split()[1])\n"
    )
    peaks = []
    for megabytes in (2, 20):
        path = tmp_path / f"{megabytes}.json"
        write_coco(path, megabytes * 10**6, 1000)
        command = [sys.executable, "-c", source, str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < peaks[0] + 2048  # KiB


def test_check_exits_with_0_for_sound_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(make(tmp_path / "data"))]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "sound: yes"
    assert "nas: checking images" in captured.err


def test_check_exits_with_1_and_tells_machines_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make(tmp_path / "data")
    (data / "test" / "cat" / "x.png").write_bytes((data / "train/cat/0.png").read_bytes())
    assert main(["data", "check", str(data), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert record["sound"] is False
    assert record["leaked"] == {"train-test": 1}
    assert record["twins"] == [
        {
            "images": ["test/cat/x.png", "train/cat/0.png"],
            "identical": True,
            "leak": True,
            "conflict": False,
        }
    ]


def test_show_writes_the_sheet_and_says_what_is_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "sheet.png"
    arguments = ["data", "show", str(make(tmp_path / "data")), "--out", str(out), "--json"]
    assert main([*arguments, "--per-class", "2", "--input", "24x24x3"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["input"] == [24, 24, 3]
    assert [(row["part"], row["class"], row["count"], len(row["shown"])) for row in record["rows"]][
        :2
    ] == [("train", "cat", 3, 2), ("train", "dog", 3, 2)]
    with Image.open(out) as sheet:
        assert len(np.unique(np.asarray(sheet))) > 100


def test_a_sheet_of_another_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "show", "digits", "--out", str(tmp_path / "sheet.exe")]) == 1
    assert "does not end with .png" in capsys.readouterr().err


def test_names_in_errors_cannot_move_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "a\x1b[2Jb").mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "data" / "a\x1b[2Jb" / "0.png")
    run = ["run", "--data", str(tmp_path / "data"), "--target", "stm32f412"]
    assert main([*run, "--out", str(tmp_path / "run")]) == 1
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert r"the data has 1 class (a\x1b[2Jb)" in told


def test_a_check_does_not_wait_for_the_parser_of_json() -> None:
    source = "import sys, nas.data_tools.cli; sys.exit('ijson' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], cwd=ROOT, timeout=60).returncode == 0
