"""Builds firmware, flashes it to real and virtual boards, measures it and checks the results."""

from typing import TYPE_CHECKING

from firmware.exports import exported

if TYPE_CHECKING:
    from hil.judge import Verdict
    from hil.measure import Measurement
    from hil.project import read_project
    from hil.session import run_on_board

__all__ = ["Measurement", "Verdict", "read_project", "run_on_board"]

__getattr__ = exported(
    __name__,
    {
        "Measurement": "hil.measure",
        "Verdict": "hil.judge",
        "read_project": "hil.project",
        "run_on_board": "hil.session",
    },
)
