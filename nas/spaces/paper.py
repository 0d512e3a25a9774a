"""The published space. Pure."""

from nas.network.builder import NetworkBuilder
from nas.network.description import Convolution, Network, Normalisation, Relu, Shape
from nas.spaces.candidate import Candidate
from nas.spaces.cells import CellSpace, channels, check_cells
from nas.spaces.converters import TENSORFLOW


class Paper(CellSpace):
    """Batch normalisation before each convolution, where it cannot be folded into it.

    The network itself brings bytes to 0 to 1. The published files are TensorFlow's, as the
    published figures of their flash are.
    """

    name = "paper"
    converters = (TENSORFLOW,)

    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """See `SearchSpace`."""
        check_cells(candidate, shape)
        build = NetworkBuilder(shape)
        x = build.rescale()
        for cell, kernels in enumerate(channels(candidate)):
            x = build.max_pool(x) if cell > 0 else x
            x = build.append(Normalisation(), x)
            x = build.append(Relu(), build.append(Convolution(kernels), x))
        return build.classify(x, classes)
