"""Arrays are read as numpy wrote them; what a header claims is checked before it is believed."""

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware.array_file import ArrayFile, read_arrays
from firmware.errors import FileError

MIB = 1 << 20


def raw(path: Path, header: str, values: bytes = b"", version: int = 1) -> Path:
    """An .npz with one array `a` of this header."""
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    content = b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + values
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", content)
    return path


def header(descr: str = "'|u1'", shape: str = "(4,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        np.asarray(["cat", "dög"]),
        np.asarray("one"),
        np.asarray([b"x", b"yz"]),
        np.zeros((0, 3), np.float32),
        np.float64(0.5),
        np.asarray([True, False]),
        np.arange(3, dtype=np.float16),
    ],
)
def test_arrays_come_back_as_they_were(tmp_path: Path, save: Any, array: np.ndarray) -> None:
    save(tmp_path / "a.npz", a=array, other=np.zeros(1))
    read = read_arrays(tmp_path / "a.npz", ("a",), MIB)["a"]
    assert read.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(read, array)


def test_the_form_of_an_array_is_known_before_it_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.zeros((5, 4, 3), np.uint8))
    with ArrayFile(tmp_path / "a.npz") as file:
        form = file.form("images")
        assert file.names == ["images"]
    assert (form.shape, form.dtype, form.value_bytes) == ((5, 4, 3), np.uint8, 60)


def test_python_objects_are_refused_and_never_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.asarray([{}, []], dtype=object))
    with pytest.raises(FileError, match="array 'a': it holds Python objects, which are not read"):
        read_arrays(tmp_path / "a.npz", ("a",), MIB)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            header(shape="(1000000,)"),
            "uint8 of shape (1000000,) takes 1,000,000 bytes, there are 4",
        ),
        (header(shape="(3,)"), "takes 3 bytes, there are 4"),
        (header("'<f8'"), "float64 of shape (4,) takes 32 bytes"),
        (header(shape="(4 4)"), "its shape is (4 4)"),
        (header(shape="(99999999999999,)"), "is too large"),
        (header(shape=f"({'1,' * 40})"), "is too large"),
        (header("'<U0'"), "its values are of type '<U0'"),
        (header("[('a', '<i4')]"), "its values are of type '['"),
        (header("'<c8'"), "its values are of type '<c8'"),
        (header("__import__('os')"), "gives no descr"),
        (header(shape="(4)"), "its shape is (4)"),
        ("{" * 3000, "gives no descr"),
        ("", "gives no descr"),
        (" " * 5000, "its header has 5,000 bytes"),
    ],
)
def test_a_header_that_its_bytes_do_not_bear_out_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(FileError) as refused:
        read_arrays(raw(tmp_path / "a.npz", text, bytes(4)), ("a",), MIB)
    assert complaint in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_small_file_cannot_unpack_to_more_than_is_asked_for(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(2 * MIB, np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 5000
    with pytest.raises(FileError, match="it has 2,097,152 bytes, at most 1,048,576 are read"):
        read_arrays(tmp_path / "a.npz", ("a",), MIB)


def test_the_bound_is_that_of_all_arrays_together(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros(600), b=np.zeros(600))
    with pytest.raises(FileError, match="array 'b': it has 4,800 bytes, at most 4,200 are read"):
        read_arrays(tmp_path / "a.npz", ("a", "b"), 9000)


def test_an_array_that_is_missing_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", outputs=np.zeros(1))
    with pytest.raises(FileError, match="contains no array 'inputs'; its arrays: 'outputs'"):
        read_arrays(tmp_path / "a.npz", ("inputs",), MIB)


def test_text_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = raw(tmp_path / "a.npz", header("'<U1'", "(1,)"), b"\xff\xff\xff\xff")
    with pytest.raises(FileError, match="its text contains an invalid character"):
        read_arrays(path, ("a",), MIB)


def test_a_damaged_file_raises_no_other_error_wherever_the_damage_is(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.arange(8, dtype=np.int8), b=np.asarray("text"))
    content, path = stream.getvalue(), tmp_path / "a.npz"
    for place in range(len(content)):
        for flip in (1, 0xFF):
            damaged = bytearray(content)
            damaged[place] ^= flip
            path.write_bytes(damaged)
            with contextlib.suppress(FileError):
                read_arrays(path, ("a", "b"), MIB)
