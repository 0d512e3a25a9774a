"""Cycles of short sequences, worked out by hand from Arm's tables (see firmware/cores)."""

import itertools
import subprocess
from pathlib import Path

import pytest

from tests.hil.virtual.cycles.conftest import NEEDS_ASSEMBLER, ORIGIN, RAM, Model, facts_text

pytestmark = NEEDS_ASSEMBLER
FILL = "nop\n" * 8
"""Instructions before those that are counted, so that the fetches are ahead."""
FILLED = 8


def cycles(model: Model, text: str, *addresses: int) -> int:
    """Cycles of instructions; the loads and stores among them access these words, in order."""
    lines = text.split("\n")
    memory = [place for place, line in enumerate(lines) if line.split()[0].startswith(_MEMORY)]
    accesses = {
        FILLED + place: [(address, 4, lines[place].startswith("st"))]
        for place, address in zip(memory, addresses or [RAM] * len(memory), strict=True)
    }
    return model.run(FILL + text, accesses, after=FILLED).cycles


_MEMORY = ("ldr", "str", "vldr", "vstr")
SEQUENCES = {
    "adds r0, #1\nadd.w r8, r8, #1\nmul r1, r2, r3\nsmlal r4, r5, r6, r7\nuxtb r0, r1": 5,
    "ldr r0, [r1]\nadds r2, #1": 3,
    "ldr r0, [r1]\nnop\nadds r2, #1": 3,
    "ldr r0, [r1]\nldr r2, [r1]\nldr r3, [r1]\nadds r4, #1": 5,
    "ldr r0, [r1]\nldr r2, [r0]\nadds r4, #1": 5,
    "adds r1, #4\nldr r0, [r1]\nadds r4, #1": 5,
    "adds r5, #4\nldr r0, [r1]\nadds r4, #1": 4,
    "ldr r0, [r1], #4\nldr r2, [r1], #4\nadds r4, #1": 5,
    "ldr r0, [r1], #4\nldr r2, [r3], #4\nadds r4, #1": 4,
    "str r0, [r1]\nstr r0, [r1]\nadds r2, #1": 3,
    "str r0, [r1]\nldr r2, [r3]\nadds r4, #1": 5,
    "ldr r0, [r1]\nstr r2, [r3]\nadds r4, #1": 3,
    "str r0, [r1, r2]\nadds r4, #1": 3,
    "str r0, [r1, r2]\nnop": 2,
    "ldrd r0, r1, [r2]\nadds r4, #1": 4,
    "udiv r0, r1, r2": 7,
    "movs r0, #0\nit eq\nmoveq r1, #1": 2,
    "mov.w r0, #0\nit eq\nmoveq r1, #1": 3,
    "vadd.f32 s0, s1, s2\nvadd.f32 s3, s4, s5": 2,
    "vadd.f32 s0, s1, s2\nvadd.f32 s3, s0, s5": 3,
    "vmla.f32 s0, s1, s2\nadds r0, #1": 4,
    "vmul.f32 s0, s1, s2\nvmla.f32 s0, s4, s5\nadds r0, #1": 5,
    "vdiv.f32 s0, s1, s2\nadds r0, #1": 2,
    "vdiv.f32 s0, s1, s2\nvadd.f32 s3, s4, s5": 15,
    "vldr s0, [r1]\nvldr s1, [r1]\nadds r0, #1": 4,
    "msr basepri, r0": 2,
}


@pytest.mark.parametrize(("text", "expected"), SEQUENCES.items(), ids=SEQUENCES)
def test_a_sequence_takes_the_cycles_of_the_tables(model: Model, text: str, expected: int) -> None:
    assert cycles(model, text) == expected


@pytest.mark.parametrize("registers", [1, 4, 8])
def test_a_multiple_transfer_takes_one_and_one_for_each_register(
    model: Model, registers: int
) -> None:
    names = "{" + ", ".join(f"r{number}" for number in range(registers)) + "}"
    words = [(RAM + 4 * number, 4, True) for number in range(registers)]
    text = f"{FILL}push {names}\npop {names}"
    loads = [(address, size, False) for address, size, _ in words]
    counts = model.run(text, {FILLED: words, FILLED + 1: loads}, after=FILLED)
    assert counts.cycles == 2 * (1 + registers)


def test_loads_from_two_memories_do_not_overlap(model: Model) -> None:
    text = "ldr r0, [r1]\nldr r2, [r3]\nadds r4, #1"
    assert cycles(model, text, RAM, RAM + 4) == 4
    assert cycles(model, text, RAM, ORIGIN) == 5


@pytest.mark.parametrize(("offset", "more"), [(0, 0), (1, 2), (2, 1), (3, 2)])
def test_data_across_words_takes_an_access_for_each_part(
    model: Model, offset: int, more: int
) -> None:
    assert cycles(model, "ldr r0, [r1]\nadds r2, #1", RAM + offset) == 3 + more


def test_a_load_whose_condition_fails_takes_one_cycle(model: Model) -> None:
    counts = model.run(f"{FILL}it eq\nldreq r0, [r1]\nadds r2, #1", after=FILLED)
    assert counts.cycles == 2


