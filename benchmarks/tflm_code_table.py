"""What operators of TensorFlow Lite Micro take of flash and RAM, worked out of linked firmware."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.code_size import named_symbols
from codegen.costs.code_size import whole_words
from hil.elf import measure_elf, open_elf

MODEL = "sized"
"""What the model is called in C."""


@dataclass(frozen=True, slots=True)
class Variables:
    """RAM of the library and of the bench application, in the order of the linker.

    Attributes:
        data: Those with start values by name, in whole words.
        before_arena_bytes: Without start values, before the arena and the gap that aligns it;
            without the ticks of operators.
        after_arena_bytes: After the arena and the kept output, with the padding at the end.
    """

    data: dict[str, int]
    before_arena_bytes: int
    after_arena_bytes: int


@dataclass(frozen=True, slots=True)
class Linked:
    """A firmware of some operators, taken apart.

    Attributes:
        total_bytes: Flash without the .tflite and without the bench application.
        symbols: Bytes of what has a name and is not of the model's own source, by file and name.
        variables: What it has in RAM besides arena and stack.
    """

    total_bytes: int
    symbols: dict[str, int]
    variables: Variables


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
    return Linked(code_bytes - harness, symbols, read_variables(elf))


def read_variables(elf: Path) -> Variables:
    """The variables of a firmware with one model under TFLM."""
    with open_elf(elf) as opened:
        table = opened.get_section_by_name(".symtab")
        symbols = [(own.name, own["st_value"], own["st_size"]) for own in table.iter_symbols()]
    place = {name: (address, address + size) for name, address, size in symbols}
    before = [
        end for start, end in place.values() if place["__bss_start"][0] <= start < place["arena"][0]
    ]
    ticks_bytes = place["tflm_ticks"][1] - place["tflm_ticks"][0]
    return Variables(
        data={
            name: whole_words(size)
            for name, address, size in symbols
            if size and place["__data_start"][0] <= address < place["__data_end"][0]
        },
        before_arena_bytes=max(before) - place["__bss_start"][0] - ticks_bytes,
        after_arena_bytes=place["__bss_end"][0] - place["arena"][1],
    )


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
        "variables": _variables(operators, many, many_keys),
        "sizes": [sizes[name] for name in numbers],
        "operators": {key: sorted(numbers[name] for name in own) for key, own in added.items()},
    }


def _variables(
    operators: dict[str, Linked], many: Linked, many_keys: Sequence[str]
) -> dict[str, Any]:
    """The variables of every firmware, and what each kind of operator adds to them.

    An operator adds its place in the resolver and in the profiler, and what it needs of the
    compiler's libraries. None has variables elsewhere.
    """
    all_own = {key: own.variables for key, own in operators.items()}
    ((before, after),) = {
        (own.before_arena_bytes, own.after_arena_bytes) for own in all_own.values()
    }
    common = set.intersection(*(set(own.data) for own in all_own.values()))
    data = {
        key: {n: s for n, s in own.data.items() if n not in common} for key, own in all_own.items()
    }
    of_many = {name: size for key in many_keys for name, size in all_own[key].data.items()}
    more = len(many_keys) - 1
    per_kind = (sum(many.variables.data.values()) - sum(of_many.values())) // more
    before_per_kind = (many.variables.before_arena_bytes - before) // more
    first = next(iter(all_own.values())).data
    return {
        "data_bytes": sum(first[name] for name in common) - per_kind,
        "data_bytes_per_kind": per_kind,
        "data_of_operators": {key: dict(sorted(own.items())) for key, own in data.items() if own},
        "before_arena_bytes": before - before_per_kind,
        "before_arena_bytes_per_kind": before_per_kind,
        "after_arena_bytes": after,
    }
