"""Searches networks for microcontrollers on the gateway, within the gateway's memory.

from nas import SearchRequest, run_search
result = run_search(SearchRequest("photos/", target="stm32f412", out=Path("runs/door")))
"""

from typing import TYPE_CHECKING

from firmware.exports import exported

if TYPE_CHECKING:
    from nas.estimator.network import estimate
    from nas.network.builder import NetworkBuilder
    from nas.network.description import Network
    from nas.search.api import run_search
    from nas.search.listener import Listener
    from nas.search.pick import run_pick
    from nas.search.pick_request import PickRequest
    from nas.search.request import SearchRequest
    from nas.spaces import Candidate, SearchSpace

__all__ = [
    "Candidate",
    "Listener",
    "Network",
    "NetworkBuilder",
    "PickRequest",
    "SearchRequest",
    "SearchSpace",
    "estimate",
    "run_pick",
    "run_search",
]

__getattr__ = exported(
    __name__,
    {
        "Candidate": "nas.spaces",
        "Listener": "nas.search.listener",
        "Network": "nas.network.description",
        "NetworkBuilder": "nas.network.builder",
        "PickRequest": "nas.search.pick_request",
        "SearchRequest": "nas.search.request",
        "SearchSpace": "nas.spaces",
        "estimate": "nas.estimator.network",
        "run_pick": "nas.search.pick",
        "run_search": "nas.search.api",
    },
)
