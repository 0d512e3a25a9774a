"""Search spaces: the candidates and their networks."""

from nas.spaces.candidate import Candidate
from nas.spaces.registry import DEFAULT_SPACE, find_converter, find_space, known_spaces
from nas.spaces.space import SearchSpace

__all__ = [
    "DEFAULT_SPACE",
    "Candidate",
    "SearchSpace",
    "find_converter",
    "find_space",
    "known_spaces",
]
