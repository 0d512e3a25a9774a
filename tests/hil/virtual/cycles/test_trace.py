"""Blocks that are executed again take what the pipeline makes of each of their instructions."""

import random
from pathlib import Path

import pytest

from tests.hil.virtual.cycles.conftest import (
    NEEDS_ASSEMBLER,
    ORIGIN,
    RAM,
    Access,
    Code,
    Model,
    assemble,
)

pytestmark = NEEDS_ASSEMBLER
INSTRUCTIONS = {
    "adds r0, #1": 0,
    "add.w r8, r8, #1": 0,
    "movs r1, #0": 0,
    "nop": 0,
    "udiv r0, r1, r2": 0,
    "vadd.f32 s0, s1, s2": 0,
    "vmla.f32 s3, s0, s2": 0,
    "vdiv.f32 s0, s1, s2": 0,
    "it eq\naddeq r3, #1": 0,
    "isb": 0,
    "ldr r1, [r0]": 4,
    "ldr.w r2, [r1], #4": 4,
    "ldrh r2, [r1]": 2,
    "ldrb.w r3, [r2, r0]": 1,
    "str r0, [r1, r2]": 4,
    "str r0, [r1]": 4,
    "strh r0, [r3]": 2,
    "vldr s1, [r1]": 4,
}
"""Instructions, and the bytes that each loads or stores."""
BLOCKS, LONGEST, STEPS = 24, 20, 4000
MEMORIES = (RAM, 0x4000_0000, ORIGIN + 0x8000)
FACTS = {"wait_states": 5, "instruction_lines": 16, "data_lines": 4}


def random_program(own: random.Random, folder: Path) -> list[list[tuple[Code, int]]]:
    """Blocks, each with a branch at its end; the bytes that their instructions access."""
    chosen = [own.choices(list(INSTRUCTIONS), k=own.randrange(1, LONGEST)) for _ in range(BLOCKS)]
    texts = ["\n".join([*block, "b ."]) for block in chosen]
    codes = iter(assemble(folder, "\n".join(texts)))
    return [
        [(next(codes), INSTRUCTIONS.get(line, 0)) for line in text.split("\n")] for text in texts
    ]


def random_accesses(own: random.Random, size: int, is_store: bool) -> list[Access]:
    """What one execution accesses; nothing if a condition fails."""
    if size == 0 or own.random() < 0.05:
        return []
    offset = own.choice([0, 0, 4, 8, 16, 20, 64, 1, 2])
    return [(own.choice(MEMORIES) + offset, size, is_store)]


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_known_blocks_take_what_their_instructions_take_one_by_one(
    model: Model, tmp_path: Path, seed: int
) -> None:
    own = random.Random(seed)
    program = random_program(own, tmp_path)
    near = own.choices(range(BLOCKS), k=3)
    steps: list[tuple[Code, list[Access]]] = []
    while len(steps) < STEPS:
        near = [own.randrange(BLOCKS), *near[:2]] if own.random() < 0.1 else near
        for code, size in program[own.choice(near)]:
            steps.append((code, random_accesses(own, size, own.random() < 0.3)))
    one_by_one = model.execute("run", steps, **FACTS)[-1]
    assert one_by_one.instructions == len(steps)
    assert all(one_by_one.stalls), "every cause of stalls occurs"
    assert model.execute("blocks", steps, **FACTS) == [one_by_one]
