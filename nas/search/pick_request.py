"""The options of `nas pick`, each defined once for Python and for the command line. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from nas.host.host_memory import PROFILES
from nas.search.request import Option


@dataclass(frozen=True, slots=True)
class PickRequest:
    """The settings of a pick, for `nas pick` and `run_pick`; `nas pick --help` describes them.

    None and empty texts stand for the settings of the run.
    """

    run: Path
    out: Annotated[Path, Option("folder of the result", "DIR")]
    ram: Annotated[int | None, Option("limit of the arena (the run's)", "BYTES")] = None
    flash: Annotated[int | None, Option("limit of the .tflite (the run's)", "BYTES")] = None
    macc: Annotated[int | None, Option("limit of MACs per inference (the run's)", "N")] = None
    latency: Annotated[
        str,
        Option(
            "longest time of one inference, such as 50ms (the run's), judged by what the run used, "
            "by --measured-latency or by modelled cycles",
            "TIME",
        ),
    ] = ""
    measured_latency: Annotated[
        Path | None,
        Option("latency model of 'nas calibrate', instead of the one of the run", "FILE"),
    ] = None
    final_epochs: Annotated[
        int | str | None,
        Option("epochs of the final training, or 'auto', as in 'nas run' (the run's)", "N|auto"),
    ] = None
    learning_rate: Annotated[
        float | None, Option("highest learning rate of the final training (the run's)", "X")
    ] = None
    teacher: Annotated[
        Path | None,
        Option(
            "folder of a finished run or pick on the same images: its network teaches this one "
            "(the run's)",
            "DIR",
        ),
    ] = None
    data: Annotated[
        str,
        Option(
            "the images of the run, if their decoded copies are gone and they have moved",
            "PATH|digits",
        ),
    ] = ""
    host_memory: Annotated[
        str,
        Option(
            f"memory limit: auto, 512MiB, or a host such as {', '.join(PROFILES)} (%(default)s)",
            "SIZE",
        ),
    ] = "auto"
    workers: Annotated[
        int | None, Option("number of threads of the training (one for each core)", "N")
    ] = None
