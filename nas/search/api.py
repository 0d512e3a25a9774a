"""The search as a function for programs, as `nas run` calls it. I/O through the run."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.tflm.reserve import check_core
from firmware.errors import ConfigError
from firmware.files import cache_folder, sha256_of_file
from firmware.progress import parse_duration
from firmware.targets import load_target
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, prepare_dataset
from nas.data.decoding_memory import memory_within
from nas.data.digits_source import DIGITS
from nas.data.input_size import AUTO, first_side, input_sides
from nas.data.sample import DataSource
from nas.data.splits import Split
from nas.estimator.cost import Limits
from nas.estimator.limits import limits_of
from nas.estimator.pace import Pace, modelled_note
from nas.host.host_memory import parse_host_memory
from nas.host.machine import Machine
from nas.host.scheduler_address import check_scheduler
from nas.network.input_shape import parse_shape
from nas.search.config import SearchConfig
from nas.search.final_length import SEARCH_SHARE, parse_epochs
from nas.search.fold_count import parse_folds
from nas.search.listener import Listener
from nas.search.provenance import Origin
from nas.search.request import SearchRequest
from nas.search.run import run
from nas.search.teacher import check_teacher, find_teacher
from nas.spaces import find_converter, find_space

OnDatasets = Callable[[dict[int, Dataset]], None]


def run_search(
    request: SearchRequest, listener: Listener | None = None, command: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Search the best network that fits a target, train it, and convert it to int8.

    The same call resumes an interrupted search in its folder.

    Args:
        request: The settings. `model.tflite`, `golden.npz`, `run.json` and `trials.sqlite` are
            written to its folder.
        listener: Receives the progress.
        command: The command line, for the record.

    Returns:
        The content of run.json.

    Raises:
        ConfigError: An option is invalid, or the folder contains another search.
        HostMemoryError: There is not enough memory for one training.
        DataError: The images cannot be used.
        StaleError: The teacher was trained on other images.
        SpaceError: The Python file of the search space raised an exception.
        InfeasibleError: No candidate fits.
        WorkerError: Training or conversion failed.
    """
    chip, told = load_target(request.target), listener or Listener()
    if request.runtime == "tflm":
        check_core(chip.processor)
    converter = find_converter(request.space, request.converter)  # checked before images are read
    limits, pace = limits_of(
        chip,
        request.runtime,
        request.ram,
        request.flash,
        request.macc,
        request.latency,
        request.measured_latency,
    )
    if pace is not None and pace.model.is_modelled:
        told.noted(modelled_note(pace.record))
    machine = machine_of(request.workers, request.host_memory, request.scheduler, request.max_time)
    if machine.search_s is not None and parse_epochs(request.final_epochs) is None:
        machine = replace(machine, search_s=SEARCH_SHARE * machine.search_s)
    machine.planned()  # too little memory is an error before images are read
    teacher = None if request.teacher is None else find_teacher(request.teacher, request.out)
    source = find_data(request.data)
    datasets = _datasets(source, request, told, machine.memory_bytes)
    told.data_ready(datasets)
    is_drawn = all(sample.split is not Split.VALID for sample in source.samples)
    config = _config(request, datasets, is_drawn, chip.name, converter, limits, pace)
    if teacher is not None:
        keys = {dataset.key for dataset in datasets.values()}
        check_teacher(teacher, config, keys, request.out)
        config = replace(config, teacher_sha256=teacher.record.model_sha256)
    data = request.data if request.data == DIGITS else str(Path(request.data).absolute())
    origin = Origin(command, chip, data, request.skip_broken)
    return run(config, datasets, request.out, told, machine, origin, pace, teacher)


def _config(
    request: SearchRequest,
    datasets: dict[int, Dataset],
    is_drawn: bool,
    target: str,
    converter: str,
    limits: Limits,
    pace: Pace | None,
) -> SearchConfig:
    """The settings that determine the result of a search."""
    dataset = datasets[first_side(tuple(datasets))]
    own_space = Path(request.space).absolute() if request.space.endswith(".py") else None
    return SearchConfig(
        dataset_key=dataset.key,
        shape=dataset.shape,
        classes=dataset.classes,
        space=request.space if own_space is None else str(own_space),
        space_sha256="" if own_space is None else sha256_of_file(own_space),
        converter=converter,
        strategy=request.strategy or find_space(request.space).strategy,
        target=target,
        runtime=request.runtime,
        limits=limits,
        epochs=request.epochs,
        final_epochs=parse_epochs(request.final_epochs),
        seed=request.seed,
        rounding=request.rounding,
        recipe=request.recipe,
        augmentation=request.augment or ("mirror" if dataset.shape[2] == 3 else "shift"),
        sides=tuple(datasets) if request.input == AUTO else (),
        pace=None if pace is None else pace.record,
        learning_rate=request.learning_rate,
        folds=parse_folds(request.folds, dataset.counts, is_drawn),
    )


def machine_of(
    workers: int | None, host_memory: str, scheduler: str = "", max_time: str = ""
) -> Machine:
    """How much of the host may be used, from the texts of the options.

    Raises:
        ConfigError: An option is invalid.
    """
    count = (os.cpu_count() or 1) if workers is None else workers
    if count < 1:
        raise ConfigError(f"--workers is {count}, expected at least 1")
    if scheduler:
        check_scheduler(scheduler)
    memory_bytes = parse_host_memory(host_memory)
    search_s = parse_duration(max_time) if max_time else None
    return Machine(count, memory_bytes, scheduler, search_s)


def _datasets(
    source: DataSource, request: SearchRequest, told: Listener, memory_bytes: int | None
) -> dict[int, Dataset]:
    """The images at each input size of the search, by its side; 0 if the search has one input."""
    for remark in source.remarks:
        told.noted(remark)
    memory = memory_within(memory_bytes)
    if request.input == AUTO:
        channels = source.default_shape[2]
        shapes = {side: (side, side, channels) for side in input_sides(source)}
    else:
        shapes = {0: parse_shape(request.input) if request.input else source.default_shape}
    is_tolerant, cache = request.skip_broken, cache_folder()
    return {
        side: prepare_dataset(source, own, is_tolerant, cache, told.image_decoded, memory)
        for side, own in shapes.items()
    }
