"""What a search knows of its candidates before it trains one: networks and bounds. Pure."""

from collections.abc import Callable

from firmware.errors import ConfigError, InfeasibleError
from nas.network.description import Network
from nas.network.shapes import count_macs
from nas.search.bounds import Bounds
from nas.search.config import SearchConfig
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate, find_space
from nas.spaces.strategies import EVOLUTION


def network_of(config: SearchConfig, candidate: Candidate) -> Network:
    """The network of a candidate.

    Raises:
        ConfigError: There is no such network.
    """
    space, shape = find_space(config.space), config.input_of(candidate)
    return space.network(candidate, shape, len(config.classes))


def narrow_candidates(config: SearchConfig, bounds: Bounds) -> list[Candidate]:
    """Narrow candidates of every kind with which the strategy starts, at the inputs that matter."""
    if config.strategy == EVOLUTION:
        sides = {bounds.first_side, max(bounds.inputs)}
        return [own for side in sorted(sides) for own in bounds.templates(side)]
    return [own for side in bounds.inputs for own in bounds.narrowest(side)]


def find_bounds(config: SearchConfig, price_of: Callable[[Candidate], Trial]) -> Bounds:
    """The facts that are known before a training.

    Args:
        config: The settings of the search.
        price_of: Gives the trial of a candidate with its cost.

    Raises:
        InfeasibleError: The space has no network for any of the inputs.
    """
    sides = config.sides or (0,)
    bounds = Bounds(
        find_space(config.space),
        lambda candidate: price_of(candidate).status is TrialStatus.PRICED,
        {side: config.input_at(side) for side in sides},
        config.shape[0] if config.sides else 0,
        config.seed,
        None if config.limits.macc_is_advice else lambda own: _has_few_macs(config, own),
    )
    if not any(map(bounds.narrowest, bounds.inputs)):
        sizes = " or ".join("x".join(map(str, shape)) for shape in bounds.inputs.values())
        raise InfeasibleError(f"the space {config.space!r} has no network for images of {sizes}")
    return bounds


def _has_few_macs(config: SearchConfig, candidate: Candidate) -> bool:
    """Whether a candidate exists and is within the MACC limit; much quicker than its price."""
    try:
        return count_macs(network_of(config, candidate)) <= config.limits.macc
    except ConfigError:
        return False
