"""Whatever the output is connected to, there is no traceback."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.command_line import parse, run
from firmware.output_streams import make_streams_safe
from tests.command import command_line

ROOT = Path(__file__).parent.parent.parent
ESTIMATE = command_line("nas", "estimate", "--candidate", "2,1", "--input", "8x8x1")
REFUSED = [*ESTIMATE[:-1], "nonsense"]


def shell(line: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a line of the shell; the command is `"$@"`."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}", "bash", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        timeout=100,
    )


@pytest.mark.parametrize("line", ['"$@" >&-', '"$@" >&- 2>&-', '"$@" <&- >&- 2>&-'])
def test_closed_streams_are_no_error(line: str) -> None:
    ended = shell(line, *ESTIMATE)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_refusal_that_nobody_can_read_keeps_its_exit_code() -> None:
    assert shell('"$@" 2>&-', *REFUSED).returncode == 1


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_reader_that_goes_away_ends_the_command_without_a_word(words: tuple[str, ...]) -> None:
    ended = shell('"$@" | true', *ESTIMATE, *words)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_reader_of_the_errors_that_goes_away_leaves_no_traceback() -> None:
    ended = shell('{ "$@" 2>&1 >&3 | true; } 3>&1', *REFUSED)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_under_the_output_is_one_line_and_exit_code_1() -> None:
    ended = shell('"$@" > /dev/full', *ESTIMATE)
    assert ended.returncode == 1
    assert ended.stderr == (
        b"nas: error: the system refused to read or write: No space left on device; make room\n"
    )


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-16"])
def test_a_terminal_that_lacks_characters_shows_them_as_escapes(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    make_streams_safe()
    sys.stdout.write("12 µs ± 1 → \udcff\n")
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    assert text.endswith("\\udcff\n")
    assert ("±" in text) == (encoding != "ascii")


def test_names_of_files_that_are_no_text_are_told(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/n\xff.tflite")
    ended = shell('"$@"', *command_line("nas", "estimate", name), PYTHONIOENCODING="latin-1")
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"nas: error: ")
    assert b"n\\udcff.tflite" in ended.stderr


def test_a_command_makes_the_streams_safe_before_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    import argparse

    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    parser = argparse.ArgumentParser()
    arguments = parse(parser, [])
    assert run("nas", lambda _: sys.stdout.write("50 µs\n") and None, arguments) == 0
    assert written.getvalue() == b"50 \\xb5s\n"
