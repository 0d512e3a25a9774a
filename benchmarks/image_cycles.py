"""Compares the cycle model with published times of MLPerf Tiny's firmware images on a Cortex-M4.

    python -m benchmarks.image_cycles PATH [--out FILE]

PATH is a work tree of github.com/mlcommons/tiny_results_v1.2. `published_images.toml` names the
images and their times. Needs arm-none-eabi-gcc, qemu-system-arm 7.2 and a C compiler.
"""

import argparse
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.cycles import chip
from firmware.errors import ConfigError, SdkError
from firmware.files import write_json
from firmware.records.reader import Kind, convert, read_toml
from firmware.targets import Target
from firmware.text_table import table
from hil.modelled import Counts
from hil.virtual.cycles.cycle_log import CycleLog
from hil.virtual.cycles.cycle_model import cycle_model

HERE = Path(__file__).parent
FLAGS = ("-mcpu=cortex-m4", "-mthumb", "-O2", "-nostdlib", "-nostartfiles")
NO_CALLS = "-fno-tree-loop-distribute-patterns"
"""No loop becomes a call of the C library, which is not linked."""
COMMANDS = "infer 1 0%infer 2 0%"
"""The difference of both is one inference, without what an image does around it."""
RUN_LIMIT_S = 900.0
STACK_END = 0x2002_F000
"""QEMU's machine has less RAM than the chip; above it is the RAM of image_board.c."""
MEMORIES = (0x1000_0000, 0x2000_0000, 0x2003_0000, 0x4000_0000)
"""SRAM2, SRAM1, SRAM2 again and SRAM3, peripherals. Source: RM0432, section 2.2."""
NEAR_HALFWORDS = 128
_KIND = Kind("is not a list of firmware images", "see benchmarks/published_images.toml")


