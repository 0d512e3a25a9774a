"""Checks that options such as `--out` replace only files of the SDK. Reads files."""

from pathlib import Path

from firmware.errors import ConfigError

MARK = "mcu-nas"
"""Mark in every page and picture that the SDK writes."""
_SIGNS = {".json": b'"schema"', ".npz": b"model_sha256.npy"}
"""Mark in records and in golden files."""
_END_BYTES = 65536


def check_outputs(*paths: Path | None) -> None:
    """Check that writing these files does not replace a file of the user.

    Call it before the work whose results are written.

    Args:
        paths: The files to write; None is ignored.

    Raises:
        ConfigError: A path exists and is not a file that the SDK wrote.
    """
    for path in paths:
        if path is None or not path.exists():
            continue
        if path.is_dir():
            raise ConfigError(f"{str(path)!r} is a folder; name a file")
        if not path.is_file() or not _is_ours(path):
            raise ConfigError(
                f"{str(path)!r} exists, and this command did not write it; choose another name, or "
                "move it away"
            )


def _is_ours(path: Path) -> bool:
    sign = _SIGNS.get(path.suffix.lower(), MARK.encode())
    with path.open("rb") as stream:
        head = stream.read(_END_BYTES)
        stream.seek(max(0, path.stat().st_size - _END_BYTES))
        return sign in head or sign in stream.read(_END_BYTES)
