"""The space `folded`, with separable convolutions. Pure."""

from nas.network.builder import NetworkBuilder
from nas.network.description import Network, Shape
from nas.spaces.candidate import Candidate
from nas.spaces.cells import CellSpace, channels, check_cells


class Separable(CellSpace):
    """Cells of a depthwise and a 1×1 convolution, each with a folded normalisation."""

    name = "separable"

    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """See `SearchSpace`."""
        check_cells(candidate, shape)
        build = NetworkBuilder(shape)
        first, *others = channels(candidate)
        x = build.convolution(build.image, first)
        for kernels in others:
            x = build.depthwise(build.max_pool(x))
            x = build.convolution(x, kernels, kernel=1)
        return build.classify(x, classes)
