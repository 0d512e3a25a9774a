"""The option of the verbs that read a bench file. Pure."""

import argparse

from firmware.command_line import some_path
from hil.bench.bench_file import DEFAULT_FILE


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Add the option `--bench`."""
    parser.add_argument(
        "--bench", type=some_path, metavar="FILE", help=f"bench file ({DEFAULT_FILE})"
    )
