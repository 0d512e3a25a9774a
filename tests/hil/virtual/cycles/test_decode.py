"""What the cycle model sees in instructions, as the assembler encodes them."""

import itertools
import random
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hil.virtual.cycles.conftest import NEEDS_ASSEMBLER, ORIGIN, Code, Model, assemble

KINDS = (
    "ALU NOP IT DIVIDE LOAD STORE STORE_BY_REGISTER LOAD_MULTIPLE STORE_MULTIPLE LOAD_DOUBLE "
    "STORE_DOUBLE BRANCH BRANCH_BY_REGISTER TABLE_BRANCH BARRIER FLUSH SYSTEM FLOAT "
    "FLOAT_ACCUMULATE FLOAT_DIVIDE MOVE_DOUBLE"
).split()
"""In the order of `kind_t`."""


class Seen(NamedTuple):
    """The fields of an instruction, with registers by name."""

    kind: str
    addresses: str = ""
    results: str = ""
    base: str = ""
    floats: str = ""


NARROW = {
    "adds r1, r2, r3": Seen("ALU", results="r1"),
    "movs r4, #1": Seen("ALU", results="r4"),
    "cmp r4, #1": Seen("ALU"),
    "tst r1, r2": Seen("ALU"),
    "muls r1, r2, r1": Seen("ALU", results="r1"),
    "add r9, r2": Seen("ALU", results="r9"),
    "mov r10, r3": Seen("ALU", results="r10"),
    "mov pc, r3": Seen("BRANCH_BY_REGISTER"),
    "bx lr": Seen("BRANCH_BY_REGISTER"),
    "blx r3": Seen("BRANCH_BY_REGISTER"),
    "ldr r2, [pc, #8]": Seen("LOAD", results="r2"),
    "ldr r2, [r3, r4]": Seen("LOAD", "r3 r4", "r2"),
    "ldrsb r2, [r3, r4]": Seen("LOAD", "r3 r4", "r2"),
    "strh r2, [r3, r4]": Seen("STORE_BY_REGISTER", "r3 r4"),
    "strb r2, [r3, #4]": Seen("STORE", "r3"),
    "ldrh r2, [r3, #4]": Seen("LOAD", "r3", "r2"),
    "str r2, [sp, #4]": Seen("STORE", "r13"),
    "add r2, sp, #4": Seen("ALU", results="r2"),
    "sub sp, #8": Seen("ALU", results="r13"),
    "push {r1, r2, lr}": Seen("STORE_MULTIPLE", "r13", base="r13"),
    "pop {r1, r2}": Seen("LOAD_MULTIPLE", "r13", "r1 r2", "r13"),
    "pop {r1, pc}": Seen("LOAD_MULTIPLE", "r13", "r1", "r13"),
    "ldmia r3!, {r1, r2}": Seen("LOAD_MULTIPLE", "r3", "r1 r2", "r3"),
    "cbz r1, .+6": Seen("BRANCH"),
    "beq .": Seen("BRANCH"),
    "b .": Seen("BRANCH"),
    "it eq\nnopeq": Seen("IT"),
    "nop": Seen("NOP"),
    "rev r1, r2": Seen("ALU", results="r1"),
    "uxtb r1, r2": Seen("ALU", results="r1"),
    "cpsid i": Seen("SYSTEM"),
}
WIDE = {
    "add.w r8, r1, r2, lsl #3": Seen("ALU", results="r8"),
    "cmp.w r1, r2, lsl #3": Seen("ALU"),
    "movw r9, #1234": Seen("ALU", results="r9"),
    "cmp.w r1, #1000": Seen("ALU"),
    "ubfx r3, r4, #2, #5": Seen("ALU", results="r3"),
    "smlad r1, r2, r3, r4": Seen("ALU", results="r1"),
    "sxtab16 r1, r2, r3": Seen("ALU", results="r1"),
    "umaal r1, r2, r3, r4": Seen("ALU", results="r1 r2"),
    "smlal r1, r2, r3, r4": Seen("ALU", results="r1 r2"),
    "udiv r1, r2, r3": Seen("DIVIDE", results="r1"),
    "sdiv r1, r2, r3": Seen("DIVIDE", results="r1"),
    "ldr.w r8, [r1, #100]": Seen("LOAD", "r1", "r8"),
    "ldr.w r8, [r1, #-4]": Seen("LOAD", "r1", "r8"),
    "ldr r8, [r1], #4": Seen("LOAD", "r1", "r8", "r1"),
    "ldrsb r8, [r1, #4]!": Seen("LOAD", "r1", "r8", "r1"),
    "ldr.w r8, [r1, r2, lsl #2]": Seen("LOAD", "r1 r2", "r8"),
    "ldr.w r8, [pc, #100]": Seen("LOAD", results="r8"),
    "ldr pc, [r1]": Seen("LOAD", "r1"),
    "str r8, [r1], #4": Seen("STORE", "r1", base="r1"),
    "str.w r8, [r1, r2, lsl #2]": Seen("STORE_BY_REGISTER", "r1 r2"),
    "pld [r1]": Seen("NOP", "r1"),
    "ldrd r1, r2, [r3, #8]": Seen("LOAD_DOUBLE", "r3", "r1 r2"),
    "strd r1, r2, [r3], #8": Seen("STORE_DOUBLE", "r3", base="r3"),
    "ldrex r1, [r3]": Seen("LOAD", "r3", "r1"),
    "tbb [r1, r2]": Seen("TABLE_BRANCH", "r1 r2"),
    "ldmdb r3, {r1, r8}": Seen("LOAD_MULTIPLE", "r3", "r1 r8"),
    "stmia.w r3!, {r1, r8}": Seen("STORE_MULTIPLE", "r3", base="r3"),
    "bl .": Seen("BRANCH"),
    "beq.w .": Seen("BRANCH"),
    "isb": Seen("FLUSH"),
    "dsb": Seen("BARRIER"),
    "nop.w": Seen("NOP"),
    "mrs r1, primask": Seen("SYSTEM", results="r1"),
    "msr primask, r1": Seen("SYSTEM"),
}
FLOATS = {
    "vadd.f32 s1, s2, s3": Seen("FLOAT", floats="2 3 >1"),
    "vmla.f32 s1, s2, s3": Seen("FLOAT_ACCUMULATE", floats="2 3 +1 >1"),
    "vfma.f32 s1, s2, s3": Seen("FLOAT_ACCUMULATE", floats="2 3 +1 >1"),
    "vdiv.f32 s1, s2, s3": Seen("FLOAT_DIVIDE", floats="2 3 >1"),
    "vsqrt.f32 s1, s3": Seen("FLOAT_DIVIDE", floats="3 >1"),
    "vcmp.f32 s1, s3": Seen("FLOAT", floats="1 3"),
    "vcvt.s32.f32 s1, s3": Seen("FLOAT", floats="3 >1"),
    "vmov.f32 s1, s3": Seen("ALU", floats="3 >1"),
    "vmov s31, r2": Seen("ALU", floats=">31"),
    "vmov r2, s31": Seen("ALU", results="r2", floats="31"),
    "vmrs apsr_nzcv, fpscr": Seen("ALU"),
    "vmov r2, r3, d4": Seen("MOVE_DOUBLE", results="r2 r3", floats="8 9"),
    "vldr s5, [r1, #4]": Seen("LOAD", "r1", floats=">5"),
    "vldr d5, [r1, #4]": Seen("LOAD_MULTIPLE", "r1", floats=">10 >11"),
    "vstr s5, [r1, #4]": Seen("STORE", "r1", floats="5"),
    "vpush {s4-s6}": Seen("STORE_MULTIPLE", "r13", base="r13", floats="4 5 6"),
    "vldmia r1, {s4-s6}": Seen("LOAD_MULTIPLE", "r1", floats=">4 >5 >6"),
}


