"""The search: networks for microcontrollers, found on the gateway, within its memory.

from nas import SearchRequest, run_search
result = run_search(SearchRequest("photos/", target="stm32f412", out=Path("runs/door")))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.network.builder import NetworkBuilder
    from nas.network.description import Network
    from nas.search.api import run_search
    from nas.search.listener import Listener
    from nas.search.request import SearchRequest
    from nas.spaces import Candidate, SearchSpace

__all__ = [
    "Candidate",
    "Listener",
    "Network",
    "NetworkBuilder",
    "SearchRequest",
    "SearchSpace",
    "run_search",
]
_HOMES = {
    "Candidate": "nas.spaces",
    "Listener": "nas.search.listener",
    "Network": "nas.network.description",
    "NetworkBuilder": "nas.network.builder",
    "SearchRequest": "nas.search.request",
    "SearchSpace": "nas.spaces",
    "run_search": "nas.search.api",
}


def __getattr__(name: str) -> Any:
    """What is exported, loaded when it is asked for: workers and estimates need none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
