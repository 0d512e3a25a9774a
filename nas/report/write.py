"""Writes a report as HTML, JSON and Markdown. Reads and writes files."""

import json
from pathlib import Path
from typing import Any

from firmware.errors import ConfigError
from firmware.files import write_text
from firmware.output_files import MARK, check_outputs
from nas.report.contents import make_page
from nas.report.facts import gather
from nas.report.measurement import BoardResult, read_measurement
from nas.report.page import html, markdown
from nas.report.record import report_record
from nas.report.run_folder import read_run


def write_report(
    run: Path, measurement: Path | None = None, out: Path | None = None
) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Write the report of a run; returns the content of report.json, and the three files.

    All three are rendered before the first is written, and each is written atomically.

    Args:
        run: Folder of the run.
        measurement: The file of `hil run`.
        out: The HTML file, by default `report.html` in the folder of the run. The others are
            written beside it.

    Raises:
        ConfigError: The folder contains no run, a file is damaged, or `out` is not a .html.
        StaleError: The measurement or the model in the folder is of another model.
    """
    page_file = run / "report.html" if out is None else out
    if page_file.suffix != ".html":
        raise ConfigError(f"--out: {str(out)!r} does not end in .html")
    own = read_run(run)
    if measurement is not None and own.final is None:
        raise ConfigError(f"{str(run)!r} is not finished, so it has no model to measure yet")
    measured: tuple[BoardResult, ...] = ()
    if measurement is not None and own.final is not None:
        measured = read_measurement(measurement, own.final.model_sha256)
    check_outputs(page_file, page_file.with_suffix(".json"), page_file.with_suffix(".md"))
    facts = gather(own, measured)
    page, record = make_page(facts), report_record(facts)
    texts = {
        page_file: html(page),
        page_file.with_suffix(".json"): json.dumps(record, indent=2, allow_nan=False) + "\n",
        page_file.with_suffix(".md"): f"{markdown(page)}\n<!-- {MARK} -->\n",
    }
    for path, text in texts.items():
        write_text(path, text)
    return record, tuple(texts)
