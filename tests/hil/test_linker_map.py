"""The code of each runtime in a firmware of both, by the linker's map of files laid out as its."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import BoardError
from hil.elf import measure_elf
from hil.linker_map import CodeParts, MapSection, measure_code, read_map
from hil.project import Project, read_project
from tests.hil.conftest import NEEDS_BOARD
from tests.hil.records import PROJECT

NEEDS_COMPILER = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
SOURCES = {
    "lib1/nn/kernel": "const char kernel[100] = {1};",
    "lib2/toy/model": "const char steps[20] = {1};",
    "lib2/toy/weights": "const char toy_op0_weights[1000] = {1};",
    "lib3/tflm/place": "const char place[8] = {1};",
    "lib4/toy_tflm/model": "const char resolver[30] = {1}; char started[6] = {1};",
    "lib5/toy_tflite/toy_tflite": "const char toy_tflm_tflite[5000] = {1};",
    "tflm_core/interpreter": "const char interpreter[300] = {1};",
    "tflm_kernels/conv": "const char conv[40] = {1};",
    "src/main": """
        extern const char kernel[], steps[], toy_op0_weights[], place[], resolver[];
        extern const char toy_tflm_tflite[], interpreter[], conv[];
        extern char started[];
        extern long long divide(long long a, long long b);
        const void *volatile used[] = {kernel, steps, toy_op0_weights, place, resolver, started,
                                       toy_tflm_tflite, interpreter, conv};
        int main(void) { return 0; }""",
    "src/board": "long long divide(long long a, long long b) { return a / b; }",
}
STATIC = replace(PROJECT, index_of_several=0)
TFLM = replace(
    PROJECT,
    runtime="tflm",
    model_name="toy_tflm",
    model_symbols=("toy_tflm_tflite",),
    index_of_several=1,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a firmware of both runtimes."""
    project = tmp_path_factory.mktemp("project")
    built = f".pio/build/{PROJECT.target.environment}"
    for name, text in SOURCES.items():
        source = project / built / f"{name}.c"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text)
        run(project, "gcc", "-mcpu=cortex-m4", "-mthumb", "-ffunction-sections",
            "-fdata-sections", "-c", f"{built}/{name}.c", "-o", f"{built}/{name}.o")  # fmt: skip
    for archive in ("core", "kernels"):
        objects = [f"{built}/{name}.o" for name in SOURCES if name.startswith(f"tflm_{archive}/")]
        run(project, "ar", "rc", f"{built}/libtflm_{archive}.a", *objects)
    alone = [f"{built}/{name}.o" for name in SOURCES if not name.startswith("tflm_")]
    run(project, "gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,-emain",
        "-Wl,--gc-sections", "-Wl,--undefined=used", "-Wl,--undefined=divide",
        f"-Wl,-Map={built}/firmware.map", *alone, f"{built}/libtflm_core.a",
        f"{built}/libtflm_kernels.a", "-lgcc", "-o", f"{built}/firmware.elf")  # fmt: skip
    return project


def run(folder: Path, tool: str, *arguments: str) -> None:
    command = [f"arm-none-eabi-{tool}", *arguments]
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr


def parts(project: Project, folder: Path) -> CodeParts:
    code = measure_code(replace(project, folder=folder))
    assert code is not None
    return code


@NEEDS_COMPILER
def test_each_runtime_has_its_kernels_and_its_model_s_code_but_not_the_model(folder: Path) -> None:
    assert parts(STATIC, folder).runtime_bytes == 100 + 20
    assert parts(TFLM, folder).runtime_bytes == 8 + 30 + 6 + 300 + 40


@NEEDS_COMPILER
def test_application_and_compiler_s_libraries_are_shared(folder: Path) -> None:
    static, tflm = parts(STATIC, folder), parts(TFLM, folder)
    assert static.application_bytes == tflm.application_bytes
    assert 9 * 4 < static.application_bytes < 200
    assert static.toolchain_bytes == tflm.toolchain_bytes > 100


@NEEDS_COMPILER
def test_without_a_map_or_with_another_firmware_s_nothing_is_said(
    folder: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "project"
    shutil.copytree(folder, copied)
    project = replace(STATIC, folder=copied)
    run(copied, "objcopy", "--add-section=.more=/etc/hostname",
        "--set-section-flags=.more=alloc,readonly", str(project.firmware))  # fmt: skip
    assert measure_code(project) is None
    project.firmware.with_suffix(".map").unlink()
    assert measure_code(project) is None


@NEEDS_COMPILER
def test_a_map_that_is_no_file_is_an_error_of_one_line(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "project")
    project = replace(STATIC, folder=tmp_path / "project")
    path = project.firmware.with_suffix(".map")
    path.unlink()
    path.mkdir()
    with pytest.raises(BoardError, match="firmware.map' is a folder"):
        measure_code(project)


@NEEDS_BOARD
def test_the_parts_of_a_project_s_firmware_and_the_model_are_all_of_it(project: Path) -> None:
    (own,) = read_project(project)
    code = parts(own, project)
    size = measure_elf(own.firmware, own.model_symbols)
    added = code.runtime_bytes + code.application_bytes + code.toolchain_bytes + size.model_bytes
    assert 0 <= size.flash_bytes - added < 0.02 * size.flash_bytes, "the rest is alignment"


def test_long_names_fill_and_what_was_left_out_are_told_apart() -> None:
    lines = """
Discarded input sections

 .text.unused   0x00000000       0x99 build/a.o

Linker script and memory map

LOAD build/a.o

.text           0x08000000       0x30
 *(.text .text.*)
 .text.short    0x08000000       0x10 build/a.o
                0x08000001                short
 *fill*         0x08000010        0x8 
 .text.a_name_that_is_long
                0x08000018       0x18 /lib/libc.a(exit.o)

.data           0x20000000        0x4 load address 0x08000030
 .data          0x20000000        0x4 a folder/b.o
""".splitlines()  # noqa: W291
    sizes, sections = read_map(lines)
    assert sizes == {".text": 0x30, ".data": 4}
    assert sections == [
        MapSection(".text", ".text.short", 0x10, "build/a.o"),
        MapSection(".text", ".text.a_name_that_is_long", 0x18, "/lib/libc.a(exit.o)"),
        MapSection(".data", ".data", 4, "a folder/b.o"),
    ]
