"""How many folds a search has, and how many images judge a candidate. Pure."""

from collections.abc import Mapping

from firmware.errors import ConfigError
from nas.data.folds import FOLDS, MOST_FOLDS, enough_images
from nas.data.proportion import wilson_interval

AUTO = "auto"
"""Value of `--folds` with which the number depends on the images."""


def parse_folds(value: int | str, images: Mapping[str, int], is_drawn: bool) -> int:
    """The number of folds of an option; 1 for no cross-validation.

    Args:
        value: A number, or `auto`.
        images: Number of images in each part.
        is_drawn: Whether the validation part was drawn from the training images. If the data
            names it, it may differ from them on purpose, and `auto` does not mix them.

    Raises:
        ConfigError: It is neither, or the number is not 1 to `MOST_FOLDS`.
    """
    if value == AUTO:
        return FOLDS if is_drawn and not enough_images(images["valid"]) else 1
    try:
        folds = int(value)
    except ValueError:
        folds = 0
    if 1 <= folds <= MOST_FOLDS:
        return folds
    raise ConfigError(f"--folds is {value!r}, expected 1 to {MOST_FOLDS}, or {AUTO}")


def judging_images(images: Mapping[str, int], folds: int) -> int:
    """Number of images on which the accuracy of a candidate is measured; 0 if it is not known.

    With folds, each training or validation image is once a validation image.
    """
    valid = images.get("valid", 0)
    return valid if folds == 1 else valid + images.get("train", 0)


def fold_note(images: Mapping[str, int], folds: int) -> str:
    """What the number of validation images means for the search; empty for large data."""
    valid = images["valid"]
    if folds > 1:
        return (
            f"each candidate is trained {folds} times, on {folds} folds of the "
            f"{judging_images(images, folds):,} training and validation images, and counts with "
            "its accuracy over all folds; --folds 1 trains once"
        )
    if enough_images(valid):
        return ""
    lowest, highest = wilson_interval(0.5, valid)
    return (
        f"{valid:,} validation images: the 95 % interval of an accuracy is up to "
        f"{100 * (highest - lowest):.0f} pp wide, so the choice between candidates is uncertain; "
        f"--folds {FOLDS} validates on the training images too"
    )
