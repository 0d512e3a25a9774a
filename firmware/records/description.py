"""Finds and reads the descriptions of cores, chips and boards: TOML files. I/O."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from firmware.errors import ConfigError
from firmware.printable import brief
from firmware.records.reader import Kind, convert, read_toml

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The descriptions of one kind that the SDK ships.

    Attributes:
        noun: What one describes, such as `chip`.
        folder: Holds the files.
        tables: Tables of a file whose facts are facts of the record itself.
    """

    noun: str
    folder: Path
    tables: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The texts of its errors."""
        example = self.names()[0]
        return Kind(f"is not a {self.noun}", f"see firmware/{self.folder.name}/{example}.toml")

    def names(self) -> tuple[str, ...]:
        """Names of the shipped descriptions, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.toml")))

    def find(self, name_or_path: str, beside: Path | None = None) -> Path:
        """The file of a description.

        Args:
            name_or_path: A path that ends in `.toml`, or a name: of a file in `beside`, or of one
                that the SDK ships.
            beside: Folder of the file that names it, from which a path is taken too.

        Raises:
            ConfigError: There is no such description.
        """
        if name_or_path.endswith(".toml"):
            return (beside or Path()) / name_or_path
        if beside is not None and "/" not in name_or_path:
            own = beside / f"{name_or_path}.toml"
            if own.is_file():
                return own
        if name_or_path not in self.names():
            raise ConfigError(
                f"unknown {self.noun} {brief(repr(name_or_path), 60)}; known {self.noun}s: "
                f"{', '.join(self.names())}; a file of your own must end in .toml"
            )
        return self.folder / f"{name_or_path}.toml"

    def read(self, path: Path, form: type[_Record]) -> _Record:
        """Read a description. Every fact may appear only once.

        Raises:
            RecordError: The file cannot be read, or a fact is missing, unknown or out of range.
        """
        return convert(self.facts(path, form), form, path, self.kind)

    def facts(self, path: Path, form: type[Any]) -> dict[str, Any]:
        """The facts of a file by name. Their names are checked, their values are not.

        Raises:
            RecordError: The file cannot be read, or a fact is unknown or appears twice.
        """
        table = read_toml(path, self.kind)
        facts = {name: value for name, value in table.items() if name not in self.tables}
        for part in self.tables:
            own = table.get(part, {})
            if not isinstance(own, dict):
                raise self.kind.refusal(path, f"expected a table [{part}]")
            if twice := sorted(facts.keys() & own.keys()):
                raise self.kind.refusal(path, f"{brief(twice[0], 60)!r} appears twice")
            facts |= own
        if unknown := sorted(facts.keys() - {own.name for own in fields(form)}):
            raise self.kind.refusal(path, f"unknown {brief(unknown[0], 60)!r}")
        return facts
