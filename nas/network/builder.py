"""Builds networks, node by node. Pure."""

from nas.network.description import (
    Addition,
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Image,
    MaxPooling,
    Mean,
    Network,
    Node,
    Normalisation,
    Operation,
    Relu,
    Rescaling,
    Shape,
    Softmax,
)

DROPOUT_RATE = 0.5
"""Before the classifier, as in the published network."""


class NetworkBuilder:
    """Collects nodes; lives for the building of one network.

    Each method adds nodes and gives the index of the last of them, which later ones may read.

    Args:
        image: Height, width and channels of an image.

    Example:
        A residual block, then the classifier::

            build = NetworkBuilder((32, 32, 3))
            x = build.convolution(build.image, 16)
            x = build.add(x, build.convolution(x, 16))
            network = build.classify(x, classes=10)
    """

    image = 0

    def __init__(self, image: Shape) -> None:
        self._nodes = [Node(Image(image))]

    def append(self, operation: Operation, *inputs: int) -> int:
        """Any operation, with the nodes that it reads."""
        self._nodes.append(Node(operation, inputs))
        return len(self._nodes) - 1

    def rescale(self) -> int:
        """From bytes to 0 to 1; the first that may be added."""
        return self.append(Rescaling(), self.image)

    def convolution(
        self, x: int, channels: int, kernel: int = 3, stride: int = 1, has_relu: bool = True
    ) -> int:
        """A convolution with batch normalisation, and a ReLU unless it is not wanted."""
        pairs = (kernel, kernel), (stride, stride)
        x = self.append(Convolution(channels, *pairs, has_bias=False), x)
        return self._normalised(x, has_relu)

    def depthwise(self, x: int, kernel: int = 3, stride: int = 1, has_relu: bool = True) -> int:
        """A depthwise convolution with batch normalisation, and a ReLU unless it is not wanted."""
        pairs = (kernel, kernel), (stride, stride)
        x = self.append(DepthwiseConvolution(*pairs, has_bias=False), x)
        return self._normalised(x, has_relu)

    def _normalised(self, x: int, has_relu: bool) -> int:
        x = self.append(Normalisation(), x)
        return self.append(Relu(), x) if has_relu else x

    def add(self, x: int, y: int, has_relu: bool = False) -> int:
        """The sum of two nodes of one shape, and a ReLU if it is wanted."""
        x = self.append(Addition(), x, y)
        return self.append(Relu(), x) if has_relu else x

    def max_pool(self, x: int, size: int = 2) -> int:
        """The largest value of each window of so many rows and columns."""
        return self.append(MaxPooling((size, size)), x)

    def average_pool(self, x: int, size: int = 2) -> int:
        """The mean of each window of so many rows and columns."""
        return self.append(AveragePooling((size, size)), x)

    def classify(self, x: int, classes: int) -> Network:
        """The whole network: the mean over all pixels, a dropout, and the classes."""
        x = self.append(Mean(), x)
        x = self.append(Dropout(DROPOUT_RATE), x)
        self.append(Softmax(), self.append(Dense(classes), x))
        return Network(tuple(self._nodes))
