"""Every kernel against TFLite's reference kernels, bit for bit, under the sanitizers.

`NN_KERNEL_CASES` sets how many random networks each operator gets. Several operators share a
program, because compiling and linking one takes longer than the networks in it.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measured_cores import target_of
from benchmarks.operator_cases import CASES, FUSED, Case
from codegen.model.fold_constants import fold_constants
from codegen.model.read_tflite import parse_tflite
from codegen.operators import check_operators, supported_kinds, works_on_rows
from nas.quantization.tflm_rounding import with_tflm_rounding
from tests.board_program import failures_on_virtual_board
from tests.generated_program import run_generated
from tests.plans import Planner, plan_rows, plan_whole
from tests.reference_kernels import run_reference

FEW = 12
CASE_COUNT = int(os.environ.get("NN_KERNEL_CASES", FEW))


ONCE = "FULLY_CONNECTED rounded once"
ALL = CASES | FUSED | {ONCE: CASES["FULLY_CONNECTED"]}
ANY_MEAN = "mean of any dimensions"
WHOLE_ALONE = (*(kind for kind in supported_kinds() if not works_on_rows(kind)), ONCE, ANY_MEAN)
"""Kernels that do not work on rows."""
KINDS_PER_PROGRAM = 5
WITH_PRODUCTS = (
    *("CONV_2D", "cell", "conv grouped", "TRANSPOSE_CONV"),
    *("DEPTHWISE_CONV_2D", "depthwise multiplied", "FULLY_CONNECTED"),
)
"""Kinds with instructions of their own for each architecture."""
WITHOUT_DSP = ("cortex-m0plus", "cortex-m3")


def batches(kinds: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Kinds whose cases share a program; all have one rounding."""
    ordered = sorted(kinds, key=lambda kind: (rounding_of(kind), kind))
    for _, equal in groupby(ordered, rounding_of):
        yield from batched(equal, KINDS_PER_PROGRAM)


def batched(kinds: Iterable[str], count: int) -> Iterator[tuple[str, ...]]:
    rest = iter(kinds)
    while batch := tuple(islice(rest, count)):
        yield batch


def rounding_of(kind: str) -> str:
    return "litert" if kind == ONCE else "tflm"


MODES = [(batch, plan_whole) for batch in batches(ALL)]
MODES += [(batch, plan_rows) for batch in batches(ALL.keys() - set(WHOLE_ALONE))]
in_both_modes = pytest.mark.parametrize(
    ("kinds", "planner"), MODES, ids=[f"{'+'.join(kinds)}-{own.__name__}" for kinds, own in MODES]
)


def rounded(kind: str, model: bytes) -> bytes:
    """What the reference kernels are given to answer with the kernel's rounding."""
    return with_tflm_rounding(model) if rounding_of(kind) == "tflm" else model


@pytest.fixture(scope="module")
def cases() -> dict[str, list[Case]]:
    return {
        kind: [make(np.random.default_rng([number, seed])) for seed in range(CASE_COUNT)]
        for number, (kind, make) in enumerate(sorted(ALL.items()))
    }


@pytest.fixture(scope="module")
def expected(
    cases: dict[str, list[Case]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[np.ndarray]]:
    flat = [(kind, case) for kind, group in cases.items() for case in group]
    outputs = run_reference(
        tmp_path_factory.mktemp("reference"),
        [(rounded(kind, model), [values]) for kind, (model, values) in flat],
    )
    return {
        kind: [o for (k, _), o in zip(flat, outputs, strict=True) if k == kind] for kind in cases
    }


def test_every_supported_operator_has_cases() -> None:
    assert tuple(sorted(CASES)) == supported_kinds()


def test_the_cases_of_a_kernel_on_rows_run_by_rows(cases: dict[str, list[Case]]) -> None:
    streamed = {
        kind: sum(
            any(s.streamed for s in plan_rows(fold_constants(parse_tflite(m))).segments)
            for m, _ in group
        )
        for kind, group in cases.items()
    }
    assert {kind for kind, count in streamed.items() if count == 0} == set(WHOLE_ALONE)


@pytest.mark.long
@pytest.mark.xdist_group("kernels of the host")
@in_both_modes
def test_kernels_give_the_bits_of_the_reference_kernels(
    kinds: tuple[str, ...],
    planner: Planner,
    cases: dict[str, list[Case]],
    expected: dict[str, list[np.ndarray]],
    tmp_path: Path,
) -> None:
    given = [case for kind in kinds for case in cases[kind]]
    refused = [check_operators(fold_constants(parse_tflite(model))) for model, _ in given]
    assert refused == [[]] * len(given)
    samples = [(model, values[np.newaxis]) for model, values in given]
    actual = run_generated(tmp_path, samples, rounding_of(kinds[0]), planner)
    wanted = [output for kind in kinds for output in expected[kind]]
    names = [f"{kind} case {index}" for kind in kinds for index in range(CASE_COUNT)]
    assert [
        name
        for name, own, right in zip(names, actual, wanted, strict=True)
        if own.tobytes() != right.tobytes()
    ] == []


def indices_on_board(kind: str, planner: Planner) -> range:
    """Where there are few, each runs on the board once: whole or by rows, if it can do both."""
    if kind in WHOLE_ALONE or CASE_COUNT > FEW:
        return range(CASE_COUNT)
    return range(planner is plan_rows, CASE_COUNT, 2)


needs_board = pytest.mark.skipif(
    shutil.which("qemu-system-arm") is None or shutil.which("arm-none-eabi-gcc") is None,
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)


@pytest.mark.long
@pytest.mark.xdist_group("kernels of the board")
@needs_board
@in_both_modes
def test_the_kernels_for_the_board_give_the_same_bits(
    kinds: tuple[str, ...],
    planner: Planner,
    cases: dict[str, list[Case]],
    expected: dict[str, list[np.ndarray]],
    tmp_path: Path,
) -> None:
    """With the DSP instructions that the host does not have."""
    given = with_expected(kinds, planner, cases, expected)
    assert failures_on_virtual_board(tmp_path, given, rounding_of(kinds[0]), planner) == []


@pytest.mark.long
@pytest.mark.xdist_group("kernels of the board")
@needs_board
@pytest.mark.parametrize("core", WITHOUT_DSP)
def test_the_kernels_for_smaller_cores_give_the_same_bits(
    core: str,
    cases: dict[str, list[Case]],
    expected: dict[str, list[np.ndarray]],
    tmp_path: Path,
) -> None:
    given = with_expected(WITH_PRODUCTS, plan_rows, cases, expected)
    target = target_of(core)
    assert failures_on_virtual_board(tmp_path, given, planner=plan_rows, target=target) == []


def with_expected(
    kinds: Iterable[str],
    planner: Planner,
    cases: dict[str, list[Case]],
    expected: dict[str, list[np.ndarray]],
) -> list[tuple[bytes, np.ndarray, np.ndarray]]:
    """Model, input and expected output of the cases that run on the board."""
    return [
        (*cases[kind][index], expected[kind][index])
        for kind in kinds
        for index in indices_on_board(kind, planner)
    ]
