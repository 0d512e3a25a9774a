"""Predicts the host memory of a training. Calls the compiled trainer."""

from nas.host.memory_plan import MIB
from nas.network.description import Network
from nas.trainer.measure import Measure, measure
from nas.trainer.program import LANES

_FLOAT = 4
_ADAM_ARRAYS = 3
_WINNER_COPIES = 6
"""Copies of the parameters outside the trainer: the best epoch's, and those of writing a checkpoint
or of the conversion."""
_TEACHER_COPIES = 3
"""Copies of a teacher's parameters: the best epoch's, the flat ones, and one while it is read."""
_CONVERTER_BYTES = 5 * MIB
"""Memory of the conversion beside the parameters: LiteRT's interpreter, its model, the modules."""


def training_bytes(network: Network, part: int, images: int, base_bytes: int) -> int:
    """Anonymous memory of a process that trains a network; images stay in the page cache.

    Args:
        network: The network.
        part: Images that go through the network at a time.
        images: Number of training images.
        base_bytes: Anonymous memory of a worker before it trains.

    Raises:
        BuildError: The trainer, which reports its memory, is not compiled yet.
        ConfigError: The trainer does not support the network.
    """
    return _training_bytes(measure(network, part), images, base_bytes)


def _training_bytes(taken: Measure, images: int, base_bytes: int) -> int:
    arrays = _ADAM_ARRAYS * taken.parameters * _FLOAT
    per_image = 4 * 8
    return base_bytes + taken.size_bytes + arrays + per_image * images


def teaching_bytes(network: Network, base_bytes: int, is_averaged: bool = False) -> int:
    """Anonymous memory of a process that writes what a trained network says of images.

    Arguments and errors are those of `winner_bytes`.
    """
    taken = measure(network, LANES)
    arrays = _ADAM_ARRAYS + _TEACHER_COPIES + is_averaged
    return base_bytes + taken.size_bytes + arrays * taken.parameters * _FLOAT


def winner_bytes(
    network: Network, part: int, images: int, base_bytes: int, is_averaged: bool = False
) -> int:
    """The larger anonymous memory of two processes: one trains the winner, one converts it.

    Arguments and errors are those of `training_bytes`. If the recipe averages the weights, the
    average is one array more, and one copy more where the checkpoint is written or read.
    """
    taken = measure(network, part)
    averages = taken.parameters * _FLOAT if is_averaged else 0
    copies = _WINNER_COPIES * taken.parameters * _FLOAT + averages
    training = _training_bytes(taken, images, base_bytes) + averages
    conversion = base_bytes + taken.size_bytes + _CONVERTER_BYTES
    return max(training, conversion) + copies
