"""What training takes of the host's memory. Asks the compiled trainer."""

from nas.host.memory_plan import MIB
from nas.network.description import Network
from nas.trainer.measure import Measure, measure

_FLOAT = 4
_ADAM_ARRAYS = 3
_WINNER_COPIES = 6
"""Of the parameters: the best epoch's, and those that writing a checkpoint or converting makes."""
_CONVERTER_BYTES = 5 * MIB
"""Of LiteRT's interpreter, its model, and the modules that convert, beside the parameters."""


def training_bytes(network: Network, part: int, images: int, base_bytes: int) -> int:
    """Anonymous memory of a process that trains a network; images stay in the page cache.

    Args:
        network: That is trained.
        part: Images that go through it together.
        images: Training images.
        base_bytes: What a worker takes before it trains.

    Raises:
        BuildError: The trainer, which knows what it takes, was not compiled before.
        ConfigError: The trainer does not know such a network.
    """
    return _training_bytes(measure(network, part), images, base_bytes)


def _training_bytes(taken: Measure, images: int, base_bytes: int) -> int:
    arrays = _ADAM_ARRAYS * taken.parameters * _FLOAT
    per_image = 4 * 8
    return base_bytes + taken.size_bytes + arrays + per_image * images


def winner_bytes(network: Network, part: int, images: int, base_bytes: int) -> int:
    """The larger anonymous memory of two processes: one trains the winner, the next converts it.

    Takes and raises what `training_bytes` does.
    """
    taken = measure(network, part)
    copies = _WINNER_COPIES * taken.parameters * _FLOAT
    training = _training_bytes(taken, images, base_bytes)
    conversion = base_bytes + taken.size_bytes + _CONVERTER_BYTES
    return max(training, conversion) + copies
