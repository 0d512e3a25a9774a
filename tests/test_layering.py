"""Who may import whom, read from the sources themselves."""

import ast
import subprocess
import sys
from functools import cache
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
ROOMS = {
    "codegen": (
        "model",
        "operators",
        "simplify",
        "planning",
        "tflm",
        "c_code",
        "costs",
        "check",
        "project",
        "boards",
        "cli",
    ),
    "nas": (
        "network",
        "tensorflow",
        "host",
        "spaces",
        "data",
        "trainer",
        "training",
        "quantization",
        "estimator",
        "search",
        "report",
        "data_tools",
        "cli",
    ),
}
"""Folders and modules of a package: each imports only from those before it."""
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


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module, in the order of `ast.walk`."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def import_nodes(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    return tuple(own for own in nodes_of(path) if isinstance(own, ast.Import | ast.ImportFrom))


def imported_packages(path: Path) -> set[str]:
    """Top-level names of all packages that a module imports."""
    names: set[str] = set()
    for node in import_nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        else:
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            names.add((node.module or "").split(".")[0])
    return names


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def with_faults(faults: dict[Path, set[str]]) -> dict[str, set[str]]:
    """The modules that import what they may not, and what it is."""
    assert len(faults) > 30
    return {name_of(path): own for path, own in faults.items() if own}


def test_a_module_imports_only_the_packages_below_its_own() -> None:
    faults = {
        path: (imported_packages(path) & set(PACKAGES)) - ALLOWED[path.relative_to(ROOT).parts[0]]
        for path in MODULES
    }
    assert with_faults(faults) == {}


def test_tables_that_are_shipped_are_not_made_by_tests() -> None:
    benchmarks = (ROOT / "benchmarks").rglob("*.py")
    assert with_faults({path: imported_packages(path) & {"tests"} for path in benchmarks}) == {}


@cache
def names_of(module: str) -> frozenset[str]:
    """What can be imported from a module or package of ours, read from its source."""
    place = ROOT.joinpath(*module.split("."))
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not source.is_file():
        return frozenset()
    names = {path.stem for path in place.glob("*")} if place.is_dir() else set()
    for node in nodes_of(source):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names)


def test_whatever_is_imported_of_our_modules_is_there() -> None:
    """Static checks look at the packages alone: a test may import what has moved."""
    imports = [
        (path, node.module, alias.name)
        for path in ALL_MODULES
        for node in import_nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module
        if (ROOT / node.module.split(".")[0]).is_dir()
        for alias in node.names
    ]
    missing = [
        f"{name_of(path)}: {module}.{name}"
        for path, module, name in imports
        if name not in names_of(module)
    ]
    assert len(imports) > 1000
    assert not missing


def test_tensorflow_is_imported_in_its_own_folder_alone() -> None:
    others = [m for m in MODULES if not m.is_relative_to(ROOT / "nas" / "tensorflow")]
    assert with_faults({path: imported_packages(path) & HEAVY for path in others}) == {}


@pytest.mark.parametrize("package", ROOMS)
def test_every_module_of_a_package_with_folders_has_a_place(package: str) -> None:
    paths = [path for path in MODULES if path.is_relative_to(ROOT / package)]
    rooms = {path.relative_to(ROOT / package).with_suffix("").parts[0] for path in paths}
    assert rooms == {*ROOMS[package], "__init__"}


@pytest.mark.parametrize("package", ROOMS)
def test_a_folder_of_a_package_imports_only_those_below_it(package: str) -> None:
    rooms, faults = ROOMS[package], {}
    for path in MODULES:
        own, *parts = path.relative_to(ROOT).with_suffix("").parts
        if own == package and parts != ["__init__"]:
            below = {*rooms[: rooms.index(parts[0])], parts[0]}
            names = [name for name in imports_of(path) if name.startswith(f"{package}.")]
            faults[path] = {name.split(".")[1] for name in names} - below
    assert with_faults(faults) == {}


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Names of the modules and packages that a module imports, wherever in its source."""
    found: set[str] = set()
    for node in import_nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            package = ROOT.joinpath(*node.module.split("."))
            found |= {
                f"{node.module}.{alias.name}"
                if (package / f"{alias.name}.py").is_file()
                else node.module
                for alias in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module_name(path): imports_of(path) for path in MODULES}
    graph = {name: own & graph.keys() - {name} for name, own in graph.items()}
    # Modules that import nothing that is left are taken away, again and again: circles stay.
    while free := {name for name, own in graph.items() if not own & graph.keys()}:
        graph = {name: own for name, own in graph.items() if name not in free}
    packages = {name for name in graph if (ROOT / name.replace(".", "/")).is_dir()}
    assert graph.keys() - packages == set()


def test_no_two_classes_of_the_product_have_one_name() -> None:
    """A name that a reader finds by search means one thing."""
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name_of(path))
    assert len(places) > 200
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("command", ["nas", "codegen", "hil"])
def test_the_verbs_of_a_command_are_imported_without_tensorflow(command: str) -> None:
    source = (
        f"import sys; from importlib import import_module; from {command}.cli import commands; "
        "modules = [import_module(own.module) for own in commands.VERBS]; "
        f"sys.exit(len(modules) < 3 or bool({HEAVY} & set(sys.modules)))"
    )
    completed = subprocess.run([sys.executable, "-c", source], cwd=ROOT, timeout=60)
    assert completed.returncode == 0