def numbers(mask: str) -> list[int]:
    return [number for number in range(32) if int(mask, 16) >> number & 1]


def seen(fields: list[str]) -> Seen:
    names = [" ".join(f"r{number}" for number in numbers(mask)) for mask in fields[1:4]]
    floats = [*map(str, numbers(fields[8])), *(f"+{own}" for own in numbers(fields[9]))]
    floats += [f">{own}" for own in numbers(fields[10])]
    return Seen(KINDS[int(fields[0])], *names, " ".join(floats))


@NEEDS_ASSEMBLER
@pytest.mark.parametrize("sources", [NARROW, WIDE, FLOATS], ids=["narrow", "wide", "float"])
def test_instructions_are_what_the_assembler_meant(
    model: Model, tmp_path: Path, sources: dict[str, Seen]
) -> None:
    firsts = [assemble(tmp_path, text)[0] for text in sources]
    assert {len(own.digits) for own in firsts} <= {4, 8}
    found = [seen(fields) for fields in model.decode(firsts)]
    assert dict(zip(sources, found, strict=True)) == sources


@NEEDS_ASSEMBLER
@pytest.mark.parametrize(
    ("branch", "distance"),
    [
        *itertools.product(["b", "beq", "bne.w", "b.w", "bl"], [-8, 6, 120]),
        *itertools.product(["cbnz r1,"], [6, 120]),
    ],
)
def test_the_target_of_a_branch_is_known(
    model: Model, tmp_path: Path, branch: str, distance: int
) -> None:
    code = assemble(tmp_path, f"{branch} .{distance:+d}")[0]
    assert int(model.decode([code])[0][7], 16) == ORIGIN + distance


def test_every_code_can_be_decoded(model: Model) -> None:
    """The sanitizers find nothing, and no register is both a base and beyond the last."""
    random_numbers = random.Random(1)
    codes = [Code(ORIGIN, f"{first:04x}") for first in range(0xE800)]
    codes += [
        Code(ORIGIN, f"{first:04x}{random_numbers.randrange(1 << 16):04x}")
        for first in range(0xE800, 0x10000)
        for _ in range(8)
    ]
    fields = model.decode(codes)
    assert len(fields) == len(codes)
    assert {int(own[0]) for own in fields} == set(range(len(KINDS)))
