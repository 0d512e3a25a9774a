from dataclasses import asdict

import numpy as np

from nas.search.answers import count_answers

LABELS = np.array([0, 0, 0, 1, 1, 2])
IN_FLOAT = [0, 0, 1, 1, 1, 0]
IN_INT8 = [0, 1, 0, 1, 2, 0]


def test_rows_are_the_images_classes_and_columns_what_a_model_gave_them() -> None:
    answers = count_answers(LABELS, IN_FLOAT, IN_INT8, 3)
    assert answers.in_float == ((2, 1, 0), (0, 2, 0), (1, 0, 0))
    assert answers.in_int8 == ((2, 1, 0), (0, 1, 1), (1, 0, 0))


def test_the_two_models_are_compared_image_by_image() -> None:
    """Both right: 0 and 3; float alone: 1 and 4; int8 alone: 2; the last is wrong in both."""
    answers = count_answers(LABELS, IN_FLOAT, IN_INT8, 3)
    assert (answers.both_right, answers.float_alone_right, answers.int8_alone_right) == (2, 2, 1)
    assert answers.same == 3
    assert (answers.images, answers.float_right, answers.int8_right) == (6, 4, 3)


def test_a_class_that_no_image_has_still_has_its_row_and_column() -> None:
    answers = count_answers(np.array([0, 1]), [0, 0], [0, 1], 3)
    assert answers.in_float == ((1, 0, 0), (1, 0, 0), (0, 0, 0))


def test_the_counts_are_plain_numbers_that_json_can_hold() -> None:
    record = asdict(count_answers(LABELS, IN_FLOAT, IN_INT8, 3))
    assert {type(value) for value in record.values()} == {tuple, int}
    assert type(record["in_int8"][0][0]) is int
