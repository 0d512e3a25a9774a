"""The networks of the published family and of its two variants: cells after a convolution. Pure."""

from nas.network.builder import NetworkBuilder
from nas.network.description import Convolution, Network, Normalisation, Relu
from nas.space import Candidate, Shape, channels, check_candidate


def paper_network(candidate: Candidate, shape: Shape, classes: int) -> Network:
    """The published network: batch normalisation stands before each convolution.

    It can therefore not be folded into it, and the network itself brings bytes to 0 to 1.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    build = NetworkBuilder(shape)
    x = build.rescale()
    for cell, kernels in enumerate(channels(candidate)):
        x = build.max_pool(x) if cell > 0 else x
        x = build.append(Normalisation(), x)
        x = build.append(Relu(), build.append(Convolution(kernels), x))
    return build.classify(x, classes)


def folded_network(candidate: Candidate, shape: Shape, classes: int) -> Network:
    """The same with batch normalisation after each convolution, into which it is folded.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    build = NetworkBuilder(shape)
    x = build.image
    for cell, kernels in enumerate(channels(candidate)):
        x = build.max_pool(x) if cell > 0 else x
        x = build.convolution(x, kernels)
    return build.classify(x, classes)


def separable_network(candidate: Candidate, shape: Shape, classes: int) -> Network:
    """As `folded_network`; cells have a depthwise convolution and one of 1×1.

    Raises:
        ConfigError: The candidate has more cells than the input allows.
    """
    check_candidate(candidate, shape)
    build = NetworkBuilder(shape)
    first, *others = channels(candidate)
    x = build.convolution(build.image, first)
    for kernels in others:
        x = build.depthwise(build.max_pool(x))
        x = build.convolution(x, kernels, kernel=1)
    return build.classify(x, classes)