BRANCHES = {
    "a target in the instruction": ("b.n 1f", "1: nop", 2),
    "a wide target in one word": ("b.n 1f", "1: add.w r0, r0, #1", 2),
    "a wide target across words": ("b.n 1f", "nop\n1: add.w r0, r0, #1", 3),
    "a register": ("bx lr", "nop", 3),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_takes_longer_by_its_kind_and_target(model: Model, name: str) -> None:
    """Counted with the target: one cycle of it, and what filling the pipeline takes."""
    branch, target, expected = BRANCHES[name]
    text = f"{FILL}{branch}\nnop\n{target}"
    to = FILLED + 2 + target.count("\n")
    counts = model.run(text, order=[*range(FILLED), FILLED, to], after=FILLED)
    assert counts.cycles == expected + 1
    assert counts.by_cause()["branches"] == expected - 1


def test_a_branch_that_is_not_taken_takes_one_cycle(model: Model) -> None:
    assert cycles(model, "bne 1f\nnop\n1: nop") == 3


def test_wide_instructions_across_words_keep_their_pace(model: Model) -> None:
    wide = "\n".join(["add.w r0, r0, #1"] * 12)
    assert cycles(model, wide) == 12
    assert cycles(model, f"nop\n{wide}") == 13


LINE = "add.w r0, r0, #1\n" * 4
UNCACHED = {"wait_states": 5, "instruction_lines": 0, "prefetches": 0}


@pytest.mark.parametrize(("prefetches", "expected"), [(0, 9), (1, 6)])
def test_straight_code_takes_a_read_of_the_flash_for_each_line(
    model: Model, prefetches: int, expected: int
) -> None:
    """Six cycles for a line with five wait states; without prefetch, three more words after it."""
    facts = UNCACHED | {"prefetches": prefetches}
    counts = model.run(LINE * 20, after=40, **facts)
    assert counts.cycles == 10 * expected
    assert counts.by_cause()["flash instructions"] == 10 * (expected - 4)


@pytest.mark.parametrize(("lines", "stalls"), [(64, False), (8, True)])
def test_a_loop_that_fits_the_cache_does_not_wait_for_flash(
    model: Model, lines: int, stalls: bool
) -> None:
    text = LINE * 10 + "b.w ."
    order = [*range(41)] * 3
    counts = model.run(
        text, order=order, after=82, wait_states=5, prefetches=0, instruction_lines=lines
    )
    assert (counts.by_cause()["flash instructions"] > 0) == stalls


def test_a_line_of_data_is_read_once_while_the_cache_holds_it(model: Model) -> None:
    text = f"{LINE * 4}ldr r0, [r1]\nldr r2, [r1]\nadds r4, #1"
    places = {16: [(ORIGIN + 0x1000, 4, False)], 17: [(ORIGIN + 0x100C, 4, False)]}
    facts = {"wait_states": 5, "prefetches": 0, "data_lines": 8}
    order = [*range(19)] * 2  # the second time, the code is in its cache
    first = model.run(text, places, order=order[:19], after=16, **facts)
    assert first.by_cause()["flash data"] >= 5
    again = model.run(text, places, order=order, after=19 + 16, **facts)
    assert (again.by_cause()["flash data"], again.cycles) == (0, 4)


def test_more_lines_of_data_than_the_cache_holds_are_read_again(model: Model) -> None:
    text = "\n".join(["ldr r0, [r1]"] * 9)
    places = {place: [(ORIGIN + 0x1000 + 16 * place, 4, False)] for place in range(9)}
    order = [*range(9)] * 3
    counts = model.run(text, places, order=order, after=18, wait_states=5, data_lines=8)
    assert counts.by_cause()["flash data"] >= 9 * 5


def waits_for_data(model: Model, lines: int, pages: str) -> list[bool]:
    """Whether each load from these lines waited, with a cache of `lines`; the code is cached."""
    text = "\n".join(["ldr r0, [r1]"] * len(pages))
    places = {
        place: [(ORIGIN + 0x1000 + 16 * ord(page), 4, False)] for place, page in enumerate(pages)
    }
    waited = [
        model.run(text, places, order=range(count), wait_states=5, data_lines=lines)
        for count in range(1, len(pages) + 1)
    ]
    sums = [0, *(own.by_cause()["flash data"] for own in waited)]
    return [after > before for before, after in itertools.pairwise(sums)]


@pytest.mark.parametrize(
    ("lines", "pages", "misses"),
    [
        (1, "AABBA", "A.B.A"),
        (2, "ABACAB", "AB.C.B"),
        (3, "ABCADABC", "ABC.D.BC"),
        (3, "ABCCBAD", "ABC...D"),
        (4, "ABCDBADCEABCD", "ABCD....E.B.D"),
    ],
)
def test_the_line_that_was_not_used_for_the_longest_time_is_replaced(
    model: Model, lines: int, pages: str, misses: str
) -> None:
    found = waits_for_data(model, lines, pages)
    assert (
        "".join(page if waits else "." for page, waits in zip(pages, found, strict=True)) == misses
    )


BROKEN = {
    "unknown fact speed": facts_text() + "speed 3\n",
    "a fact is missing, or there twice": facts_text().replace("alu_cycles 1\n", ""),
    "a line is not a name and a number": facts_text() + "alu_cycles one\n",
    "the flash, a cache or the fetch buffer has a size that cannot be modelled": facts_text(
        flash_line_bytes=12
    ),
    "a branch fills the pipeline in no time, which cannot be modelled": facts_text(
        branch_refill_cycles=0
    ),
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_facts_that_cannot_be_used_are_named(program: Path, tmp_path: Path, complaint: str) -> None:
    (tmp_path / "facts").write_text(BROKEN[complaint])
    done = subprocess.run([program, "run", tmp_path / "facts"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, complaint + "\n")
