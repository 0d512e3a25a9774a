"""What a trained network says of the images that another one learns from. I/O.

The arguments and the results of the task are JSON values.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ConfigError, DataError
from firmware.files import replacing
from nas.data.dataset import Dataset, open_dataset
from nas.data.row_file import RowFile, holds_rows
from nas.data.splits import Split
from nas.trainer.network import TrainableNetwork
from nas.trainer.program import LANES
from nas.training.checkpoint import Checkpoint, read_checkpoint
from nas.training.tasks import Arguments, Report, load_trainer, network_of, training_key


def write_logits(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Write the logits of a teacher for the training images, unless they are there.

    Arguments: `dataset`, `space`, `candidate`, `recipe` and `checkpoint` of the teacher's
    training, `accuracies` (those that its run recorded), and `logits`, the .npy to write:
    (n, classes) float32. Reports `stage`.

    Raises:
        ConfigError: The checkpoint is not the one of that training, or is not finished.
        DataError: The disk is full.
    """
    dataset, path = open_dataset(Path(arguments["dataset"])), Path(arguments["logits"])
    shape = dataset.counts[Split.TRAIN], len(dataset.classes)
    if holds_rows(path, shape, np.float32):
        return {}
    checkpoint = _finished(arguments)
    load_trainer(report)
    report({"stage": "asking the teacher"})
    parameters = np.concatenate([own.ravel() for own in checkpoint.best])
    try:
        with TrainableNetwork(network_of(arguments, dataset), LANES) as network:
            _write(network, parameters, dataset, path)
    except OSError as error:
        raise DataError(
            f"could not write what the teacher says, {4 * shape[0] * shape[1]:,} bytes, to "
            f"{str(path)!r}: {error.strerror}; free space there"
        ) from error
    return {}


def _finished(arguments: Arguments) -> Checkpoint:
    """The checkpoint of the teacher; a batch may have been trained in parts of any size."""
    path, recipe, part = Path(arguments["checkpoint"]), arguments["recipe"], LANES
    while part <= recipe["batch_size"]:
        key = training_key(arguments | {"recipe": recipe | {"part": part}})
        found = read_checkpoint(path, key)
        if found is not None and found.accuracies == arguments["accuracies"]:
            return found
        part *= 2
    raise ConfigError(
        f"{str(path)!r} does not hold the weights of the finished teacher; run the command that "
        "made it again"
    )


def _write(
    network: TrainableNetwork, parameters: NDArray[np.float32], dataset: Dataset, path: Path
) -> None:
    images = dataset.images(Split.TRAIN)
    shape = (network.classes,)
    with (
        replacing(path) as temporary,
        RowFile(temporary, shape, len(images), np.float32) as file,
    ):
        for first in range(0, len(images), LANES):
            for row in network.logits(parameters, images[first : first + LANES]):
                file.append(row)
