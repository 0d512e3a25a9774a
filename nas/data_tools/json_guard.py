"""Checks a stream of JSON before it is parsed, to limit the parser's memory. Pure.

The parser keeps each text, number and record, and the path to its position. So the guard limits the
nesting, and the length of texts, numbers and records. It checks 64 KiB at a time, at about 100 MB
per second.
"""

import re
from collections.abc import Callable
from typing import IO

import numpy as np
from numpy.typing import NDArray

from firmware.errors import FileError

CHUNK_BYTES = 1 << 16
MOST_LEVELS = 32
MOST_TEXT_BYTES, MOST_RECORD_BYTES = 1 << 20, 4 << 20
_MOST_DIGITS = 256
_RECORD_LEVEL = 2
"""Level of the records, which are in sections of the file."""
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_TEXT = re.compile(rb'"[^"]*"')
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"


def _steps() -> NDArray[np.int8]:
    table = np.zeros(256, np.int8)
    table[[*b"[{"]] = 1
    table[[*b"]}"]] = -1
    return table


_STEPS = _steps()


class JsonGuard:
    """A stream for a parser.

    Args:
        stream: The file, at its beginning.
        tell: Called with the number of bytes read so far.

    Attributes:
        first_byte: Offset of the first byte that was read last.
        end_byte: Offset after the last byte that was read.
    """

    def __init__(self, stream: IO[bytes], tell: Callable[[int], None]) -> None:
        self._stream, self._tell = stream, tell
        self.first_byte = self.end_byte = 0
        self._level = 0
        self._is_in_text = False
        self._escape = b""
        """The backslash at the end of the last chunk, if the next byte belongs to it."""
        self._text_bytes = self._record_bytes = 0

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """The next bytes.

        Raises:
            FileError: They are nested too deeply, or belong to a value that is too long.
        """
        if size == 0:
            return b""
        chunk = self._stream.read(min(size, CHUNK_BYTES))
        if self.end_byte == 0:
            _check_begin(chunk)
        self.first_byte, self.end_byte = self.end_byte, self.end_byte + len(chunk)
        self._look(chunk)
        self._tell(self.end_byte)
        return chunk

    def _look(self, chunk: bytes) -> None:
        for first in range(0, len(chunk), _MOST_DIGITS):
            window = chunk[first : first + _MOST_DIGITS]
            if len(window) == _MOST_DIGITS and window.isdigit():
                raise FileError(
                    f"it contains a number at byte {self.first_byte + first:,} of too many digits"
                )
        brackets = self._outside_texts(self._without_escapes(chunk), len(chunk))
        levels = self._level + np.cumsum(_STEPS[np.frombuffer(brackets, np.uint8)], dtype=np.int64)
        lowest = int(levels.min(initial=self._level))
        if levels.max(initial=0) > MOST_LEVELS:
            raise FileError(
                f"it is nested more than {MOST_LEVELS} levels deep {self.place}; COCO's have 5"
            )
        self._level = int(levels[-1]) if len(levels) else self._level
        self._record_bytes = 0 if lowest <= _RECORD_LEVEL else self._record_bytes + len(chunk)
        if self._record_bytes > MOST_RECORD_BYTES:
            raise FileError(
                f"it contains a record longer than {MOST_RECORD_BYTES:,} bytes {self.place}"
            )

    @property
    def place(self) -> str:
        """The position of the last bytes in the file, as text."""
        return f"between bytes {self.first_byte:,} and {self.end_byte:,}"

    def _without_escapes(self, chunk: bytes) -> bytes:
        if not self._escape and b"\\" not in chunk:
            return chunk
        chunk = _ESCAPE.sub(b"", self._escape + chunk)
        self._escape = b"\\" if chunk.endswith(b"\\") else b""
        return chunk

    def _outside_texts(self, chunk: bytes, chunk_bytes: int) -> bytes:
        """The brackets that open and close levels."""
        kept = chunk.translate(None, _OTHERS)
        if self._is_in_text:
            end = kept.find(b'"')
            if end < 0:
                self._text_bytes += chunk_bytes
                if self._text_bytes > MOST_TEXT_BYTES:
                    raise FileError(
                        f"it contains a text longer than {MOST_TEXT_BYTES:,} bytes {self.place}"
                    )
                return b""
            kept = kept[end + 1 :]
        kept = _TEXT.sub(b"", kept)
        kept, quote, _ = kept.partition(b'"')
        self._is_in_text, self._text_bytes = bool(quote), 0
        return kept


def _check_begin(head: bytes) -> None:
    """Check that the stream begins like a JSON object.

    Raises:
        FileError: It does not.
    """
    start = head.removeprefix(_BOM).lstrip(_SPACE)
    if not start and len(head) == CHUNK_BYTES:
        raise FileError(f"its first {CHUNK_BYTES:,} bytes are empty")
    if not start.startswith(b"{"):
        seen = repr(start[:16])[1:] if start else "nothing"
        raise FileError(f"it is not a JSON object: it begins with {seen}, expected '{{'")
    if head.startswith(_BOM):
        raise FileError("it begins with a byte order mark; save it as UTF-8 without one")
