"""A model may have any name: what is generated from it meets nothing of that name."""

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import code_size, glue_size, tflm_code_table
from codegen.cli import main
from codegen.project.names import model_name
from tests.host_compiler import ROOT, WARNINGS
from tests.small_model import small_model

SYSTEM = [
    Path("/usr/lib/arm-none-eabi/include"),
    *sorted(Path("/usr/lib/gcc/arm-none-eabi").glob("*/include")),
]
KEYWORDS = (
    "alignas alignof and asm auto bool break case catch char class compl const constexpr continue "
    "decltype default delete do double else enum explicit export extern false float for friend "
    "goto if inline int long mutable namespace new noexcept not nullptr operator or private "
    "protected public register restrict return short signed sizeof static struct switch template "
    "this throw true try typedef typename union unsigned using virtual void volatile while xor"
).split()
USUAL = ("door", "kws", "person_detect", "nas_k8_c3", "mcunet_10fps_vww", "resnet8", "digits")


def generated(folder: Path) -> set[str]:
    """What a build calls its identifiers and files, with `model_door` for the name."""
    texts = [
        own.read_text()
        for own in folder.rglob("*")
        if own.suffix in (".c", ".h", ".cpp") and "door" in own.name
    ]
    found = set(re.findall(r"\bmodel_door_\w+", "\n".join(texts).lower()))
    return {own.removeprefix("model_door") for own in found}


def identifiers(path: Path) -> set[str]:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", " ", path.read_text(errors="replace"), flags=re.DOTALL)
    return {own.lower() for own in re.findall(r"(?<!\w)[A-Za-z]\w*", code)}


@pytest.fixture(scope="module")
def suffixes(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What follows the name in what is generated."""
    folder = tmp_path_factory.mktemp("door")
    (folder / "model_door.tflite").write_bytes(small_model())
    words = ["build", str(folder / "model_door.tflite"), "--target", "stm32f412"]
    for runtime in ("static", "tflm"):
        assert main([*words, "--runtime", runtime, "--out", str(folder / runtime)]) == 0
    return generated(folder)


def taken_by(names: set[str], suffixes: set[str]) -> set[str]:
    """Names of models that would give one of these identifiers."""
    return {
        name.removesuffix(suffix)
        for suffix in suffixes
        for name in names
        if name.endswith(suffix) and re.fullmatch("[a-z][a-z0-9_]*", name.removesuffix(suffix))
    }


@pytest.mark.parametrize("name", [tflm_code_table.MODEL, code_size.MODEL, glue_size.NAME])
def test_what_benchmarks_call_their_model_stays_as_it_is(name: str) -> None:
    """They look for its files and symbols under that name."""
    assert model_name(name) == name


def test_usual_names_stay_as_they_are() -> None:
    assert [own for own in USUAL if model_name(own) != own] == []


def test_no_name_hides_a_header_of_the_firmware() -> None:
    headers = [own.stem for own in (ROOT / "firmware").rglob("*.h")]
    assert len(headers) > 20
    assert [own for own in headers if model_name(own) == own] == []


@pytest.mark.skipif(not SYSTEM[0].is_dir(), reason="arm-none-eabi-gcc is not installed")
def test_no_name_hides_a_header_of_the_compiler() -> None:
    headers = {own.stem.lower() for folder in SYSTEM for own in folder.glob("*.h")}
    plain = {own for own in headers if re.fullmatch("[a-z][a-z0-9_]*", own)}
    assert len(plain) > 50
    assert {own for own in plain if model_name(own) == own} == set()


@pytest.mark.skipif(not SYSTEM[0].is_dir(), reason="arm-none-eabi-gcc is not installed")
def test_no_name_gives_an_identifier_of_the_compiler(suffixes: set[str]) -> None:
    paths = [own for folder in SYSTEM for own in folder.rglob("*.h") if "c++" not in own.parts]
    names = set().union(*map(identifiers, paths))
    assert {own for own in taken_by(names, suffixes) if model_name(own) == own} == set()


def test_no_name_gives_an_identifier_of_the_firmware(suffixes: set[str]) -> None:
    paths = [own for own in (ROOT / "firmware").rglob("*") if own.suffix in (".c", ".h", ".cpp")]
    names = set().union(*map(identifiers, paths))
    taken = taken_by(names, suffixes)
    assert "static" not in taken or model_name("static") != "static"
    assert {own for own in taken if model_name(own) == own} == set()


@pytest.mark.parametrize("name", ["input", "static", "string", "stack_paint", "int", "reply"])
def test_a_model_of_any_name_is_compiled(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.tflite").write_bytes(small_model())
    words = ["build", str(tmp_path / f"{name}.tflite"), "--target", "stm32f412"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    includes = [f"-I{own}" for own in (tmp_path / "out" / "lib").glob("*/include")]
    includes += [f"-I{tmp_path / 'out' / 'src'}"]
    own = tmp_path / "out" / "lib" / model_name(name)
    sources = [
        *own.glob("src/*.c"),
        tmp_path / "out/src/bench_model.c",
        tmp_path / "out/src/bench.c",
    ]
    command = ["gcc", "-std=c11", *WARNINGS, *includes, "-fsyntax-only", *map(str, sources)]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr


@pytest.mark.parametrize("standard", ["c++11", "c++14", "c++17", "c++20"])
def test_the_header_is_of_every_c_plus_plus(standard: str, tmp_path: Path) -> None:
    (tmp_path / "door.tflite").write_bytes(small_model())
    words = ["build", str(tmp_path / "door.tflite"), "--target", "stm32f412"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    (tmp_path / "main.cpp").write_text(
        '#include "door.h"\nfloat scale() { return DOOR_INPUT_SCALE + DOOR_OUTPUT_SCALE; }\n'
    )
    includes = [f"-I{own}" for own in (tmp_path / "out" / "lib").glob("*/include")]
    command = ["g++", f"-std={standard}", *WARNINGS, *includes, "-fsyntax-only"]
    command.append(str(tmp_path / "main.cpp"))
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr
