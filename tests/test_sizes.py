"""Files and functions that a reader can take in at once; what is longer has its reason here."""

import ast
from pathlib import Path

import pytest

from tests.host_compiler import ROOT

MOST_LINES, MOST_FUNCTION_LINES = 300, 40
LONG_FILES: dict[str, str] = {}
_OPTIONS = "a list of options, one after the other"
LONG_FUNCTIONS = {
    "nas/data_tools/cli.py:_add_vww": _OPTIONS,
    "codegen/cli/build.py:add_arguments": _OPTIONS,
    "hil/cli/run.py:add_arguments": _OPTIONS,
    "hil/cli/virtual.py:add_arguments": _OPTIONS,
}
SOURCES = sorted(
    path
    for package in ("nas", "codegen", "hil", "firmware")
    for path in (ROOT / package).rglob("*")
    if path.suffix in (".py", ".c", ".h", ".cpp")
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_too_long_without_a_reason() -> None:
    assert len(SOURCES) > 300
    long = {
        name_of(path)
        for path in SOURCES
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert long == LONG_FILES.keys()


def long_functions(path: Path) -> list[str]:
    """Functions of a module with more lines than may be, docstrings not counted."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = ast.get_docstring(node, clean=False) or ""
            lines = (node.end_lineno or 0) - node.lineno + 1 - len(words.splitlines())
            if lines > MOST_FUNCTION_LINES:
                found.append(f"{name_of(path)}:{node.name}")
    return found


def test_no_function_is_too_long_without_a_reason() -> None:
    found = [name for path in SOURCES if path.suffix == ".py" for name in long_functions(path)]
    assert sorted(found) == sorted(LONG_FUNCTIONS)


@pytest.mark.parametrize(("lines", "is_long"), [(39, False), (40, True)])
def test_a_function_that_is_too_long_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int, is_long: bool
) -> None:
    path = tmp_path / "long.py"
    body = "    x = 1\n" * lines
    path.write_text(f'def long():\n    """Words\n    of two lines."""\n{body}')
    monkeypatch.setattr("tests.test_sizes.ROOT", tmp_path)
    assert bool(long_functions(path)) == is_long
