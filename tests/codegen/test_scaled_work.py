import numpy as np
import pytest

from benchmarks.tflite_builder import ModelBuilder
from codegen.costs.work import Work, step_work
from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph


def work_of(builder: ModelBuilder, image: int, output: int) -> tuple[str, Work]:
    graph = parse_tflite(builder.build([image], [output]))
    (step,) = plan_graph(graph).steps
    return step_work(graph, step)


@pytest.mark.parametrize(
    ("scale", "expected"),
    # Factors of 1/4 and 3/4 are shifted down by 1 and by 0 bits, one of 1 is shifted up by 1.
    [(0.25, (8, 0)), (0.75, (0, 0)), (1.0, (0, 8))],
)
def test_factors_are_counted_by_the_path_that_they_take(
    scale: float, expected: tuple[int, int]
) -> None:
    builder = ModelBuilder()
    image = builder.activation((1, 8), scale, 127, "uint8")
    output = builder.activation((1, 8), 1.0)
    builder.operator("QUANTIZE", [image], output)
    kernel, work = work_of(builder, image, output)
    assert kernel == "QUANTIZE uint8 to int8"
    assert (work["scaled down"], work["scaled up"]) == expected


def test_of_a_sum_the_smaller_input_and_the_output_are_scaled_down() -> None:
    """The larger input is halved exactly, which takes no shift."""
    builder = ModelBuilder()
    image = builder.activation((1, 8), 0.5)
    other = builder.constant(np.arange(8, dtype=np.int8), 0.125)
    output = builder.activation((1, 8), 0.5)
    builder.operator("ADD", [image, other], output)
    constant, work = work_of(builder, image, output)
    assert constant == "ADD constant"
    assert work["scaled down"] == 8  # the output alone: the constant is scaled beforehand


@pytest.mark.parametrize(
    ("scale", "exponentials", "factors"),
    # A step of 1/4 is 2^24 in Q5.26, or 1/2 times 2^25: TFLite leaves out what is more than
    # 31 times 2^26 / 2^25 below the largest. 1 to 62 quarters, one less without the rest.
    [(0.25, 2 * 62 / 255, 2 * sum(map(int.bit_count, range(62))) / 255)],
)
def test_exponentials_are_those_of_differences_that_are_not_too_small(
    scale: float, exponentials: float, factors: float
) -> None:
    builder = ModelBuilder()
    image = builder.activation((1, 5, 3), scale)
    output = builder.activation((1, 5, 3), 1 / 256, -128)
    builder.operator("SOFTMAX", [image], output, beta=1.0)
    _, work = work_of(builder, image, output)
    assert (work["rows"], work["elements"]) == (5, 15)
    assert work["exponentials"] == round(5 * exponentials)
    assert work["factors"] == round(5 * factors)


@pytest.mark.parametrize(
    ("types", "points", "is_flip"),
    [
        (("uint8", "int8"), (131, 3), True),
        (("int8", "uint8"), (3, 131), True),
        (("uint8", "int8"), (131, 4), False),
        (("int8", "int8"), (-128, 0), False),
    ],
)
def test_the_same_values_128_apart_are_counted_as_flipped(
    types: tuple[str, str], points: tuple[int, int], is_flip: bool
) -> None:
    builder = ModelBuilder()
    image = builder.activation((1, 2, 3, 5), 0.1, points[0], dtype=types[0])
    output = builder.activation((1, 2, 3, 5), 0.1, points[1], dtype=types[1])
    builder.operator("QUANTIZE", [image], output)
    kernel, work = work_of(builder, image, output)
    assert kernel == f"QUANTIZE {types[0]} to {types[1]}"
    assert work.get("flipped", 0) == 30 * is_flip
    assert ("elements" in work) == (not is_flip)
