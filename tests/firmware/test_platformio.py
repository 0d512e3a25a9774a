"""Builds as they are followed: what is told meanwhile, and that they end."""

import time
from pathlib import Path

import pytest

from codegen.project.build import build_project
from codegen.project.source import find_model
from firmware.errors import BuildError
from firmware.platformio import firmware_path, run_platformio
from firmware.targets import load_target
from hil.elf import measure_elf
from tests.small_model import small_model

TARGET = load_target("stm32f412")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    model = tmp_path / "small.tflite"
    model.write_bytes(small_model())
    build_project(find_model(model), TARGET, tmp_path / "out", "static", "system")
    return tmp_path / "out"


def test_a_build_tells_how_many_files_it_has_compiled(project: Path) -> None:
    told: list[str] = []
    run_platformio(project, TARGET, on_progress=told.append)
    objects = len(list(project.rglob("*.o")))
    assert told[0] == "files compiled: 0"
    assert told[-1] == f"files compiled: {objects}"
    check_a_changed_script_is_linked(project)


def check_a_changed_script_is_linked(project: Path) -> None:
    """Less stack, and nothing else: the same objects are linked again."""
    elf, script = firmware_path(project, TARGET), project / "board.ld"
    before_bytes = measure_elf(elf, ()).ram_bytes
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace(f"{TARGET.stack_bytes}", f"{TARGET.stack_bytes // 2}"))
    run_platformio(project, TARGET)
    assert before_bytes - measure_elf(elf, ()).ram_bytes == TARGET.stack_bytes // 2


def test_a_build_that_takes_too_long_is_ended_with_its_compilers(project: Path) -> None:
    started = time.monotonic()
    with pytest.raises(BuildError, match="'pio run' took longer than 0.3 s"):
        run_platformio(project, TARGET, deadline_s=0.3)
    assert time.monotonic() - started < 10


def test_a_folder_whose_name_is_not_utf_8_is_refused_in_one_line(project: Path) -> None:
    odd = project.rename(project.parent / "caf\udce9")
    with pytest.raises(BuildError) as caught:
        run_platformio(odd, TARGET)
    assert "caf\\udce9'" in str(caught.value)
    assert str(caught.value).endswith(": the path is not UTF-8; rename the folder")
