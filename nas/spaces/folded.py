"""The published networks, with a normalisation that costs no inference time. Pure."""

from nas.network.builder import NetworkBuilder
from nas.network.description import Network, Shape
from nas.spaces.candidate import Candidate
from nas.spaces.cells import CellSpace, channels, check_cells


class Folded(CellSpace):
    """Batch normalisation after each convolution. It is folded into the convolution."""

    name = "folded"

    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """See `SearchSpace`."""
        check_cells(candidate, shape)
        build = NetworkBuilder(shape)
        x = build.image
        for cell, kernels in enumerate(channels(candidate)):
            x = build.max_pool(x) if cell > 0 else x
            x = build.convolution(x, kernels)
        return build.classify(x, classes)
