"""Writes a report: HTML, JSON and Markdown of the same facts. Reads and writes files."""

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
    """Write the report of a run; gives what report.json holds, and the three files.

    All three are made before the first is written, and each is written whole or not at all.

    Args:
        run: Folder of the run.
        measurement: What `hil run` wrote.
        out: The HTML file; `report.html` in the run's folder if not given. The others lie beside
            it.

    Raises:
        ConfigError: The folder holds no run, a file is damaged, or `out` is no .html.
        StaleError: The measurement or the model in the folder belong to another model.
    """
    page_file = run / "report.html" if out is None else out
    if page_file.suffix != ".html":
        raise ConfigError(f"--out: {str(out)!r} does not end in .html")
    own = read_run(run)
    if measurement is not None and own.final is None:
        raise ConfigError(f"{str(run)!r} is not finished, so nothing can be measured of it yet")
    measured: tuple[BoardResult, ...] = ()
    if measurement is not None and own.final is not None:
        measured = read_measurement(measurement, own.final.model_sha256)
    facts = gather(own, measured)
    page, record = make_page(facts), report_record(facts)
    texts = {
        page_file: html(page),
        page_file.with_suffix(".json"): json.dumps(record, indent=2, allow_nan=False) + "\n",
        page_file.with_suffix(".md"): f"{markdown(page)}\n<!-- {MARK} -->\n",
    }
    check_outputs(*texts)
    for path, text in texts.items():
        write_text(path, text)
    return record, tuple(texts)
