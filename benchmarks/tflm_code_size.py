"""Measures what each operator of TensorFlow Lite Micro takes of flash.

    python -m benchmarks.tflm_code_size --library libtflm.a --include DIR... --built TEXT --out FILE

Links a program with the interpreter for each builtin operator and takes apart what the linker kept.
The library is one built with `-ffunction-sections -fdata-sections`; `--built` says how, in words,
and goes into the table. `nas estimate --runtime tflm` adds these figures up.
"""

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.elf_symbols import named_bytes
from codegen.tflm.library import OPERATORS, method_of
from firmware.files import write_json
from firmware.targets import Target, load_target

SCHEMA = 1
_MAIN = """
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" void DebugLog(const char *, va_list) {{}}
extern "C" int DebugVsnprintf(char *, size_t, const char *, va_list) {{ return 0; }}

const unsigned char *volatile model_bytes;
alignas(16) unsigned char arena[1024];

int main() {{
    static tflite::MicroMutableOpResolver<2> resolver;
    {add}
    static tflite::MicroInterpreter interpreter(
        tflite::GetModel(const_cast<const unsigned char *>(model_bytes)), resolver, arena,
        sizeof arena);
    if (interpreter.AllocateTensors() != kTfLiteOk || interpreter.Invoke() != kTfLiteOk) return 1;
    return interpreter.output(0)->data.int8[0] + interpreter.input(0)->data.int8[0];
}}
"""


_FLAGS = (
    "-std=c++17 -O2 -fno-rtti -fno-exceptions -fno-threadsafe-statics -ffunction-sections "
    "-fdata-sections -DTF_LITE_STATIC_MEMORY -DCMSIS_NN"
).split()


@dataclass(frozen=True, slots=True)
class Library:
    """TFLM as it was built.

    Attributes:
        archive: The static library.
        includes: Folders of headers.
    """

    archive: Path
    includes: tuple[Path, ...]


def main() -> int:
    """Run the measurement; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add("--library", required=True, type=Path, metavar="FILE.a", help="TFLM")
    add("--include", required=True, type=Path, nargs="+", metavar="DIR", help="its headers")
    add("--built", required=True, metavar="TEXT", help="version, compiler and flags, in words")
    add("--target", default="stm32f412", help="chip (%(default)s)")
    add("--out", required=True, type=Path, metavar="FILE", help="the table")
    arguments = parser.parse_args()
    target = load_target(arguments.target)
    library = Library(arguments.library, tuple(arguments.include))
    kinds = sorted(OPERATORS)
    with ThreadPoolExecutor(2) as pool:
        linked = list(pool.map(partial(_link, target, library), ["", *kinds]))
    base, per_operator = linked[0], dict(zip(kinds, linked[1:], strict=True))
    table = make_table(base, per_operator, target, arguments.built)
    write_json(arguments.out, table)
    for kind, symbols in table["operators"].items():
        print(f"{kind:<32}{sum(table['sizes'][i] for i in symbols):>8,}")
    print(f"interpreter: {table['interpreter_bytes']:,}")
    return 0


def _link(target: Target, library: Library, kind: str) -> dict[str, int]:
    """Bytes of everything that the linker keeps for a program with one operator, by name."""
    with tempfile.TemporaryDirectory() as folder:
        source, elf = Path(folder) / "main.cpp", Path(folder) / "main.elf"
        source.write_text(_MAIN.format(add=f"resolver.{method_of(kind)}();" if kind else ""))
        command = ["arm-none-eabi-g++", *target.cpu_flags, *_FLAGS]
        command += [f"-I{path}" for path in library.includes]
        command += ["--specs=nano.specs", "--specs=nosys.specs", "-Wl,--gc-sections"]
        command += ["-w", "-Wl,--no-warn-rwx-segments", "-o", str(elf), str(source)]
        command += [str(library.archive), "-lm"]
        subprocess.run(command, check=True, timeout=300, stderr=subprocess.DEVNULL)
        return named_bytes(elf)


def make_table(
    base: dict[str, int], per_operator: dict[str, dict[str, int]], target: Target, built: str
) -> dict[str, Any]:
    """Sizes of symbols, and which of them each operator adds to the interpreter."""
    added = {
        kind: {name: size for name, size in symbols.items() if name not in base}
        for kind, symbols in per_operator.items()
    }
    sizes = {name: size for own in added.values() for name, size in own.items()}
    numbers = {name: number for number, name in enumerate(sorted(sizes))}
    return {
        "schema": SCHEMA,
        "built": built,
        "core": target.core,
        "interpreter_bytes": sum(base.values()),
        "sizes": [sizes[name] for name in numbers],
        "operators": {kind: sorted(numbers[name] for name in own) for kind, own in added.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
