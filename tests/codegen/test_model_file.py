"""Files that are given instead of a .tflite, and files that claim more than they hold."""

import gzip
import io
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from ai_edge_litert import interpreter as litert

from codegen.model.model_file import MOST_FILE_BYTES, read_model_file
from codegen.model.read_tflite import parse_tflite, read_tflite
from firmware.errors import ModelError
from tests.shared_vectors import file_of_shared_vectors
from tests.small_model import small_model

MOST_PEAK_BYTES = 200 << 20


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("config.json", "{}")
    return stream.getvalue()


def saved_array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 300568\n"
FOREIGN = {
    "run 'git lfs pull'": POINTER,
    "web page": b"<!DOCTYPE html>\n<html><body>404</body></html>",
    "is a zip, such as a .keras": zipped(),
    "compressed with gzip": gzip.compress(small_model()),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "ONNX": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0" + bytes(50),
    "SavedModel": b"\x08\x01\x12\xff\x01\x12\x05serve" + bytes(50),
    "numpy array": saved_array(),
    "C source": b"#include <x.h>\nalignas(16) const unsigned char model[] = {0x1c, 0x00};",
    "it is empty": b"",
    "no TFLite identifier": b"this is a text, and no model at all",
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path: Path, what: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(FOREIGN[what])
    with pytest.raises(ModelError, match="is not a usable .tflite") as caught:
        read_tflite(path)
    assert what in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_saved_model_folder_and_other_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="it is a folder"):
        read_model_file(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ModelError, match="is a SavedModel"):
        read_model_file(tmp_path)


def test_a_pipe_that_nobody_writes_to_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="it is not a file"):
        read_model_file(tmp_path / "pipe")
    with pytest.raises(ModelError, match="it is not a file"):
        read_model_file(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("head", "text"),
    [(small_model(), "more than the 67,108,864 that are read"), (bytes(64), "no TFLite identif")],
)
def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(
    tmp_path: Path, head: bytes, text: str
) -> None:
    path = tmp_path / "large.tflite"
    path.write_bytes(head)
    os.truncate(path, 2 << 30)
    assert MOST_FILE_BYTES < 2 << 30
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=text):
            read_tflite(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "file",
    [
        {"tensors": 300, "shape": [1] * 20_000},
        {"tensors": 400, "shape": [20_000], "scales": 20_000},
        {"tensors": 4000, "name_bytes": 300_000},
        {"tensors": 1500, "shape": [500_000], "data_bytes": 500_000},
        {"tensors": 2000, "shape": [2] * 8, "scales": 2, "name_bytes": 9000},
    ],
    ids=["dimensions", "scales", "names", "constants", "a little of each"],
)
def test_a_small_file_whose_tensors_share_a_vector_is_refused_before_it_is_unpacked(
    file: dict[str, Any],
) -> None:
    content = file_of_shared_vectors(**file)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"more than 4 times|dimensions"):
            parse_tflite(content)
        assert tracemalloc.get_traced_memory()[1] < MOST_PEAK_BYTES / 10
    finally:
        tracemalloc.stop()


def test_a_file_of_tensors_that_share_a_little_is_read() -> None:
    graph = parse_tflite(file_of_shared_vectors(20, [1, 2, 2, 3]))
    assert [operator.kind for operator in graph.operators] == ["TANH"]


@pytest.mark.parametrize("tensors", [8192, 20_000])
def test_more_tensors_than_any_network_has_are_refused(tensors: int) -> None:
    with pytest.raises(ModelError, match=r"tensors, expected at most 8,192"):
        parse_tflite(file_of_shared_vectors(tensors))


def with_codes(content: bytes, kind: str, deprecated: int) -> bytes:
    """A model whose code of an operator says `deprecated` in the field of 8 bits."""
    changed = bytearray(content)
    model = tflite.Model.GetRootAs(content, 0)
    wanted = getattr(tflite.BuiltinOperator, kind)
    for index in range(model.OperatorCodesLength()):
        table = model.OperatorCodes(index)._tab
        position = table.Pos + table.Offset(4)
        if changed[position] == wanted:
            changed[position] = deprecated
    return bytes(changed)


@pytest.mark.parametrize("deprecated", [0, 1, 9, 16, 17])
def test_an_operator_is_the_one_that_litert_runs_whatever_its_two_codes_say(
    deprecated: int,
) -> None:
    content = with_codes(small_model(), "MAX_POOL_2D", deprecated)
    interpreter = litert.Interpreter(
        model_content=content,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )
    run = [details["op_name"] for details in interpreter._get_ops_details()]
    assert [operator.kind for operator in parse_tflite(content).operators] == run
    assert run[1] == "MAX_POOL_2D"
