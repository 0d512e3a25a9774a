"""The generated library compiles without a warning, by GCC and Clang, at every level."""

import shutil
from pathlib import Path

import pytest

from codegen.cli import main as codegen
from tests.host_compiler import NN, WARNINGS, run_compiler
from tests.several_ports import several_ports
from tests.small_model import small_model

MODELS = {"small": small_model, "eyes": lambda: several_ports(0)}
ARM = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
COMPILERS = {"gcc": ("gcc",), "clang": ("clang",), "arm-none-eabi-gcc": ARM}


@pytest.fixture(scope="module", params=MODELS)
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`lib/<model>/` of a project, beside that with the .tflite."""
    folder = tmp_path_factory.mktemp(request.param)
    model = folder / f"{request.param}.tflite"
    model.write_bytes(MODELS[request.param]())
    arguments = ["build", str(model), "--target", "stm32f412"]
    assert codegen([*arguments, "--out", str(folder / "project")]) == 0
    return folder / "project" / "lib" / str(request.param)


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_it_compiles_as_c11_without_a_warning(
    library: Path, compiler: str, level: str, tmp_path: Path
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    array = library.with_name(f"{library.name}_tflite")
    include = [f"-I{own}" for own in (library / "include", array / "include", NN / "include")]
    sources = [*(library / "src").glob("*.c"), *(array / "src").glob("*.c")]
    assert len(sources) == 3
    command = [*COMPILERS[compiler], "-std=c11", level, *WARNINGS, *include, "-c"]
    run_compiler([*command, *map(str, sources)], tmp_path)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_its_header_is_of_c_plus_plus_17_without_a_warning(
    library: Path, compiler: str, tmp_path: Path
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    source = tmp_path / "header.cpp"
    source.write_text(f'#include "{library.name}.h"\n')
    include = f"-I{library / 'include'}"
    run_compiler([compiler, "-std=c++17", *WARNINGS, include, "-fsyntax-only", str(source)])
