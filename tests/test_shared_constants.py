"""Numbers that C and Python both have, compared: the preprocessor says what C's are."""

import re
import subprocess
from pathlib import Path

import pytest

from codegen.c_code.render import target_header
from codegen.costs import convolution_work, work
from codegen.operators import channels, convolution_memory, softmax
from codegen.planning.placement import ALIGNMENT_BYTES
from firmware.targets import load_target, real_targets
from hil import identity, protocol, transport
from hil.flash import swd_programmer

ROOT = Path(__file__).parent.parent
INCLUDES = (
    *("firmware/bench", "firmware/nn/include", "firmware/nn/src"),
    *("firmware/board/cortex_m", "firmware/board/stm32", "firmware/board/stm32f4"),
)
SOURCES = (
    *("bench.h", "nn/conv_2d.h", "quads.h", "patches.h", "log_softmax.c"),
    "channel_sums.h",
    *("family.h", "usart.h", "identity.c"),
)
PAIRS = {
    "NN_MOST_SUMMED": work.MOST_SUMMED,
    "BENCH_PROTOCOL_VERSION": identity.PROTOCOL_VERSION,
    "BENCH_COMMAND_BYTES": protocol._LONGEST_COMMAND,
    "BENCH_ESCAPE": protocol._ESCAPE,
    "BENCH_ESCAPE_FLIP": protocol._ESCAPE_FLIP,
    "USART_BAUD": transport.BAUD,
    "DBGMCU_IDCODE_DEV_ID_MASK": swd_programmer._DEVICE_ID,
    "NN_CONV_2D_SCRATCH_BYTES(1)": convolution_memory.SCRATCH_BYTES_PER_GROUP,
    "NN_CONV_2D_SCRATCH_BYTES(7)": 7 * convolution_memory.SCRATCH_BYTES_PER_GROUP,
    "NN_QUAD": convolution_work.QUAD,
    "NN_PATCHES": convolution_work.PATCHES,
    "NN_GROUP": channels.PATCH_GROUP,
    "(1 << NN_SUM_INTEGER_BITS) - 1": softmax.MOST_CLASSES,
    "OUTPUT_ZERO_POINT": softmax.OUTPUTS["LOG_SOFTMAX"].zero_point,
}


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What each expression is in C, with all macros of the firmware replaced."""
    lines = [f'#include "{name}"' for name in SOURCES]
    lines += [f"@{number}@ {expression}" for number, expression in enumerate(PAIRS)]
    facts = tmp_path_factory.mktemp("facts")
    (facts / "target.h").write_text(target_header(load_target("stm32f412")))
    folders = [f"-I{ROOT / folder}" for folder in INCLUDES] + [f"-I{facts}"]
    completed = subprocess.run(
        ["gcc", "-E", "-P", *folders, "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert completed.returncode == 0, completed.stderr
    found = dict(re.findall(r"^@(\w+)@ (.*)$", completed.stdout, re.MULTILINE))
    return {name: _number(found[str(n)]) for n, name in enumerate(PAIRS)}


def _number(text: str) -> int:
    """The value of an expression of whole numbers and characters."""
    text = re.sub(r"'(.)'", lambda character: str(ord(character[1])), text)
    text = re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)U?L*\b", r"\1", text)
    assert re.fullmatch(r"[-+*<() 0-9A-Fa-fx]+", text), text
    return int(eval(text, {"__builtins__": {}}))  # noqa: S307 (nothing but numbers)


@pytest.mark.parametrize("name", PAIRS)
def test_a_number_of_c_is_that_of_python(in_c: dict[str, int], name: str) -> None:
    assert in_c[name] == PAIRS[name]


@pytest.mark.parametrize("name", real_targets())
def test_the_debugger_reads_the_register_that_the_firmware_reads(name: str) -> None:
    target = load_target(name)
    header = (ROOT / "firmware" / "board" / target.family / "family.h").read_text()
    (address,) = re.findall(r"define DBGMCU_IDCODE REGISTER\((0x[0-9A-F]+)U\)", header)
    assert int(address, 16) == target.chip.id_register


def test_models_in_flash_are_aligned_as_arenas_are() -> None:
    template = (ROOT / "codegen" / "templates" / "tflite.c.j2").read_text()
    assert re.findall(r"alignas\((\d+)\)", template) == [str(ALIGNMENT_BYTES)]