@dataclass(frozen=True, slots=True)
class Mode:
    """How the flash is read, and the lines of its caches in this mode."""

    flash_line_bytes: int
    instruction_lines: int
    data_lines: int


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware image and the published time of an inference."""

    title: str
    path: str
    mode: str
    published_ms: float


@dataclass(frozen=True, slots=True)
class Images:
    """The content of published_images.toml."""

    core_hz: int
    flash_acr: int
    wait_states: int
    modes: dict[str, Mode]
    image: tuple[Image, ...]

    def error(self, image: Image, counts: Counts) -> float:
        """Relative error of the model."""
        return self.milliseconds(counts) / image.published_ms - 1

    def milliseconds(self, counts: Counts) -> float:
        """Modelled time of an inference."""
        return 1000 * counts.cycles / self.core_hz

    def chip(self, image: Image) -> Target:
        """The STM32L4R5, as far as the cycle model is concerned."""
        return chip(
            wait_states=self.wait_states, memory_origins=MEMORIES, **asdict(self.modes[image.mode])
        )


def adapted(content: bytes) -> bytes:
    """An image whose stack fits QEMU's RAM, and without exclusive stores to peripherals.

    An exclusive store fails after a fault. STRD has the same fields; image_board.c executes it as
    an exclusive store.
    """
    image = bytearray(content + bytes(-len(content) % 4))
    stack_end = image[:4]
    if int.from_bytes(stack_end, "little") > STACK_END:
        for at in range(0, len(image), 4):
            if image[at : at + 4] == stack_end:
                image[at : at + 4] = STACK_END.to_bytes(4, "little")
    code = struct.unpack(f"<{len(image) // 2}H", image)
    pairs = list(pairwise(code))
    loads = [at for at, (a, b) in enumerate(pairs) if a & 0xFFF0 == 0xE850 and b & 0xFFF == 0xF00]
    for at, (first, second) in enumerate(pairs):
        is_store = first & 0xFFF0 == 0xE840 and second & 0xFF == 0
        if is_store and any(abs(at - load) < NEAR_HALFWORDS for load in loads):
            struct.pack_into("<H", image, 2 * at, first ^ 0x180)
    return bytes(image)


def build(content: bytes, out: Path) -> Path:
    """Link an image with image_board.c, which takes its resets, faults and ticks."""
    image = adapted(content)
    words = struct.unpack_from("<16I", image)
    (out / "image.bin").write_bytes(image)
    (out / "image.s").write_text(
        f'.syntax unified\n.section .image,"a"\n.word {words[0]:#x}, start, {words[2]:#x}, trap\n'
        '.incbin "image.bin", 16, 44\n.word tick\n.incbin "image.bin", 64\n'
        ".text\n.balign 4\n.global image_reset, image_tick\n"
        f"image_reset: .word {words[1]:#x}\nimage_tick: .word {words[15]:#x}\n"
    )
    command = ["arm-none-eabi-gcc", *FLAGS, NO_CALLS, f'-DCOMMANDS="{COMMANDS}"']
    command += [f"-DPROMPTS={COMMANDS.count('%')}", "-T", str(HERE / "image_board.ld")]
    command += ["-o", "image.elf", str(HERE / "image_board.c"), "image.s"]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True)
    if done.returncode != 0:
        raise ConfigError(f"the image cannot be linked: {done.stderr.strip()[:400]}")
    return out / "image.elf"


def count(images: Images, image: Image, elf: Path, folder: Path) -> Counts:
    """Run an image on the virtual board. Returns the counts of one inference."""
    log = folder / "log"
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-kernel", str(elf), "-semihosting"]
    command += ["-icount", "shift=0", "-display", "none", "-monitor", "none", "-serial", "null"]
    command += cycle_model(images.chip(image)).options(folder, log, [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT_S)
    printed = done.stdout + done.stderr
    if done.returncode != 0:
        raise ConfigError(f"{image.title}: the image failed after: {printed[-200:]!r}")
    if not printed.strip().endswith(f"{images.flash_acr:08x}"):
        raise ConfigError(f"{image.title}: FLASH_ACR is not {images.flash_acr:#x}: {printed[-8:]}")
    times = [mark.counts for mark in CycleLog(log, []).taken() if not mark.is_store]
    *_, first, first_end, second, second_end = times
    return (second_end - second) - (first_end - first)


def record(images: Images, found: Mapping[str, Counts]) -> dict[str, object]:
    """The content of image_cycles.json: figures only."""
    return {
        "source": "github.com/mlcommons/tiny_results_v1.2 at cadb362",
        "rows": [
            {
                "image": own.title,
                "published_ms": own.published_ms,
                "predicted_ms": round(images.milliseconds(found[own.title]), 3),
                "instructions": found[own.title].instructions,
                "error": round(images.error(own, found[own.title]), 5),
                "stalls": found[own.title].by_cause(),
            }
            for own in images.image
            if own.title in found
        ],
    }


def main(words: Sequence[str] | None = None) -> int:
    """Compare, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="work tree of tiny_results_v1.2")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    arguments = parser.parse_args(words)
    path = HERE / "published_images.toml"
    images = convert(read_toml(path, _KIND), Images, path, _KIND)
    found: dict[str, Counts] = {}
    lines = []
    try:
        for own in images.image:
            with tempfile.TemporaryDirectory(prefix="mcu-nas-image-") as name:
                elf = build((arguments.repository / own.path).read_bytes(), Path(name))
                counts = count(images, own, elf, Path(name))
            found[own.title] = counts
            error = f"{100 * images.error(own, counts):+.2f} %"
            milliseconds = f"{images.milliseconds(counts):.3f}"
            lines.append([own.title, f"{own.published_ms:.3f}", milliseconds, error])
    except (SdkError, OSError) as error_seen:
        print(f"error: {error_seen}", file=sys.stderr)
        return 1
    print(table(["image", "published ms", "modelled ms", "error"], lines))
    if arguments.out:
        write_json(arguments.out, record(images, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
