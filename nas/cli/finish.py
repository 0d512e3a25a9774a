"""The work of `nas run` and `nas pick`, with its progress and its results. Prints."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from firmware.output_streams import say
from firmware.printable import printable, printable_lines
from firmware.progress import Progress
from nas.cli.narrator import Narrator
from nas.report.terminal import run_text


def finish(
    arguments: argparse.Namespace, work: Callable[[Narrator, tuple[str, ...]], dict[str, Any]]
) -> None:
    """Do the work with its progress on the terminal, and print its record."""
    progress = Progress("nas")
    try:
        record = work(Narrator(progress), ("nas", *arguments.words))
    finally:
        progress.clear()
    print(json.dumps(record, indent=2) if arguments.json else printable_lines(run_text(record)))
    say(f"nas: wrote {printable(str(arguments.out))}/model.tflite, golden.npz, run.json")
