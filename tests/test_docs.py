"""Every command in README and docs is run, in a folder of its own for each page."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nas.quantization.quantize import quantize_range
from tests.hil.conftest import VIRTUAL_NUCLEO
from tests.host_compiler import ROOT
from tests.small_model import small_model

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DEADLINE_S = 900
_FENCE = re.compile(r"^```(\w*)(.*)$")
_NOT_RUN = re.compile(r'not-run="([^"]+)"')
_PROGRAMS = "(nas|codegen|hil|make|pytest|pip|python|sudo|dask|export|pyserial-miniterm) "
_COMMAND = re.compile(f"^ {{4}}{_PROGRAMS}")
_PLAIN = re.compile(f"^{_PROGRAMS}")
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")


@dataclass(frozen=True)
class Block:
    """A fenced piece of a page."""

    page: Path
    line: int
    language: str
    info: str
    text: str

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        found = _NOT_RUN.search(self.info)
        return found[1] if found else ""


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    found, opened, lines = [], None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened, lines = (number, fence[1], fence[2]), []
        elif fence and opened is not None:
            found.append(Block(page, *opened, "\n".join(lines)))
            opened = None
        elif opened is not None:
            lines.append(line)
    assert opened is None, f"{page.name}: a block is not closed"
    return found


def program(block: Block) -> str:
    """What bash runs for a block; `make` is asked only what it would do."""
    text = re.sub(r"^make (?!-C)", f"make -n -C {ROOT} ", block.text, flags=re.MULTILINE)
    if block.language == "python":
        return f"{sys.executable} - <<'PYTHON'\n{text}\nPYTHON"
    return text


def photos(folder: Path) -> None:
    """Two classes that differ in their colour."""
    rng = np.random.default_rng(0)
    for name, colour in (("person", 60), ("nobody", 180)):
        (folder / name).mkdir(parents=True)
        for index in range(20):
            pixels = rng.integers(colour - 50, colour + 50, (60, 60, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


def coco(folder: Path) -> None:
    """Annotations and images in COCO's form: every second image shows a person."""
    (folder / "coco").mkdir()
    ids = iter(range(1, 100))
    for part in ("train", "val"):
        images, boxes = [], []
        for _ in range(8):
            number = next(ids)
            name = f"COCO_{part}2014_{number:012}.jpg"
            Image.new("RGB", (64, 48), (number * 9, 80, 120)).save(folder / "coco" / name)
            images.append({"id": number, "file_name": name, "width": 64, "height": 48})
            if number % 2:
                box = {"image_id": number, "category_id": 1, "iscrowd": 0, "area": 300.0}
                boxes.append({"id": number, "bbox": [5, 5, 20, 30], **box})
        content = {
            "images": images,
            "annotations": boxes,
            "categories": [{"id": 1, "name": "person"}],
        }
        (folder / f"instances_{part}2014.json").write_text(json.dumps(content))
    (folder / "mscoco_minival_ids.txt").write_text("9\n10\n11\n12\n")


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with what the pages speak of, and the environment of a user there.

    All pages share one cache, as they do for a user: the trainer and TFLM are compiled once.
    """
    photos(tmp_path / "photos")
    coco(tmp_path)
    (tmp_path / "other.tflite").write_bytes(small_model())
    shutil.copy(ROOT / "benchmarks/models/nas_k8_c3.tflite", tmp_path / "model.tflite")
    tools = Path(sys.executable).parent
    own = tmp_path_factory.getbasetemp()  # of this worker, or of all tests
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return tmp_path, os.environ | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(shared / "docs-cache"),
        "MCU_NAS": str(ROOT),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_stands_outside_of_a_block(page: Path) -> None:
    inside = {
        number
        for block in blocks_of(page)
        for number in range(block.line, block.line + block.text.count("\n") + 2)
    }
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    hidden = [block for block in blocks_of(page) if block.language not in ("sh", "python")]
    commands = [line for block in hidden for line in block.text.splitlines() if _PLAIN.match(line)]
    assert [line for line in commands if not _PLACEHOLDER.search(line)] == []
    assert [line for number, line in lines if _COMMAND.match(line) and number not in inside] == []


def test_the_black_image_of_the_bench_page_is_black_for_an_int8_input() -> None:
    page = (ROOT / "docs" / "bench.md").read_text()
    (written,) = re.findall(r'black = (b".+?") \*', page)
    (value,) = np.frombuffer(ast.literal_eval(written), np.int8)
    assert value == quantize_range(0.0, 1.0).zero_point, "0 is mid-grey"


def to_run(page: Path) -> list[Block]:
    """The blocks of a page that are run."""
    blocks = [block for block in blocks_of(page) if block.language in ("sh", "python")]
    return [block for block in blocks if not block.reason]


def pages_to_run() -> list[Any]:
    """Pages with commands; those that use the same board run one after the other."""
    pages = [(page, to_run(page)) for page in PAGES]
    return [
        pytest.param(page, id=page.name, marks=VIRTUAL_NUCLEO)
        if any("virtual-nucleo" in block.text for block in blocks)
        else pytest.param(page, id=page.name)
        for page, blocks in pages
        if blocks
    ]


@pytest.mark.long
@pytest.mark.parametrize("page", pages_to_run())
def test_the_commands_of_a_page_work_in_their_order(
    page: Path, desk: tuple[Path, dict[str, str]]
) -> None:
    folder, environment = desk
    blocks = to_run(page)
    script = "\n".join(f"echo '--- line {own.line}' >&2\n{program(own)}" for own in blocks)
    completed = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            f"trap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n{script}",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
