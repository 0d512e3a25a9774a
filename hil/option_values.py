"""Numbers of the command line: what is out of range is wrong usage. Pure."""

import argparse
import contextlib

from firmware.errors import ConfigError
from firmware.progress import parse_seconds

MOST_S = 1e6
MOST_COUNT = (1 << 31) - 1
MOST_PORT = (1 << 16) - 1


def seconds(text: str) -> float:
    """An option's number of seconds, or length of time with its units."""
    with contextlib.suppress(ConfigError):
        if (value := parse_seconds(text)) <= MOST_S:
            return value
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number of seconds or a duration such as 90s or 1h30m, "
        f"at most {MOST_S:,.0f} s"
    )


def positive_seconds(text: str) -> float:
    """An option's number of seconds, not 0."""
    if (value := seconds(text)) > 0:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")


def fraction(text: str) -> float:
    """An option's part of 1."""
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) < 1.0:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1, such as 0.01")


def positive_fraction(text: str) -> float:
    """An option's part of 1, not 0."""
    if (value := fraction(text)) > 0:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1, such as 0.01")


def count(text: str) -> int:
    """An option's whole number."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= MOST_COUNT:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 0 to {MOST_COUNT:,}")


def tcp_port(text: str) -> int:
    """An option's TCP port."""
    with contextlib.suppress(ValueError):
        if 0 <= int(text) <= MOST_PORT:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a TCP port from 0 to {MOST_PORT}")
