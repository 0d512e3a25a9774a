"""The division of AVERAGE_POOL_2D by a multiplication, tried for every sum that there can be."""

import subprocess
from pathlib import Path

from tests.host_compiler import NN, compile_program

_MAIN = """
#include <stdio.h>
#include "average_pool_2d.c"

int main(void) {
    int32_t wrong = 0;
    for (int32_t count = 1; count <= NN_MOST_SUMMED; count++) {
        const int32_t reciprocal = reciprocal_of(count);
        for (int32_t sum = -128 * count; sum <= 127 * count; sum++) {
            const int32_t half = sum > 0 ? count / 2 : -(count / 2);
            wrong += divide(sum, reciprocal) != (sum + half) / count;
        }
    }
    printf("%ld", (long)wrong);
    return 0;
}
"""


def test_the_reciprocal_divides_as_a_division_does(tmp_path: Path) -> None:
    main = tmp_path / "main.c"
    main.write_text(_MAIN)
    program = compile_program(
        tmp_path / "program", [main, NN / "src" / "band.c"], [NN / "src", NN / "include"]
    )
    completed = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert (completed.returncode, completed.stdout) == (0, "0")
