"""Reads the file of a model, and recognises files of other formats. I/O."""

import os
import stat
from pathlib import Path

from firmware.errors import ModelError
from firmware.regular_file import open_at_once

MOST_FILE_BYTES = 1 << 26
"""64 MiB: more than the flash of any microcontroller."""
_IDENTIFIER = b"TFL3"
_IDENTIFIER_END = 8
_SMALLEST_BYTES = 16
_HEAD_BYTES = 512

_CONVERT = "convert it to an int8 .tflite first"
_OTHERS = (
    (b"version https://git-lfs.github.com/spec/", "is a Git LFS pointer; run 'git lfs pull'"),
    (b"\x89HDF\r\n\x1a\n", f"is an HDF5 file, such as Keras writes; {_CONVERT}"),
    (b"PK\x03\x04", f"is a zip, such as a .keras or PyTorch file; unpack it, or {_CONVERT}"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
    (b"BZh", "is compressed with bzip2; unpack it first"),
    (b"\xfd7zXZ\x00", "is compressed with xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first"),
    (b"\x93NUMPY", "is a numpy array"),
    (b"\x80\x02", f"is a Python pickle; {_CONVERT}"),
    (b"\x7fELF", "is an ELF program"),
)
_PROTOBUF_VERSION, _PROTOBUF_SECOND = b"\x08", b"\x12"
"""First and third byte of a SavedModel, of version 1, and of an ONNX model, of version 3 or later.
Source: saved_model.proto and onnx.proto, whose first two fields have the tags 1 and 2."""
_C_WORDS = (b"unsigned char", b"uint8_t", b"alignas(")


def read_model_file(path: Path) -> bytes:
    """The content of a .tflite file. Its size and its first bytes are checked before it is read.

    Raises:
        ModelError: The file does not exist, is too large, or has another format.
    """
    try:
        with open_at_once(path) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ModelError(f"{str(path)!r} is not a usable .tflite: {_no_file(path)}")
            head = stream.read(_HEAD_BYTES)
            _check_head(path, head, status.st_size)
            content = head + stream.read(MOST_FILE_BYTES - len(head) + 1)
    except IsADirectoryError as error:
        raise ModelError(f"{str(path)!r} is not a usable .tflite: {_no_file(path)}") from error
    except OSError as error:
        raise ModelError(f"could not read {str(path)!r}: {error.strerror}") from error
    return content


def is_saved_model(path: Path) -> bool:
    """Whether a folder is a SavedModel of TensorFlow."""
    return (path / "saved_model.pb").is_file()


def check_is_tflite(head: bytes) -> None:
    """Raise an error if a file does not begin like a .tflite. The text names its format.

    Raises:
        ModelError: It does not.
    """
    if len(head) >= _SMALLEST_BYTES and head[4:_IDENTIFIER_END] == _IDENTIFIER:
        return
    raise ModelError(_what_it_is(head))


def _check_head(path: Path, head: bytes, size_bytes: int) -> None:
    try:
        check_is_tflite(head)
        if size_bytes > MOST_FILE_BYTES:
            raise ModelError(
                f"it has {size_bytes:,} bytes, more than the {MOST_FILE_BYTES:,} that are read; no "
                "microcontroller has so much flash"
            )
    except ModelError as error:
        raise ModelError(f"{str(path)!r} is not a usable .tflite: {error}") from error


def _no_file(path: Path) -> str:
    if not path.is_dir():
        return "it is not a file"
    if is_saved_model(path):
        return f"it is a SavedModel of TensorFlow; {_CONVERT}"
    return "it is a folder"


def _what_it_is(head: bytes) -> str:
    if not head:
        return "it is empty"
    for start, what in _OTHERS:
        if head.startswith(start):
            return f"it {what}"
    if head[4:7] == _IDENTIFIER[:3]:
        return "it is cut short, or of another version than TFL3"
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page; the download failed"
    if head[:1] == _PROTOBUF_VERSION and head[2:3] == _PROTOBUF_SECOND:
        name = "a SavedModel of TensorFlow" if head[1] == 1 else "an ONNX model"
        return f"it is {name}; {_CONVERT}"
    if any(word in head for word in _C_WORDS):
        return "it is C source; take the .tflite that it was made from"
    return "no TFLite identifier 'TFL3' at byte 4"
