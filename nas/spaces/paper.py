"""The published space. Pure."""

from nas.network.builder import NetworkBuilder
from nas.network.description import Convolution, Network, Normalisation, Relu, Shape
from nas.spaces.candidate import Candidate
from nas.spaces.cells import CellSpace, channels, check_cells
from nas.spaces.converters import TENSORFLOW


class Paper(CellSpace):
    """Batch normalisation before each convolution. It cannot be folded into the convolution.

    The network itself scales bytes to 0 to 1. TensorFlow is the default converter, because the
    published flash sizes are those of TensorFlow's files.
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
