"""What `codegen build --out` does to a folder in which there is something already."""

import json
from pathlib import Path

import pytest

from codegen.cli import main
from tests.small_model import small_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.tflite"
    path.write_bytes(small_model())
    return path


def build(model: Path, out: Path, *options: str) -> int:
    return main(["build", str(model), "--target", "stm32f412", "--out", str(out), *options])


def content_of(folder: Path) -> dict[str, bytes]:
    paths = (own for own in sorted(folder.rglob("*")) if own.is_file())
    return {own.relative_to(folder).as_posix(): own.read_bytes() for own in paths}


def put(folder: Path, *names: str) -> dict[str, bytes]:
    """Files of a user's."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(f"{name} of a user".encode())
    return {name: f"{name} of a user".encode() for name in names}


def test_files_of_the_user_beside_the_project_are_kept(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    users = put(out, "thesis.txt", ".git/HEAD", "src/my_app.c", "measurement.json", ".pio/build/x")
    for _ in range(2):
        assert build(model, out) == 0
        assert users.items() <= content_of(out).items()
    assert build(model, out, "--name", "other") == 0
    found = content_of(out)
    assert users.items() <= found.items()
    assert [name for name in found if name.startswith("lib/small/")] == []
    assert not (out / "lib" / "small").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/main.c", "the user's own"),
        ("manifest.json", "{}"),
        ("manifest.json", '{"schema": 2, "name": "an app of the web"}'),
        ("golden.npz", "years of work"),
    ],
)
def test_a_file_of_the_user_is_never_replaced(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    put(tmp_path / "out", name)
    (tmp_path / "out" / name).write_text(text)
    before = content_of(tmp_path / "out")
    golden = ("--golden", str(golden_of(model))) if name == "golden.npz" else ()
    assert build(model, tmp_path / "out", *golden) == 1
    error = capsys.readouterr().err
    assert f"contains 1 file in the way: {name} was not written by 'codegen build'" in error
    assert "or add --force" in error
    assert content_of(tmp_path / "out") == before
    assert build(model, tmp_path / "out", "--force", *golden) == 0
    assert (
        f"replaced {tmp_path}/out/{name}, which you had added or changed" in capsys.readouterr().err
    )


def golden_of(model: Path) -> Path:
    import numpy as np

    from firmware.files import sha256_of_file

    path = model.with_name("own.npz")
    np.savez(
        path,
        inputs=np.zeros(1),
        outputs=np.zeros(1),
        model_sha256=sha256_of_file(model),
        rounding="tflm",
    )
    return path


def test_a_generated_file_that_was_changed_is_named_and_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert build(model, out) == 0
    (out / "platformio.ini").write_text("; tuned by hand")
    before = content_of(out)
    assert build(model, out) == 1
    assert "platformio.ini was not written by" in capsys.readouterr().err
    assert content_of(out) == before


def test_a_project_is_built_where_the_shell_stands(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    inode = Path().stat().st_ino
    for out in (Path(), Path("../out"), Path()):
        assert build(model, out) == 0
        assert Path().stat().st_ino == inode, "the folder stays the same"
        assert Path("manifest.json").is_file()


def test_a_link_as_out_stays_and_the_project_is_where_it_points(
    model: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    assert build(model, tmp_path / "out") == 0
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "manifest.json").is_file()


def test_a_link_in_the_project_is_not_followed(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = put(tmp_path / "elsewhere", "main.c")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "src").symlink_to(tmp_path / "elsewhere")
    assert build(model, tmp_path / "out") == 1
    assert "in the way: src/" in capsys.readouterr().err
    assert build(model, tmp_path / "out", "--force") == 1
    assert content_of(tmp_path / "elsewhere") == users


@pytest.mark.parametrize("stop_after", [0, 1, 3, 5])
def test_an_interrupted_update_is_completed_by_the_same_or_another_build(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    import codegen.project.owned_files

    out, write = tmp_path / "out", codegen.project.owned_files.write_bytes
    assert build(model, out) == 0
    written: list[Path] = []

    def stop(path: Path, content: bytes) -> None:
        if len(written) == stop_after:
            raise KeyboardInterrupt
        written.append(path)
        write(path, content)

    monkeypatch.setattr("codegen.project.owned_files.write_bytes", stop)
    assert build(model, out, "--name", "second") == 130
    written.clear()
    assert build(model, out, "--name", "third") == 130
    monkeypatch.undo()
    assert (out / "manifest.json").is_file(), "there is a project at any moment"
    assert build(model, out, "--name", "fourth") == 0
    assert build(model, tmp_path / "fresh", "--name", "fourth") == 0
    assert content_of(out) == content_of(tmp_path / "fresh")


@pytest.mark.parametrize("words", [("build", "m.tflite", "--target", "stm32f412", "--out", "")])
def test_an_empty_path_is_a_usage_error(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2
    assert "argument --out: an empty path" in capsys.readouterr().err


def test_every_file_of_a_project_is_in_its_manifest(model: Path, tmp_path: Path) -> None:
    assert build(model, tmp_path / "out") == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert set(manifest["files"]) | {"manifest.json"} == set(content_of(tmp_path / "out"))
