"""Many generated C files as one, which the compiler takes half the time for."""

import re
from collections.abc import Sequence
from pathlib import Path

_OWN_NAME = re.compile(
    r"^(?:static (?:__attribute__\(\(noinline\)\) )?(?!const struct|struct \{)[\w *]*?|\} )"
    r"(\w+)(?=[\[(;]| =)",
    re.MULTILINE,
)
"""A name of file scope that no other file sees: `static const int32_t NAME[4]`, `} NAME;`."""


def one_source(out: Path, sources: Sequence[Path]) -> Path:
    """Write a C file that includes others, whose own names may be the same; gives its path."""
    lines = []
    for number, source in enumerate(sources):
        names = sorted(set(_OWN_NAME.findall(source.read_text())))
        lines += [f"#define {name} {name}_of_file_{number}" for name in names]
        lines += [f'#include "{source.name}"', *(f"#undef {name}" for name in names)]
    out.write_text("\n".join(lines) + "\n")
    return out
