"""The search as a function: what `nas run` does, for programs. I/O through the run."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.graph import DEFAULT_ROUNDING
from firmware.errors import ConfigError
from firmware.files import cache_folder, sha256_of_file
from firmware.progress import parse_duration
from firmware.targets import Target, load_target
from nas.config import DEFAULT_RECIPE, FINAL_EPOCHS, SearchConfig
from nas.cost import Limits, with_chip
from nas.data_source import find_data
from nas.dataset import Dataset, prepare_dataset
from nas.decoding_memory import memory_within
from nas.estimator.speed import read_speed_model
from nas.host_memory import parse_host_memory
from nas.input_size import AUTO, first_side, input_sides, parse_shape
from nas.listener import Listener
from nas.machine import Machine
from nas.pace import Pace, make_pace
from nas.provenance import Origin
from nas.run import run
from nas.scheduler_address import check_scheduler
from nas.spaces import DEFAULT_SPACE, find_converter
from nas.strategy import DEFAULT_STRATEGY

OnDatasets = Callable[[dict[int, Dataset]], None]


def search(
    data: str,
    *,
    target: str,
    out: Path,
    input: str = "",  # noqa: A002 (the word of the command line)
    space: str = DEFAULT_SPACE,
    converter: str = "",
    strategy: str = DEFAULT_STRATEGY,
    runtime: str = "static",
    ram: int | None = None,
    flash: int | None = None,
    macc: int | None = None,
    latency: str = "",
    measured_latency: Path | None = None,
    epochs: int = 3,
    final_epochs: int = FINAL_EPOCHS,
    recipe: str = DEFAULT_RECIPE,
    learning_rate: float | None = None,
    augment: str | None = None,
    seed: int = 0,
    rounding: str = DEFAULT_ROUNDING,
    host_memory: str = "auto",
    max_time: str = "",
    workers: int | None = None,
    scheduler: str = "",
    skip_broken: bool = False,
    listener: Listener | None = None,
    command: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Search the best network that fits a target, train it, convert it to int8.

    The same call continues an interrupted search in its folder. Options are those of `nas run`,
    which describes each; None and empty texts mean its defaults.

    Args:
        data: Folder or zip of class folders, an .npz, or `digits`.
        target: Name of a chip, or path of a TOML file.
        out: Folder of the run: `model.tflite`, `golden.npz`, `run.json`, `trials.sqlite`.
        input: `HxWxC`, or `auto`.
        space: What is searched: a name, or a Python file with a `SPACE` of your own.
        converter: Who makes the .tflite.
        strategy: How the search moves.
        runtime: What runs the model on the chip: `static` or `tflm`.
        ram: Most bytes of the arena.
        flash: Most bytes of the .tflite.
        macc: Most multiply-accumulates of one inference.
        latency: Longest inference, such as `50ms`; needs `measured_latency`.
        measured_latency: A file of `nas calibrate`.
        epochs: For each candidate.
        final_epochs: For the winner.
        recipe: How the winner is trained.
        learning_rate: Of its training, the highest; the recipe's own if None.
        augment: What happens to its training images.
        seed: Of all randomness.
        rounding: Whose outputs the golden file holds: `tflm` or `litert`.
        host_memory: That all processes may take: `auto`, `512MiB`, `rpi-zero2w`.
        max_time: After which the search takes the best so far, such as `8h`.
        workers: Trainings side by side.
        scheduler: Address of a Dask scheduler.
        skip_broken: Leave out images that cannot be read.
        listener: Is told of progress.
        command: The command line that asked for it, for the record.

    Returns:
        What run.json holds.

    Raises:
        ConfigError: An option cannot be used, or the folder holds another search.
        HostMemoryError: The memory is not enough for one training.
        DataError: The images cannot be used.
        InfeasibleError: No candidate fits.
        WorkerError: Training or conversion failed.
    """
    chip, told = load_target(target), listener or Listener()
    limits, pace = limits_of(chip, runtime, ram, flash, macc, latency, measured_latency)
    machine = _machine(workers, host_memory, scheduler, max_time)
    machine.planned()  # too little memory is refused before the images are read
    datasets = _datasets(data, input, skip_broken, told, machine.memory_bytes)
    told.data_ready(datasets)
    dataset = datasets[first_side(tuple(datasets))]
    own_space = Path(space).absolute() if space.endswith(".py") else None
    config = SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space=space if own_space is None else str(own_space),
        space_sha256="" if own_space is None else sha256_of_file(own_space),
        converter=find_converter(space, converter),
        strategy=strategy,
        target=chip.name,
        runtime=runtime,
        limits=limits,
        epochs=epochs,
        final_epochs=final_epochs,
        seed=seed,
        rounding=rounding,
        recipe=recipe,
        augmentation=augment or ("mirror" if dataset.shape[2] == 3 else "shift"),
        sides=tuple(datasets) if input == AUTO else (),
        pace=pace,
        learning_rate=learning_rate,
    )
    return run(config, datasets, out, told, machine, Origin(command, chip))


def limits_of(
    target: Target,
    runtime: str,
    ram: int | None = None,
    flash: int | None = None,
    macc: int | None = None,
    latency: str = "",
    measured_latency: Path | None = None,
) -> tuple[Limits, Pace | None]:
    """The limits of a target, or narrower ones; with a limit of time, what foretells it.

    Raises:
        ConfigError: A limit is no limit, or one of time lacks its measurements.
    """
    limits = Limits(
        macc=target.macc_limit if macc is None else macc,
        flash_bytes=target.flash_bytes if flash is None else flash,
        ram_bytes=target.ram_bytes - target.stack_bytes if ram is None else ram,
    )
    limits = with_chip(limits, target)
    if not latency and measured_latency is None:
        return limits, None
    if not latency or measured_latency is None:
        raise ConfigError(
            "--latency and --measured-latency go together: a limit, and a file of 'nas calibrate' "
            "that foretells what keeps it"
        )
    model = read_speed_model(measured_latency)
    pace = make_pace(model, target.core, target.core_hz, runtime)
    return replace(limits, latency_us=round(1e6 * parse_duration(latency))), pace


def _machine(workers: int | None, host_memory: str, scheduler: str, max_time: str) -> Machine:
    count = (os.cpu_count() or 1) if workers is None else workers
    if count < 1:
        raise ConfigError(f"--workers is {count}, expected at least 1")
    if scheduler:
        check_scheduler(scheduler)
    memory_bytes = parse_host_memory(host_memory)
    return Machine(count, memory_bytes, scheduler, parse_duration(max_time) if max_time else None)


def _datasets(
    data: str, shape: str, skip_broken: bool, told: Listener, memory_bytes: int | None
) -> dict[int, Dataset]:
    """The images at every input of the search, by its side; 0 if it is given."""
    source = find_data(data)
    for remark in source.remarks:
        told.noted(remark)
    memory = memory_within(memory_bytes)
    if shape == AUTO:
        channels = source.default_shape[2]
        shapes = {side: (side, side, channels) for side in input_sides(source)}
    else:
        shapes = {0: parse_shape(shape) if shape else source.default_shape}
    return {
        side: prepare_dataset(source, own, skip_broken, cache_folder(), told.image_decoded, memory)
        for side, own in shapes.items()
    }
