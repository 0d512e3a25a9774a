"""The exports of a package, imported when they are used. Imports modules.

Every command imports it before Ctrl-C can end the process without a traceback, so it imports
nothing itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def exported(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names lie in its modules.

    Commands and workers import a package for one of its modules; they load no other.

    Args:
        package: Its name.
        homes: For each name that it exports, the module that has it.
    """

    def get(name: str) -> Any:
        from importlib import import_module

        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return get
