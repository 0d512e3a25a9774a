"""Locks the folder of a run against other processes. I/O."""

import fcntl
from pathlib import Path
from typing import IO

from firmware.errors import ConfigError


def lock_folder(folder: Path) -> IO[str]:
    """Create a folder if it is missing, and lock it until the returned file is closed.

    Raises:
        ConfigError: It cannot be written, or another process uses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise ConfigError(f"could not write in {str(folder)!r}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ConfigError(f"another 'nas' command uses {str(folder)!r}") from error
    return lock
