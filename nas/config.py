"""What a search is: everything that decides its result. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from firmware.errors import ConfigError
from nas.cost import RUNTIMES, Limits
from nas.space import Shape

SEARCH_BATCH, SEARCH_LEARNING_RATE = 16, 1e-3
"""Recipe of the published search."""
FINAL_BATCH, FINAL_LEARNING_RATE, FINAL_EPOCHS = 128, 1e-2, 100
"""Recipe of the published final training."""

_SEED_STEP = 1_000_003
"""Between the seeds of repetitions; larger than seeds that people choose."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """A search, from the images to the .tflite.

    Attributes:
        dataset_key: SHA-256 of the decoded images.
        shape: Height, width and channels of the input.
        classes: Class names in the order of the outputs.
        space: Name of the search space.
        strategy: Name of the search strategy.
        target: Name of the chip.
        runtime: What will run the model there.
        limits: Most that a candidate may need.
        epochs: Passes over the training images for each candidate.
        final_epochs: Passes for the winner.
        seed: Of everything random.
    """

    dataset_key: str
    shape: Shape
    classes: tuple[str, ...]
    space: str
    strategy: str
    target: str
    runtime: str
    limits: Limits
    epochs: int
    final_epochs: int
    seed: int

    def __post_init__(self) -> None:
        for name in ("epochs", "final_epochs"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"the seed is {self.seed}, expected 0 to {2**32 - 1}")
        if self.runtime not in RUNTIMES:
            raise ConfigError(f"unknown runtime {self.runtime!r}; known: {', '.join(RUNTIMES)}")

    def as_record(self) -> dict[str, Any]:
        """The configuration as JSON holds it."""
        return {**asdict(self), "shape": list(self.shape), "classes": list(self.classes)}

    def training_record(self) -> dict[str, Any]:
        """What decides a candidate's accuracy, as JSON holds it; limits and target do not."""
        names = ("dataset_key", "shape", "classes", "space", "epochs", "seed")
        return {name: value for name, value in self.as_record().items() if name in names}

    def search_recipe(self, repeat: int) -> dict[str, Any]:
        """Recipe of a candidate's training, as the worker takes it.

        All candidates have the same seed; a repetition has another.
        """
        seed = (self.seed + repeat * _SEED_STEP) % 2**32
        return _recipe(self.epochs, SEARCH_BATCH, SEARCH_LEARNING_RATE, seed)

    @property
    def final_recipe(self) -> dict[str, Any]:
        """Recipe of the winner's training, as the worker takes it."""
        return _recipe(self.final_epochs, FINAL_BATCH, FINAL_LEARNING_RATE, self.seed)


def differences(recorded: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Names of the settings in which two configurations differ, with both values."""
    names = sorted(recorded.keys() | wanted.keys())
    return [
        f"{name} {recorded.get(name)!r}, now {wanted.get(name)!r}"
        for name in names
        if recorded.get(name) != wanted.get(name)
    ]


def _recipe(epochs: int, batch_size: int, learning_rate: float, seed: int) -> dict[str, Any]:
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
    }
