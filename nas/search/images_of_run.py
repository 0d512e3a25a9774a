"""Finds the decoded images of an earlier run, or decodes them again. I/O."""

import contextlib

from firmware.errors import ConfigError, DataError, StaleError
from firmware.files import cache_folder
from firmware.printable import brief
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, open_dataset, prepare_dataset
from nas.data.decoding_memory import memory_within
from nas.search.listener import Listener
from nas.search.run_record import StartRecord


def images_of_run(
    record: StartRecord, side: int, data: str, told: Listener, memory_bytes: int | None
) -> Dataset:
    """The images of a run at an input size.

    Args:
        record: The run.
        side: Side of the input; 0 if the run has one input.
        data: The images, if they are not where the run found them; empty if they are.
        told: Receives the progress of the decoding.
        memory_bytes: Memory limit of all processes; None for no limit.

    Raises:
        ConfigError: The decoded images are gone, and it is not known what they were made of.
        DataError: The images cannot be read.
        StaleError: They are not the images of the run.
    """
    config = record.config
    key = record.dataset_keys.get(str(side), "")
    if not key and side in (0, config.shape[0]):
        key = config.dataset_key
    if key:
        with contextlib.suppress(DataError):
            return open_dataset(cache_folder() / key)
    place = data or record.data
    if not place:
        raise ConfigError(
            "the decoded images of the run are no longer in the cache; name the images with --data"
        )
    try:
        source = find_data(place)
    except DataError as error:
        raise DataError(f"{error}; name the images of the run with --data") from error
    shape, memory = config.input_at(side), memory_within(memory_bytes)
    dataset = prepare_dataset(
        source, shape, record.skip_broken, cache_folder(), told.image_decoded, memory
    )
    if (key and dataset.key != key) or dataset.classes != config.classes:
        raise StaleError(
            f"the images in {brief(repr(place), 160)} are not those of the run, or were decoded in "
            "another way"
        )
    return dataset
