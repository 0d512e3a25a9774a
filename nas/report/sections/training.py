"""The section about the final training. Pure."""

from firmware.progress import duration
from nas.quantization.quantize import MOST_INT8_DROP
from nas.report.facts import Facts
from nas.report.figures.curves import training_curves
from nas.report.page import Figure, Section, Table
from nas.report.run_folder import Final
from nas.report.shown import accuracy, megabytes, with_span
from nas.search.run_record import Effort

NOT_FINISHED = "The run is not finished: run the same 'nas run' again to resume it."


def training_section(facts: Facts) -> Section:
    """Curves of the final training, and its recipe."""
    key, title, final = "training", "The final training", facts.run.final
    if final is None:
        return Section(key, title, missing=(NOT_FINISHED,))
    missing = []
    if final.losses is None:
        missing.append(
            "The training loss of each epoch is not in this run's record: it was made by an "
            "earlier version."
        )
    curves = training_curves(final.accuracies, final.losses)
    figure = Figure("curves", "Final training, epoch by epoch", curves)
    return Section(key, title, _notes(facts), (figure,), (_table(facts),), tuple(missing))


def _notes(facts: Facts) -> tuple[str, ...]:
    images = facts.run.start.images
    parts = ", ".join(f"{images[name]:,} {use}" for name, use in _USES.items() if name in images)
    notes = [
        f"Trained from scratch on the images for training; the weights of the epoch that is best "
        f"on those for validation are kept, and tested once. Images: {parts}."
    ]
    final = facts.run.final
    if final is not None and final.int8_valid_accuracy is not None:
        drop = max(final.accuracies) - final.int8_valid_accuracy
        if drop > MOST_INT8_DROP:
            notes.append(
                f"On the validation images int8 is {100 * drop:.1f} points less accurate than "
                f"float, more than {100 * MOST_INT8_DROP:.1f}; calibrating with other images did "
                "not help."
            )
    return tuple(notes)


_USES = {"train": "for training", "valid": "for validation", "test": "for test"}


def _table(facts: Facts) -> Table:
    config, final = facts.run.config, facts.run.final
    assert final is not None
    valid = facts.run.start.images.get("valid", 0)
    best = max(range(len(final.accuracies)), key=lambda index: final.accuracies[index])
    rows = [
        ("kept", f"epoch {best + 1} of {len(final.accuracies)}"),
        ("validation accuracy there", accuracy(final.accuracies[best], valid)),
        *_int8(final, valid),
        ("test accuracy, float", with_span(facts.float_accuracy)),
        ("test accuracy, int8", with_span(facts.int8_accuracy)),
        *_recipe(config.final_recipe(final.winner.candidate)),
        *_effort("training", final.training),
        *_effort("conversion to int8", final.conversion),
    ]
    return Table("Recipe and result", ("", ""), tuple(rows), "ll")


def _int8(final: Final, images: int) -> list[tuple[str, str]]:
    if final.int8_valid_accuracy is None:
        return []
    return [
        ("validation accuracy of int8", accuracy(final.int8_valid_accuracy, images)),
        ("calibrated with", f"{final.calibration_images:,} images for training"),
    ]


def _recipe(recipe: dict[str, float | str]) -> list[tuple[str, str]]:
    names = {
        "batch_size": "images in a batch",
        "learning_rate": "learning rate, highest",
        "schedule": "its schedule",
        "smoothing": "label smoothing",
        "average": "time constant of the average of the weights, fraction of the training",
        "taught": "share of the teacher in the loss",
        "temperature": "temperature of the teacher",
        "shift": "largest shift of an image, pixels",
        "flip": "probability that an image is mirrored",
        "seed": "seed",
    }
    return [(text, str(recipe[name])) for name, text in names.items() if name in recipe]


def _effort(what: str, effort: Effort | None) -> list[tuple[str, str]]:
    if effort is None:
        return []
    peak = megabytes(effort.peak_anonymous_bytes)
    return [(f"{what} took", f"{duration(effort.seconds)}, {peak} of memory at most")]
