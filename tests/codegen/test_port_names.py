from collections.abc import Mapping

import pytest

from codegen.model.port_names import port_names
from codegen.model.read_tflite import parse_tflite
from tests.several_ports import NAMES, several_ports

TENSORS = (4, 9)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({4: "Left eye", 9: "RIGHT-eye:0"}, ("left_eye", "right_eye_0")),
        ({4: "output_1", 9: "output_0"}, ("1", "0")),
        ({4: "outputs_of", 9: "output_x"}, ("outputs_of", "output_x")),
        ({4: "same", 9: "Same"}, ("0", "1")),
        ({4: "only"}, ("0", "1")),
        ({4: "a", 9: "\u00fc"}, ("0", "1")),
        ({4: "a" * 23 + "_bc", 9: "b" * 90}, ("a" * 23, "b" * 24)),
        ({}, ("0", "1")),
    ],
)
def test_names_are_those_of_the_file_in_lower_case_or_positions(
    names: Mapping[int, str], expected: tuple[str, ...]
) -> None:
    assert port_names(TENSORS, names, "output") == expected


def test_the_names_of_the_signature_are_read() -> None:
    graph = parse_tflite(several_ports(0))
    assert [graph.port_names[index] for index in graph.inputs] == list(NAMES[0])
    assert [graph.port_names[index] for index in graph.outputs] == list(NAMES[1])
    assert parse_tflite(several_ports(0, has_names=False)).port_names == {}
