"""How the trainer is compiled and kept; with a compiler of the test, which takes no time."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from firmware.errors import BuildError
from nas.trainer import build, library

FAKE_COMPILER = """#!/bin/sh
echo "$$" >> "$CALLS"
for word; do [ "$previous" = -o ] && out=$word; previous=$word; done
echo "$0 $*" > "$out"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and a compiler that writes a line for each call into this file."""
    compiler, calls = tmp_path / "fake-cc", tmp_path / "calls"
    compiler.write_text(FAKE_COMPILER)
    compiler.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setenv("CALLS", str(calls))
    return calls


FILES = len(list(Path(build.__file__).parent.glob("*.c")))


def test_each_file_is_named_while_it_is_compiled_and_only_once(calls: Path) -> None:
    stages: list[str] = []
    path = build.compiled_trainer(stages.append)
    assert stages == [
        f"compiling the trainer for this processor, once: {n} of {FILES} files"
        for n in range(1, FILES + 1)
    ]
    assert len(calls.read_text().split()) == FILES + 1
    assert build.compiled_trainer(stages.append) == path
    assert len(stages) == FILES
    assert {own.suffix for own in path.parent.iterdir()} == {".so", ".lock"}


def test_processes_that_ask_at_once_compile_it_once(calls: Path) -> None:
    source = "from nas.trainer.build import compiled_trainer; print(compiled_trainer())"
    children = [
        subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    paths = {child.communicate(timeout=60)[0] for child in children}
    assert len(paths) == 1
    assert len(calls.read_text().split()) == FILES + 1


def test_a_process_that_compiles_for_too_long_is_named_after_the_deadline(calls: Path) -> None:
    path = build.compiled_trainer()
    path.unlink()
    stages: list[str] = []
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(
            BuildError, match=r"has been compiling the trainer for 0\.2 s; end the process"
        ):
            build.compiled_trainer(stages.append, 0.2)
    assert set(stages) == {"waiting for another process that compiles the trainer"}


def test_a_process_that_waits_takes_what_the_other_one_made(calls: Path) -> None:
    path = build.compiled_trainer()
    path.unlink()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def finish() -> None:
            path.write_text("made by another process")
            fcntl.flock(lock, fcntl.LOCK_UN)

        timer = threading.Timer(0.2, finish)
        timer.start()
        assert build.compiled_trainer() == path
        timer.join()
    assert path.read_text() == "made by another process"


def test_a_compiler_that_hangs_is_ended_after_the_deadline(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(os.environ["CC"]).write_text("#!/bin/sh\nsleep 60\n")
    with pytest.raises(BuildError, match=r"could not be compiled: .* took longer than 0\.3 s"):
        build.compiled_trainer(compile_s=0.3)
    assert not list(calls.parent.rglob("*.so"))


def test_a_compiler_that_refuses_is_quoted_in_one_line(calls: Path) -> None:
    Path(os.environ["CC"]).write_text("#!/bin/sh\necho 'no such\n  vectors'\nexit 1\n")
    with pytest.raises(BuildError, match="does not compile the trainer: no such vectors$"):
        build.compiled_trainer()


def test_a_compiler_that_fails_without_a_word_is_told_by_its_exit_code(calls: Path) -> None:
    Path(os.environ["CC"]).write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(BuildError, match="the trainer: exit code 3, without a message$"):
        build.compiled_trainer()


def test_a_machine_without_a_compiler_is_told_what_to_install(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(BuildError, match="apt-get install gcc libc6-dev"):
        build.compiled_trainer()
    assert not list(calls.parent.rglob("*.so"))


def test_a_cache_that_cannot_be_written_is_named(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BuildError, match=r"could not write the compiled trainer to .*file"):
        build.compiled_trainer()


def test_a_library_that_is_damaged_in_the_cache_is_compiled_again(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's compiler makes no library either: then the second attempt is the last."""
    monkeypatch.setattr(library, "_loaded", [])
    path = build.compiled_trainer()
    with pytest.raises(BuildError, match="could not load the compiled trainer"):
        library.load_library(lambda _: None)
    assert len(calls.read_text().split()) == 2 * (FILES + 1)
    assert path.is_file()


def test_nothing_is_compiled_where_nobody_could_be_told(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_loaded", [])
    with pytest.raises(BuildError, match="the trainer is not compiled for this processor yet"):
        library.load_library()
    assert not calls.exists()
    build.compiled_trainer()
    with pytest.raises(BuildError, match="could not load the compiled trainer"):
        library.load_library()
    assert len(calls.read_text().split()) == FILES + 1
