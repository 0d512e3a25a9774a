import argparse
import subprocess
import sys
import tomllib

import pytest

import codegen.cli
import hil.cli
import nas.cli.commands
from firmware.command_line import SHELLS, run
from firmware.errors import BusyError
from tests.host_compiler import ROOT


@pytest.mark.parametrize("main", [nas.cli.commands.main, codegen.cli.main, hil.cli.main])
@pytest.mark.parametrize("shell", SHELLS)
def test_each_command_prints_a_completion_for_each_shell(
    main: object, shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(main)
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", shell])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "run" in printed or "build" in printed
    if shell == "bash":
        assert "--json" in printed
        subprocess.run(["bash", "-n"], input=printed, text=True, check=True)


@pytest.mark.parametrize("main", [nas.cli.commands.main, codegen.cli.main, hil.cli.main])
def test_each_command_prints_its_version(main: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(main)
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (end.value.code, capsys.readouterr().out) == (0, f"mcu-nas {project['version']}\n")


@pytest.mark.parametrize("program", ["nas", "codegen", "hil"])
def test_a_verb_is_imported_only_if_it_is_used(program: str) -> None:
    source = (
        f"import contextlib, sys; from {program}.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "print('numpy' in sys.modules, *(m for m in sys.modules if m.endswith('.run')))"
    )
    command = [sys.executable, "-c", source]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert printed.startswith(f"usage: {program} [-h]")
    assert printed.splitlines()[-1] == "False"


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: argparse.Namespace) -> None:
        raise KeyboardInterrupt

    arguments = argparse.Namespace(how_to_go_on="; start it again")
    assert run("nas", interrupted, arguments) == 130
    assert run("nas", interrupted, argparse.Namespace()) == 130
    assert capsys.readouterr().err == "nas: interrupted; start it again\nnas: interrupted\n"


def test_an_error_is_one_line_and_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_: argparse.Namespace) -> None:
        raise BusyError("board 'desk' is used by process 7")

    assert run("hil", refused, argparse.Namespace()) == 13
    assert capsys.readouterr().err == "hil: error: board 'desk' is used by process 7\n"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            OSError(28, "No space left on device", "runs/x"),
            "could not use 'runs/x': No space left on device; make room; start it again",
        ),
        (
            OSError(28, "No space left on device"),
            "the system refused to read or write: No space left on device; make room; start it "
            "again",
        ),
        (OSError("a socket"), "the system refused to read or write: a socket"),
        (OSError(), "the system refused to read or write: OSError"),
        (MemoryError(), "this machine has not enough memory"),
    ],
)
def test_an_error_of_the_system_is_one_line_with_what_helps(
    error: BaseException, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: argparse.Namespace) -> None:
        raise error

    assert run("nas", fails, argparse.Namespace(how_to_go_on="; start it again")) == 1
    assert capsys.readouterr().err == f"nas: error: {text}\n"


def test_an_endless_line_of_an_error_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_: argparse.Namespace) -> None:
        raise BusyError("x" * 100_000)

    run("hil", refused, argparse.Namespace())
    assert len(capsys.readouterr().err) < 600
