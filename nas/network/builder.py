"""Builds the description of a network, node by node. Pure."""

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
"""Rate of the dropout before the classifier, as in the published network."""


class NetworkBuilder:
    """Collects the nodes of one network.

    Each method adds nodes and returns the index of the last one, which later nodes can read.

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
        """Add any operation, with the nodes that it reads."""
        self._nodes.append(Node(operation, inputs))
        return len(self._nodes) - 1

    def rescale(self) -> int:
        """Scale bytes to 0 to 1. Only allowed as the first node."""
        return self.append(Rescaling(), self.image)

    def convolution(
        self, x: int, channels: int, kernel: int = 3, stride: int = 1, has_relu: bool = True
    ) -> int:
        """Add a convolution with batch normalisation and, by default, a ReLU."""
        pairs = (kernel, kernel), (stride, stride)
        x = self.append(Convolution(channels, *pairs, has_bias=False), x)
        return self._normalised(x, has_relu)

    def depthwise(self, x: int, kernel: int = 3, stride: int = 1, has_relu: bool = True) -> int:
        """Add a depthwise convolution with batch normalisation and, by default, a ReLU."""
        pairs = (kernel, kernel), (stride, stride)
        x = self.append(DepthwiseConvolution(*pairs, has_bias=False), x)
        return self._normalised(x, has_relu)

    def _normalised(self, x: int, has_relu: bool) -> int:
        x = self.append(Normalisation(), x)
        return self.append(Relu(), x) if has_relu else x

    def add(self, x: int, y: int, has_relu: bool = False) -> int:
        """Add the sum of two nodes of the same shape and, optionally, a ReLU."""
        x = self.append(Addition(), x, y)
        return self.append(Relu(), x) if has_relu else x

    def max_pool(self, x: int, size: int = 2) -> int:
        """Add a max pooling with windows of `size` rows and columns."""
        return self.append(MaxPooling((size, size)), x)

    def average_pool(self, x: int, size: int = 2) -> int:
        """Add an average pooling with windows of `size` rows and columns."""
        return self.append(AveragePooling((size, size)), x)

    def classify(self, x: int, classes: int) -> Network:
        """Add the mean over all pixels, a dropout and the classifier. Returns the network."""
        x = self.append(Mean(), x)
        x = self.append(Dropout(DROPOUT_RATE), x)
        self.append(Softmax(), self.append(Dense(classes), x))
        return Network(tuple(self._nodes))
