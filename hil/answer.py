"""Parses an answer of the bench protocol, line by line until it is complete. Pure."""

import re
import zlib

from firmware.errors import FaultError, ProtocolError, StackOverflowError
from firmware.printable import printable

LONGEST_NUMBER = 10
"""Digits of a number of 32 bits."""
_SHOWN_CHARACTERS = 200
_FACT = re.compile(r"^(?P<key>[a-z0-9-]+)-\[(?P<value>.*)\]$")
_LAP = re.compile(r"^(?P<key>m-lap-us)-(?P<value>\d+)$")
_FAILURE = re.compile(r"^e-\[(?P<text>.*?)\](?P<rest>.*)$")
_CRC = "x-answer-crc"

Facts = dict[str, str]
"""The facts of an answer, by key."""


class Answer:
    """Lines of an answer, until it ends.

    Attributes:
        facts: The `key-[value]` lines of the answer.
        failure: Why the command was rejected; empty if it was accepted.
    """

    def __init__(self, command: bytes) -> None:
        self._command = command
        self.facts: Facts = {}
        self.failure = ""
        self._body = bytearray()
        self._crc = ""

    def takes(self, raw: bytes) -> bool:
        """Read a line. Returns whether it is the last one."""
        line = raw.decode("ascii", errors="replace").strip()
        if line == "m-ready":
            return True
        if match := _FAILURE.match(line):
            self.failure = match["text"] + match["rest"].replace("-[", " ").rstrip("]")
            _check_fault(self.failure, self._command)
        elif match := _FACT.match(line) or _LAP.match(line):
            if match["key"] == _CRC:
                self._crc = match["value"]
                return False
            self.facts[match["key"]] = match["value"]
        self._body += raw
        return False

    @property
    def has_crc(self) -> bool:
        """Whether the answer has a CRC, right or wrong."""
        return self._crc != ""

    @property
    def is_whole(self) -> bool:
        """Whether the answer belongs to the command and is undamaged."""
        return self.is_of(self._command)

    def is_of(self, command: bytes) -> bool:
        """Whether this is an undamaged answer to a command."""
        return self._crc == f"{zlib.crc32(self._body, zlib.crc32(command)):08x}"


def shown(text: str) -> str:
    """The text of a board, printable and short enough for a one-line error."""
    clean = printable(text)
    return clean if len(clean) <= _SHOWN_CHARACTERS else f"{clean[:_SHOWN_CHARACTERS]}…"


def text_of(facts: Facts, key: str) -> str:
    """The value of a fact.

    Raises:
        ProtocolError: The answer does not contain it.
    """
    if key not in facts:
        raise ProtocolError(f"the answer lacks {key}; is another firmware on the board?")
    return facts[key]


def number_of(facts: Facts, key: str) -> int:
    """The value of a fact that is a number of 32 bits.

    Raises:
        ProtocolError: The answer does not contain it, or it is not such a number.
    """
    text = text_of(facts, key)
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise ProtocolError(f"{key}-[{shown(text)}] is not a number of 32 bits")
    return int(text)


def verb(command: bytes) -> str:
    """The command's name, short enough for an error."""
    text = command.decode("ascii", errors="replace")
    return text if len(text) <= 20 else f"{text[:16]}…"


def _check_fault(failure: str, command: bytes) -> None:
    """Raise the fault that a stopped firmware reports; such a report has no CRC."""
    if failure.startswith("hard fault"):
        kind = StackOverflowError if "stack overflow" in failure else FaultError
        raise kind(f"the firmware stopped at {verb(command)!r}: {shown(failure)}")
