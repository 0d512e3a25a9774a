"""The options of a search, each defined once for Python and for the command line. Pure.

The fields make the options of `nas run`, the Python call and the table in docs/search.md.
"""

import argparse
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from codegen.model.graph import DEFAULT_ROUNDING, ROUNDINGS
from firmware.command_line import some_path
from firmware.targets import known_targets
from nas.data.folds import FOLDS, MOST_FOLDS
from nas.estimator.cost import RUNTIMES
from nas.host.host_memory import PROFILES
from nas.search.config import AUGMENTATIONS, DEFAULT_RECIPE, FINAL_EPOCHS, RECIPES
from nas.search.final_length import AUTO, FEWEST_EPOCHS
from nas.search.strategy import known_strategies
from nas.spaces import DEFAULT_SPACE, known_spaces
from nas.spaces.converters import CONVERTERS


@dataclass(frozen=True, slots=True)
class Option:
    """The command-line option of a field.

    Attributes:
        help: Help text with the unit; `%(default)s` is the default.
        metavar: Placeholder of the value.
        choices: The possible values, if they are few.
    """

    help: str
    metavar: str | None = None
    choices: Sequence[str] | None = None


_ROUNDING = Option(
    "runtime whose reference kernels give the golden outputs; they round FULLY_CONNECTED "
    "differently (%(default)s)",
    choices=ROUNDINGS,
)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The settings of a search, for `nas run` and `run_search`; `nas run --help` describes them.

    None and empty texts stand for defaults that depend on the data or the target.
    """

    data: Annotated[
        str,
        Option(
            "folder or zip of class folders (JPEG, PNG and others), an .npz with 'images' and "
            "'labels', or 'digits', which is built in",
            "PATH|digits",
        ),
    ]
    target: Annotated[
        str,
        Option(f"chip or board, one of {', '.join(known_targets())}, or a TOML file of your own"),
    ]
    out: Annotated[Path, Option("folder of the run", "DIR")]
    input: Annotated[
        str,
        Option(
            "input in pixels and channels, or 'auto' to search it too (50x50x3; arrays and "
            "digits: their own)",
            "HxWxC",
        ),
    ] = ""
    space: Annotated[
        str,
        Option(
            f"search space: {', '.join(known_spaces())}, or a Python file with a SPACE of your "
            "own (%(default)s)",
            "NAME|FILE.py",
        ),
    ] = DEFAULT_SPACE
    converter: Annotated[
        str,
        Option(
            "converter that writes the .tflite (own; tensorflow in the space 'paper')",
            choices=CONVERTERS,
        ),
    ] = ""
    strategy: Annotated[
        str,
        Option(
            "search strategy (bracket; evolution in the space 'residual')",
            choices=known_strategies(),
        ),
    ] = ""
    runtime: Annotated[str, Option("runtime on the chip (%(default)s)", choices=RUNTIMES)] = (
        "static"
    )
    ram: Annotated[
        int | None, Option("limit of the arena (the chip's RAM less stack)", "BYTES")
    ] = None
    flash: Annotated[int | None, Option("limit of the .tflite (the chip's flash)", "BYTES")] = None
    macc: Annotated[int | None, Option("limit of MACs per inference (CoreMark x 10^4)", "N")] = None
    latency: Annotated[
        str,
        Option(
            "longest time of one inference on the chip, such as 50ms, judged by --measured-latency "
            "or by modelled cycles",
            "TIME",
        ),
    ] = ""
    measured_latency: Annotated[
        Path | None,
        Option("latency model that 'nas calibrate' fitted to measurements of a board", "FILE"),
    ] = None
    epochs: Annotated[int, Option("epochs per candidate (%(default)s)", "N")] = 3
    folds: Annotated[
        int | str,
        Option(
            "trainings of a candidate, each validated on another fold of the training and "
            f"validation images, 1 to {MOST_FOLDS}; 1: on the validation part alone; auto: {FOLDS} "
            "if that part was drawn from the images and has too few (%(default)s)",
            "N|auto",
        ),
    ] = AUTO
    final_epochs: Annotated[
        int | str,
        Option(
            "epochs for the winner, or 'auto': as many as take half of --max-time, or the time of "
            f"all trainings of the search; {FEWEST_EPOCHS} to {FINAL_EPOCHS} (%(default)s)",
            "N|auto",
        ),
    ] = FINAL_EPOCHS
    recipe: Annotated[
        str, Option("hyperparameters of the final training (%(default)s)", choices=tuple(RECIPES))
    ] = DEFAULT_RECIPE
    learning_rate: Annotated[
        float | None,
        Option("highest learning rate of the final training (the one of the recipe)", "X"),
    ] = None
    teacher: Annotated[
        Path | None,
        Option(
            "folder of a finished run or pick on the same images: its network teaches the winner",
            "DIR",
        ),
    ] = None
    augment: Annotated[
        str | None,
        Option(
            "augmentation of the final training (mirror, which includes shifts, for images in "
            "colour; else shift)",
            choices=AUGMENTATIONS,
        ),
    ] = None
    seed: Annotated[int, Option("seed of all random numbers (%(default)s)", "N")] = 0
    rounding: Annotated[str, _ROUNDING] = DEFAULT_ROUNDING
    host_memory: Annotated[
        str,
        Option(
            "memory limit of the search: auto, 512MiB, or a host such as "
            f"{', '.join(PROFILES)} (%(default)s)",
            "SIZE",
        ),
    ] = "auto"
    max_time: Annotated[
        str,
        Option(
            "time limit of the search, such as 90s, 45m or 1h30m: running trainings are ended "
            "and the best candidate so far wins; decoding is not limited, and the final training "
            "only with --final-epochs auto",
            "TIME",
        ),
    ] = ""
    workers: Annotated[
        int | None, Option("number of parallel trainings (one for each core)", "N")
    ] = None
    scheduler: Annotated[
        str,
        Option(
            "address of a Dask scheduler whose machines train the candidates", "tcp://HOST:PORT"
        ),
    ] = ""
    skip_broken: Annotated[bool, Option("skip images that cannot be read")] = False


def add_options(
    parser: argparse.ArgumentParser, *names: str, form: type = SearchRequest, **defaults: str
) -> None:
    """Add the options of a request to a parser.

    Args:
        parser: The parser of a verb.
        names: Fields, in order; all fields with an option if empty.
        form: The class of the request.
        defaults: Defaults of fields that are required in a search, but not here.
    """
    for own, hint in _options_of(form):
        if not names or own.name in names:
            _add_option(parser, own, hint, defaults.get(own.name))


def _options_of(form: type) -> list[tuple["Field[Any]", Any]]:
    """The fields of a request that have an option, and their types."""
    hints = get_type_hints(form, include_extras=True)
    return [
        (own, hints[own.name])
        for own in fields(form)
        if any(isinstance(part, Option) for part in get_args(hints[own.name]))
    ]


def _add_option(
    parser: argparse.ArgumentParser, own: "Field[Any]", hint: Any, default: str | None
) -> None:
    kind, option = get_args(hint)
    flag = f"--{own.name.replace('_', '-')}"
    if kind is bool:
        parser.add_argument(flag, action="store_true", help=option.help)
        return
    is_required = own.default is MISSING and default is None
    told = option.help if default is None else f"{option.help} (%(default)s)"
    parser.add_argument(
        flag,
        required=is_required,
        default=own.default if default is None and not is_required else default,
        type=_TYPES[kind],
        metavar=option.metavar,
        choices=option.choices,
        help=told,
    )


def number(text: str) -> int | str:
    """Parse a number, or `auto`, for argparse, which prints the error."""
    return text if text == AUTO else int(text)


_TYPES: dict[Any, Any] = {
    int | str: number,
    int | str | None: number,
    str: str,
    str | None: str,
    int: int,
    int | None: int,
    float | None: float,
    Path: some_path,
    Path | None: some_path,
}
"""The function that parses the value of a field of this type."""


def option_rows(form: type = SearchRequest) -> str:
    """The options of a request as a Markdown table: `--name VALUE`, default, description."""
    rows = ["| option | default | description |", "|---|---|---|"]
    for own, hint in _options_of(form):
        kind, option = get_args(hint)
        value = "" if kind is bool else f" {option.metavar or '|'.join(option.choices or ['NAME'])}"
        value = value.replace("|", "\\|")
        default = "required" if own.default is MISSING else own.default
        default = "" if default is None or default is False else default
        words = option.help.replace(" (%(default)s)", "").replace("|", "\\|")
        rows.append(f"| `--{own.name.replace('_', '-')}{value}` | {default} | {words} |")
    return "\n".join(rows) + "\n"


def request_of(arguments: argparse.Namespace) -> SearchRequest:
    """The settings of the options on a command line."""
    return SearchRequest(**values_of(arguments, SearchRequest))


def values_of(arguments: argparse.Namespace, form: type) -> dict[str, Any]:
    """The values of a request's fields on a command line."""
    return {own.name: getattr(arguments, own.name) for own in fields(form)}
