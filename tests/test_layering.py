"""Who may import whom, read from the sources themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("codegen", "firmware", "hil", "nas")
ALLOWED = {
    "firmware": {"firmware"},
    "codegen": {"codegen", "firmware"},
    "hil": {"hil", "firmware"},
    "nas": {"nas", "firmware", "codegen"},
}
HEAVY = {"tensorflow", "keras"}
MODULES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if not path.is_relative_to(ROOT / "firmware" / "platform")
)


ALL_MODULES = sorted(
    path
    for package in (*PACKAGES, "benchmarks", "tests")
    for path in (ROOT / package).rglob("*.py")
    if not path.is_relative_to(ROOT / "firmware" / "platform")
)


def imported_packages(tree: ast.AST) -> set[str]:
    """Top-level names of all packages that a piece of source imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add((node.module or "").split(".")[0])
    return names


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_the_packages_below_its_own(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    imported = imported_packages(ast.parse(path.read_text(encoding="utf-8")))
    assert imported & set(PACKAGES) <= ALLOWED[own]


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=name_of)
def test_tables_that_are_shipped_are_not_made_by_tests(path: Path) -> None:
    assert "tests" not in imported_packages(ast.parse(path.read_text(encoding="utf-8")))


def test_every_module_of_ours_that_is_imported_is_there() -> None:
    """Static checks look at the packages alone: a test may name a module that has moved."""
    missing = []
    for path in ALL_MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                top, *rest = node.module.split(".")
                found = ROOT.joinpath(top, *rest)
                is_there = found.is_dir() or found.with_suffix(".py").is_file()
                if (ROOT / top).is_dir() and not is_there:
                    missing.append(f"{name_of(path)}: {node.module}")
    assert not missing


@pytest.mark.parametrize(
    "path", [m for m in MODULES if not m.is_relative_to(ROOT / "nas")], ids=name_of
)
def test_tensorflow_is_for_the_search_alone(path: Path) -> None:
    assert not imported_packages(ast.parse(path.read_text(encoding="utf-8"))) & HEAVY


@pytest.mark.parametrize("command", ["nas.cli", "codegen.cli", "hil.cli"])
def test_a_command_starts_without_tensorflow(command: str) -> None:
    source = f"import sys, {command}; sys.exit(bool({HEAVY} & set(sys.modules)))"
    completed = subprocess.run([sys.executable, "-c", source], cwd=ROOT, timeout=60)
    assert completed.returncode == 0
