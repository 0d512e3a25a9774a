"""Checks the address of a Dask scheduler. I/O over the network."""

import re
import socket

from firmware.errors import ConfigError

CONNECT_LIMIT_S = 10.0
_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/\[\]@?#]+)):(\d{1,5})")


def check_scheduler(address: str) -> None:
    """Check that a server listens at an address.

    Raises:
        ConfigError: The text is not an address of a scheduler, or no server listens there.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise ConfigError(
            f"--scheduler {address!r} is not an address of a Dask scheduler such as tcp://gateway:8786"
        )
    try:
        socket.create_connection((match[1] or match[2], int(match[3])), CONNECT_LIMIT_S).close()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(
            f"no Dask scheduler answers at {address!r}: {reason}; start one with 'dask scheduler'"
        ) from error
