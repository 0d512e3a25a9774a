"""What the support of a board takes more than that where its core was measured. Reads a table.

The tables of code are by core, but boards with one core have different clocks, serial ports and
flash. `benchmarks.board_size` measures the differences.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class BoardSize:
    """Bytes of the board support above those in the table of the core; negative if it takes less.

    Attributes:
        flash_bytes: Code and constants.
        ram_bytes: Variables.
    """

    flash_bytes: int = 0
    ram_bytes: int = 0


def board_size(core: str, family: str) -> BoardSize:
    """Of a chip's family; the largest that is known on its core if that was not measured.

    Args:
        core: The core's name.
        family: Folder of the chip's code in `firmware/board/`; empty if its board brings all of it.
    """
    known = [BoardSize(**own) for name, own in _families(core).items() if name == family]
    known = known or [BoardSize(**own) for own in _families(core).values()]
    return max(known, key=lambda own: own.flash_bytes, default=BoardSize())


@cache
def _families(core: str) -> dict[str, dict[str, int]]:
    path = files("codegen").joinpath("boards_code.json")
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    families: dict[str, dict[str, int]] = table["cores"].get(core, {})
    return families
