"""The settings that determine the result of a search. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from codegen.model.graph import DEFAULT_ROUNDING, ROUNDINGS
from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.records.conversion import to_record
from nas.estimator.cost import RUNTIMES, Limits
from nas.estimator.pace import PaceRecord
from nas.network.description import Shape
from nas.spaces import Candidate, find_converter, known_spaces
from nas.spaces.strategies import EVOLUTION

SEARCH_BATCH, SEARCH_LEARNING_RATE = 16, 1e-3
PUBLISHED_PROXY = "published"
PROXIES: dict[str, dict[str, Any]] = {
    PUBLISHED_PROXY: {"batch_size": SEARCH_BATCH, "learning_rate": SEARCH_LEARNING_RATE},
    "cosine": {"batch_size": 32, "learning_rate": 5e-3, "schedule": "cosine"},
}
"""Hyperparameters of the training of candidates: the published ones, and ours."""
FINAL_EPOCHS = 100
_AUGMENTED: dict[str, Any] = {
    "batch_size": 32,
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "smoothing": 0.1,
}
RECIPES: dict[str, dict[str, Any]] = {
    "augmented": _AUGMENTED,
    "averaged": _AUGMENTED | {"average": 0.05},
    "paper": {"batch_size": 128, "learning_rate": 1e-2},
}
"""Hyperparameters of the final training: ours, from `benchmarks.recipes`, and the published."""
TAUGHT: dict[str, Any] = {"taught": 0.5, "temperature": 4.0}
"""With a teacher: its share in the loss, and the temperature, as of `TrainingRecipe`."""
DEFAULT_RECIPE = "augmented"
AUGMENTATIONS = ("none", "shift", "mirror")
SHIFT_SHARE = 0.08
"""Largest shift of an image, as a fraction of its shorter side."""

_SEED_STEP = 1_000_003
"""Difference of the seeds of repetitions; larger than the seeds that users choose."""
_FOLD_SEED_STEP = 100_003
"""Difference of the seeds of folds; the most folds stay below the step of repetitions."""


_KNOWN: dict[str, Iterable[str]] = {
    "runtime": RUNTIMES,
    "recipe": RECIPES,
    "augmentation": AUGMENTATIONS,
    "rounding": ROUNDINGS,
}


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """The settings of a search, from the images to the .tflite.

    Attributes:
        dataset_key: SHA-256 of the decoded images.
        shape: Height, width and channels of the input; the first one if there are several.
        classes: Class names in the order of the outputs.
        space: Name of the search space, or its Python file.
        space_sha256: SHA-256 of that file; empty for a built-in space.
        strategy: Name of the search strategy.
        target: Name of the chip.
        runtime: The runtime on the chip, `static` or `tflm`.
        limits: Limits of a candidate.
        epochs: Epochs for each candidate.
        final_epochs: Epochs for the winner; None if they are chosen after the search.
        recipe: Name of the winner's hyperparameters, a key of `RECIPES`.
        augmentation: Augmentation of the winner's training images, one of `AUGMENTATIONS`;
            `mirror` includes shifts. The recipe of the publication has none.
        sides: Rows and columns of the inputs among which the search chooses, ascending; empty if
            the search has one input.
        learning_rate: Highest learning rate for the winner; None for the one of the recipe.
        converter: Name of the converter; if empty, it becomes the default of the space.
        seed: Seed of all random numbers.
        pace: What predicts the latency; None if latency is not limited.
        rounding: One of `ROUNDINGS`: the runtime whose rounding the golden outputs have.
        teacher_sha256: SHA-256 of the model that teaches the winner; empty for none.
        folds: Trainings of a candidate in an evaluation: 1 with the validation part of the data;
            more for cross-validation over the training and validation images.
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
    final_epochs: int | None
    seed: int
    recipe: str = DEFAULT_RECIPE
    augmentation: str = "shift"
    sides: tuple[int, ...] = ()
    converter: str = ""
    pace: PaceRecord | None = None
    learning_rate: float | None = None
    rounding: str = DEFAULT_ROUNDING
    space_sha256: str = ""
    folds: int = 1
    teacher_sha256: str = ""

    def __post_init__(self) -> None:
        if not self.converter or self.space in known_spaces():
            object.__setattr__(self, "converter", find_converter(self.space, self.converter))
        for name in ("epochs", "final_epochs", "folds"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}, expected at least 1")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"the seed is {self.seed}, expected 0 to {2**32 - 1}")
        if self.learning_rate is not None and not 0 < self.learning_rate <= 1:
            raise ConfigError(f"the learning rate is {self.learning_rate}, expected above 0 to 1")
        for name, known in _KNOWN.items():
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"unknown {name} {getattr(self, name)!r}; known: {', '.join(known)}"
                )
        if (self.limits.latency_us is None) != (self.pace is None):
            raise ConfigError("a latency limit and a latency model need each other")
        if self.sides and self.strategy == "paper":
            raise ConfigError("the strategy 'paper' has one input: give its size instead of 'auto'")

    def input_of(self, candidate: Candidate) -> Shape:
        """Height, width and channels of a candidate's input."""
        return self.input_at(candidate.side)

    def input_at(self, side: int) -> Shape:
        """Height, width and channels of the input with this side; 0 for the only input."""
        return (side, side, self.shape[2]) if side else self.shape

    @property
    def proxy(self) -> str:
        """Name of the hyperparameters of a candidate's training, a key of `PROXIES`."""
        return "cosine" if self.strategy == EVOLUTION else PUBLISHED_PROXY

    @property
    def averages_weights(self) -> bool:
        """Whether the recipe of the winner averages its weights."""
        return "average" in RECIPES[self.recipe]

    def training_record(self) -> dict[str, Any]:
        """The settings that determine a candidate's accuracy: without limits and target."""
        names = ("dataset_key", "shape", "classes", "space", "epochs", "seed", "sides")
        record = {name: value for name, value in to_record(self).items() if name in names}
        if self.proxy != PUBLISHED_PROXY:
            record["proxy"] = self.proxy
        if self.folds > 1:
            record["folds"] = self.folds
        return record | ({"space_sha256": self.space_sha256} if self.space_sha256 else {})

    def search_recipe(self, repeat: int) -> dict[str, Any]:
        """Hyperparameters of a candidate's training, for the worker.

        All candidates have the same seed; a repetition has another one.
        """
        seed = (self.seed + repeat * _SEED_STEP) % 2**32
        return {"epochs": self.epochs, **PROXIES[self.proxy], "seed": seed}

    def fold_recipes(self, repeat: int) -> list[dict[str, Any]]:
        """Hyperparameters of the training on each fold, for the worker; the seeds differ."""
        recipe = self.search_recipe(repeat)
        return [
            recipe | {"seed": (recipe["seed"] + fold * _FOLD_SEED_STEP) % 2**32}
            for fold in range(self.folds)
        ]

    def final_recipe(self, winner: Candidate) -> dict[str, Any]:
        """Hyperparameters of the winner's training, for the worker."""
        assert self.final_epochs is not None, "they are chosen before the final training"
        recipe = {"epochs": self.final_epochs, "seed": self.seed, **RECIPES[self.recipe]}
        if self.learning_rate is not None:
            recipe["learning_rate"] = self.learning_rate
        if self.teacher_sha256:
            recipe |= {"teacher": self.teacher_sha256, **TAUGHT}
        if self.augmentation == "none" or self.recipe == "paper":
            return recipe
        recipe["shift"] = max(1, round(SHIFT_SHARE * min(self.input_of(winner)[:2])))
        recipe["flip"] = 0.5 if self.augmentation == "mirror" else 0.0
        return recipe


def differences(recorded: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """The settings in which two configurations differ, with both values."""
    names = sorted(recorded.keys() | wanted.keys())
    return [
        f"{name} {brief(repr(recorded.get(name)), 80)}, now {brief(repr(wanted.get(name)), 80)}"
        for name in names
        if recorded.get(name) != wanted.get(name)
    ]
