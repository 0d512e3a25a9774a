"""The C files that a board brings along. Reads them."""

from pathlib import Path

from firmware.errors import ConfigError
from firmware.regular_file import read_regular
from firmware.targets import Target

MOST_BYTES = 1 << 20
"""Of one file."""


def own_sources(target: Target) -> dict[str, bytes]:
    """The board's own C files, by their paths in a project.

    Raises:
        ConfigError: The board names a folder that has no C files, or one cannot be read.
    """
    if not target.folder:
        return {}
    folder = Path(target.folder)
    found = sorted(path for path in folder.glob("*.[ch]") if path.is_file())
    if not found:
        raise ConfigError(
            f"{target.folder!r} contains no C files of the board {target.known_board.name}; "
            "correct 'sources' in its TOML file, or leave it out"
        )
    return {f"src/{path.name}": read_regular(path, MOST_BYTES) for path in found}
