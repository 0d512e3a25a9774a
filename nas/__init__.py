"""The search: networks for microcontrollers, found on the gateway, within its memory.

from nas import search
result = search("photos/", target="stm32f412", out=Path("runs/door"))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.api import search
    from nas.listener import Listener

__all__ = ["Listener", "search"]


def __getattr__(name: str) -> Any:
    """What is exported, loaded when it is asked for: workers and estimates need none of it."""
    if name == "search":
        from nas.api import search

        return search
    if name == "Listener":
        from nas.listener import Listener

        return Listener
    raise AttributeError(f"module 'nas' has no attribute {name!r}")
