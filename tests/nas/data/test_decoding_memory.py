"""Decoding stays within its memory: what an image takes is known before it is decoded."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from firmware.errors import DataError
from nas.data.decoding_memory import DECODING_BYTES, MIB, DecodingMemory, memory_within
from nas.data.sample import Sample, decode
from tests.nas.data.test_image_file import png

ROOT = Path(__file__).parent.parent.parent.parent
SIDE = 1000
_MEASURE = """
import json, pathlib, re, sys
from PIL import Image
from nas.data.decoding_memory import DecodingMemory, coefficient_bytes, decoded_bytes
from nas.data.sample import Sample, decode, image_of

def kib(name):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\\s+(\\d+)", status, re.M)[1])

figures = {}
for path in map(pathlib.Path, sys.argv[1:]):
    sample = Sample(path.name, "a", None, path.read_bytes, path.stat().st_size)
    image = image_of(sample.read())
    image.draft(None, (64, 64))
    said = sample.file_bytes + coefficient_bytes(image_of(sample.read())) + decoded_bytes(image)
    del image
    for channels in (1, 3):
        decode(sample, (4, 4, channels))  # loads the decoder
        before = kib("VmRSS")
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        decode(sample, (32, 32, channels), DecodingMemory(1 << 40))
        figures[f"{path.name} {channels}"] = [said, 1024 * (kib("VmHWM") - before)]
print(json.dumps(figures))
"""


def pictures(folder: Path) -> list[str]:
    """A file of each kind whose decoding takes other memory."""
    noise = Image.effect_noise((SIDE, SIDE), 60)
    colours = Image.merge("RGB", (noise, noise.transpose(0), noise.transpose(1)))
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("L", (8, 8)).save(folder / "warm.png")
    noise.save(folder / "grey.png", compress_level=1)
    colours.save(folder / "colours.png", compress_level=1)
    colours.save(folder / "turned.png", compress_level=1, exif=turned)
    colours.convert("P").save(folder / "palette.png", compress_level=1)
    colours.convert("P").save(folder / "clear.gif", transparency=3)
    colours.save(folder / "colours.webp", quality=50, method=0)
    clear = colours.convert("RGBA")
    clear.putalpha(noise)
    clear.save(folder / "alpha.png", compress_level=1)
    clear.save(folder / "alpha.webp", quality=50, method=0)
    colours.convert("CMYK").save(folder / "cmyk.jpg")
    noise.convert("I;16").save(folder / "deep.png", compress_level=1)
    colours.save(folder / "unpacked.tif")
    colours.save(folder / "packed.tif", compression="tiff_lzw")
    colours.save(folder / "plain.bmp")
    colours.save(folder / "plain.jpg", subsampling=0)
    colours.save(folder / "steps.jpg", subsampling=0, progressive=True)
    return [
        str(folder / "warm.png"),
        *map(str, sorted(folder.glob("[!w]*"))),
        str(folder / "unpacked.tif"),
    ]


def test_no_image_takes_more_than_is_foretold(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MEASURE, *pictures(tmp_path)]
    # Freed memory goes back at once, so that each image is measured alone.
    settings = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, timeout=60, check=True
    )
    figures = json.loads(done.stdout)
    slack = MIB // 2
    over = {name: own for name, own in figures.items() if own[1] > own[0] + slack}
    assert over == {}
    assert figures["colours.png 3"][0] < 2 * figures["colours.png 3"][1], "and not far more"


def sample(content: bytes) -> Sample:
    return Sample("x", "a", None, lambda: content, len(content))


def test_a_picture_that_takes_too_much_is_refused_before_it_is_decoded() -> None:
    # Rows are missing: only the header is read.
    with pytest.raises(
        DataError, match="'x': decoding it needs 306 MiB, the limit is 128 MiB; make"
    ):
        decode(sample(png(8000, 8000, 8, 2, b"")), (8, 8, 3))


def test_less_memory_of_the_host_allows_smaller_pictures() -> None:
    with pytest.raises(
        DataError, match="decoding it needs 5 MiB, the limit is 1 .*raise --host-memory"
    ):
        decode(sample(png(1000, 1000, 8, 2, b"")), (8, 8, 3), DecodingMemory(MIB))


def test_the_weights_of_a_wide_picture_count() -> None:
    with pytest.raises(DataError, match="decoding it needs 1[0-9][0-9] MiB"):
        decode(sample(png(1 << 22, 1, 8, 0, b"")), (8, 8, 3))


def test_a_large_file_is_refused_before_it_is_read() -> None:
    def never() -> bytes:
        raise AssertionError

    with pytest.raises(DataError, match="decoding it needs 200 MiB"):
        decode(Sample("x", "a", None, never, 200 * MIB), (8, 8, 3))


def test_a_large_jpeg_takes_little_memory() -> None:
    content = io.BytesIO()
    Image.new("RGB", (3000, 3000)).save(content, "JPEG")
    assert decode(sample(content.getvalue()), (8, 8, 3), DecodingMemory(2 * MIB)).shape == (8, 8, 3)


def test_what_this_process_takes_already_is_left_out() -> None:
    assert memory_within(None).limit_bytes == DECODING_BYTES
    assert memory_within(1 << 40).limit_bytes == DECODING_BYTES
    assert memory_within(MIB).limit_bytes == 0


def test_large_pictures_are_decoded_one_after_the_other() -> None:
    memory = DecodingMemory(100)
    inside, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with memory.room(60), memory.room(100):
            with lock:
                inside += 1
                most = max(most, inside)
            pause.wait(0.01)
            with lock:
                inside -= 1

    pause = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 1
