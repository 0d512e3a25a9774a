"""What operators of TensorFlow Lite Micro take of flash, worked out of linked firmware."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.code_size import named_symbols
from hil.elf import measure_elf

MODEL = "measured"
"""What the model is called in C."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A firmware of some operators, taken apart.

    Attributes:
        total_bytes: Flash without the .tflite and without the bench application.
        symbols: Bytes of what has a name and is not of the model's own source, by file and name.
    """

    total_bytes: int
    symbols: dict[str, int]


def take_apart(elf: Path, harness: int, source: str) -> Linked:
    """What the linker kept, without the .tflite and the bench application.

    Args:
        elf: The firmware.
        harness: Bytes of the bench application.
        source: The model's own source, whose functions differ with what is registered.
    """
    symbols: dict[str, int] = {}
    for file, name, size in named_symbols(elf):
        if file != source and not name.startswith(f"{MODEL}_"):
            # Kernels of several operators are called `Prepare` and `Eval`.
            key = f"{file}:{name}"
            symbols[key] = symbols.get(key, 0) + size
    code_bytes = measure_elf(elf, (f"{MODEL}_tflite",)).code_bytes
    return Linked(code_bytes - harness, symbols)


def make_table(
    operators: dict[str, Linked], many: Linked, many_keys: Sequence[str]
) -> dict[str, Any]:
    """Sizes of parts, which of them each operator adds, and what every firmware has.

    Args:
        operators: Firmwares of one operator each.
        many: A firmware of several.
        many_keys: Which of `operators` these are.
    """
    common = set.intersection(*(set(own.symbols) for own in operators.values()))
    added = {
        key: {name: size for name, size in own.symbols.items() if name not in common}
        for key, own in operators.items()
    }
    rests = {key: own.total_bytes - sum(added[key].values()) for key, own in operators.items()}
    least = min(rests.values())
    for key, rest in rests.items():
        # Tables and strings without a name.
        added[key][f"rest of {key}"] = rest - least
    sizes = {name: size for own in added.values() for name, size in own.items()}
    numbers = {name: number for number, name in enumerate(sorted(sizes))}
    of_many = {name for key in many_keys for name in added[key]}
    more = many.total_bytes - least - sum(sizes[name] for name in of_many)
    return {
        "interpreter_bytes": least,
        "bytes_per_further_operator": round(more / (len(many_keys) - 1), 1),
        "sizes": [sizes[name] for name in numbers],
        "operators": {key: sorted(numbers[name] for name in own) for key, own in added.items()},
    }
