"""Each package has one list of what it exports, and everything on it is there."""

import importlib
import inspect
import subprocess
import sys

import pytest

from tests.host_compiler import ROOT

PACKAGES = ("nas", "codegen", "hil", "firmware")


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_exported_is_there_with_its_documentation(package: str) -> None:
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        exported = getattr(module, name)
        assert exported.__name__ == name
        assert inspect.getdoc(exported)


@pytest.mark.parametrize("package", PACKAGES)
def test_anything_else_is_missed_by_name(package: str) -> None:
    module = importlib.import_module(package)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'find'"):
        _ = module.find


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_loads_none_of_its_modules_before_they_are_asked_for(package: str) -> None:
    source = f"import sys, {package}; print([m for m in sys.modules if m.startswith('{package}.')])"
    command = [sys.executable, "-c", source]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout
    assert loaded.strip() == ("['firmware.exports']" if package == "firmware" else "[]")
