"""Distinguishes the SDK's files in a folder from the user's files. I/O.

A file belongs to the SDK if its content is what the SDK wrote last, according to the record in the
folder. All other files belong to the user and are kept. If one of our files would replace one of
them, nothing is written.
"""

from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from firmware.errors import ConfigError
from firmware.files import sha256_of_bytes, sha256_of_file, write_bytes

_NAMED = 5

Owned = Mapping[str, Container[str]]
"""The possible SHA-256 of each of our files, by its path below the folder."""


def users_files(
    folder: Path, contents: Mapping[str, bytes], owned: Owned, is_forced: bool
) -> tuple[str, ...]:
    """The user's files that writing would replace; none, unless that is forced.

    Args:
        folder: Where to write.
        contents: What to write, by path below the folder.
        owned: The contents written before.
        is_forced: Whether files of the user may be replaced.

    Raises:
        ConfigError: A file of the user would be replaced.
    """
    digests = {name: sha256_of_bytes(content) for name, content in contents.items()}
    users = _in_the_way(folder, digests, owned)
    blocked = [name for name in users if not _is_plain(folder, name)] if is_forced else users
    if blocked:
        raise ConfigError(_complaint(folder, blocked, is_forced))
    return tuple(users)


def write_owned(folder: Path, contents: Mapping[str, bytes], owned: Owned) -> None:
    """Write files into a folder, and remove earlier files that are no longer needed.

    Each file is written completely or not at all, in the given order. A file that is already right
    is not touched. A file that the user has changed is not removed.
    """
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or sha256_of_file(path) != sha256_of_bytes(content):
            write_bytes(path, content)
    _remove(folder, [name for name in owned if name not in contents], owned)


def _in_the_way(folder: Path, digests: Mapping[str, str], owned: Owned) -> list[str]:
    """The paths at which there is something that we did not write."""
    found = []
    for name, digest in digests.items():
        path = folder / name
        if not _is_plain(folder, name):
            found.append(name)
        elif path.is_file():
            own = sha256_of_file(path)
            if own != digest and own not in owned.get(name, ()):
                found.append(name)
    return found


def _is_plain(folder: Path, name: str) -> bool:
    """Whether a path can be written: neither it nor its folders are links or of a wrong kind."""
    path = folder / name
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return False
    parents = [folder / parent for parent in Path(name).parents if str(parent) != "."]
    return all(not own.is_symlink() and (own.is_dir() or not own.exists()) for own in parents)


def _remove(folder: Path, names: Iterable[str], owned: Owned) -> None:
    """Remove our unchanged files, and folders that become empty."""
    for name in names:
        path = folder / name
        if _is_plain(folder, name) and path.is_file() and sha256_of_file(path) in owned[name]:
            path.unlink()
            for parent in Path(name).parents:
                if str(parent) != "." and not any((folder / parent).iterdir()):
                    (folder / parent).rmdir()


def _complaint(folder: Path, names: list[str], is_forced: bool) -> str:
    count = len(names)
    shown = ", ".join(sorted(names)[:_NAMED]) + (f" and {count - _NAMED} more" * (count > _NAMED))
    what = "was not written by" if count == 1 else "were not written by"
    way_out = (
        "move them away" if is_forced else "move them away, choose another --out, or add --force"
    )
    return (
        f"{str(folder)!r} contains {count} {'file' if count == 1 else 'files'} in the way: {shown} "
        f"{what} 'codegen build', or changed since; {way_out}"
    )
