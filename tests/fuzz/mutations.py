"""Damages files, the same way for the same seed. Pure."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence

_LENGTHS = (1, 2, 4, 8)
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62)
_TOKEN = re.compile(rb'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|"[^"]*"|true|false|null|[\[\]{},:=]')
_WORDS = (
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"18446744073709551616",
    b"9" * 400,
    b"null",
    b"true",
    b'""',
    b'"\\ud800"',
    b'"../../x"',
    b"[]",
    b"{}",
    b"[" * 300,
    b'{"a":' * 300,
    b"\xff\xfe",
    b"\x1b[2J",
)
_MOST_EDITS = 4


def mutate(content: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """A damaged copy of a file; parts may come from other files of its format."""
    if content[:2] == b"PK" and rng.random() < 0.7:
        return _mutate_member(content, rng)
    edits = _TEXT_EDITS if _is_text(content) and rng.random() < 0.7 else _BYTE_EDITS
    for _ in range(rng.randint(1, _MOST_EDITS)):
        if rng.random() < 0.05:
            content = _splice(content, rng.choice(others), rng)
        else:
            content = rng.choice(edits)(content, rng)
    return content


def _is_text(content: bytes) -> bool:
    return b"\0" not in content[:256]


def _place(content: bytes, rng: random.Random) -> int:
    return rng.randrange(len(content) + 1)


def _flip_bit(content: bytes, rng: random.Random) -> bytes:
    if not content:
        return content
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _set_number(content: bytes, rng: random.Random) -> bytes:
    """Write a number at the edge of its type, where most formats have one: at an even place."""
    length = rng.choice(_LENGTHS)
    first = _place(content, rng) // length * length
    value = (rng.choice(_EDGES) + rng.randint(-1, 1)) % (1 << 8 * length)
    return content[:first] + value.to_bytes(length, "little") + content[first + length :]


def _truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: _place(content, rng)]


def _delete(content: bytes, rng: random.Random) -> bytes:
    first = _place(content, rng)
    return content[:first] + content[first + rng.randint(1, 64) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    first, length = _place(content, rng), rng.randint(1, 64)
    part = content[first : first + length]
    return content[:first] + part * rng.choice((2, 3, 50)) + content[first + length :]


def _insert_noise(content: bytes, rng: random.Random) -> bytes:
    first = _place(content, rng)
    return content[:first] + rng.randbytes(rng.randint(1, 16)) + content[first:]


def _splice(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return content[: _place(content, rng)] + other[_place(other, rng) :]


def _replace_token(content: bytes, rng: random.Random) -> bytes:
    tokens = list(_TOKEN.finditer(content))
    if not tokens:
        return _insert_noise(content, rng)
    token = rng.choice(tokens)
    other = rng.choice(_WORDS) if rng.random() < 0.7 else rng.choice(tokens)[0]
    return content[: token.start()] + other + content[token.end() :]


def _delete_line(content: bytes, rng: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        del lines[rng.randrange(len(lines))]
    return b"".join(lines)


_BYTE_EDITS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip_bit,
    _flip_bit,
    _set_number,
    _set_number,
    _truncate,
    _delete,
    _repeat,
    _insert_noise,
)
_TEXT_EDITS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _replace_token,
    _replace_token,
    _replace_token,
    _delete_line,
    _repeat,
)


def _mutate_member(content: bytes, rng: random.Random) -> bytes:
    """A sound archive with one member damaged: what lies behind the checksums is reached too."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {own.filename: archive.read(own) for own in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        return _flip_bit(content, rng)
    if not members:
        return _flip_bit(content, rng)
    name = rng.choice(sorted(members))
    if rng.random() < 0.1:
        members[rng.choice(("", "../x", "a/" * 200, "train/cat", name + "\0"))] = members.pop(name)
    else:
        members[name] = rng.choice(_BYTE_EDITS)(members[name], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for own, data in members.items():
            archive.writestr(own or "-", data)
    return packed.getvalue()
