"""The single description of a network: its operations and their inputs. Pure.

Shapes, parameters, the program of the trainer, the memory of the host, the int8 graph and the Keras
model are all calculated from it. A space builds it with `nas.network.builder`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from firmware.errors import ConfigError

Shape = tuple[int, int, int]
"""Height, width and channels of an image or an activation."""
Pair = tuple[int, int]
"""A value for rows and a value for columns."""


@dataclass(frozen=True, slots=True)
class Image:
    """The input of the network. It must be the first node, and no other.

    Attributes:
        shape: Shape of an image. Values are 0 to 1, or 0 to 255 if a `Rescaling` follows.
    """

    shape: Shape


@dataclass(frozen=True, slots=True)
class Rescaling:
    """Scales bytes to 0 to 1 inside the network. It must directly follow the image."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with zero padding: SAME of TFLite and Keras.

    Attributes:
        channels: Number of kernels, which is the number of output channels.
        kernel: Rows and columns of a kernel, odd.
        stride: Rows and columns from one window to the next.
        has_bias: Whether each channel has a bias.
    """

    channels: int
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    has_bias: bool = True


@dataclass(frozen=True, slots=True)
class DepthwiseConvolution:
    """A depthwise convolution, padded like `Convolution`.

    Attributes:
        kernel: Rows and columns of a kernel, odd.
        stride: Rows and columns from one window to the next.
        has_bias: Whether each channel has a bias.
    """

    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    has_bias: bool = True


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Batch normalisation. Directly after a convolution it is folded into the int8 weights."""


@dataclass(frozen=True, slots=True)
class Relu:
    """Replaces negative values by 0.

    Attributes:
        highest: Upper limit of the values; None if there is no limit.
    """

    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Addition:
    """The element-wise sum of two activations of the same shape."""


@dataclass(frozen=True, slots=True)
class MaxPooling:
    """The largest value of each window; incomplete windows are ignored.

    Attributes:
        size: Rows and columns of a window, and from one window to the next.
    """

    size: Pair = (2, 2)


@dataclass(frozen=True, slots=True)
class AveragePooling:
    """The mean of each window; incomplete windows are ignored.

    Attributes:
        size: Rows and columns of a window, and from one window to the next.
    """

    size: Pair = (2, 2)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of each channel over all rows and columns."""


@dataclass(frozen=True, slots=True)
class Dropout:
    """Sets random values to 0 during training.

    Attributes:
        rate: Fraction of the values, below 1.
    """

    rate: float


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer with biases. Its input has one row and one column.

    Attributes:
        channels: Number of outputs.
    """

    channels: int


@dataclass(frozen=True, slots=True)
class Softmax:
    """The probabilities of the classes. It must be the last node, and no other."""


Operation = (
    Image
    | Rescaling
    | Convolution
    | DepthwiseConvolution
    | Normalisation
    | Relu
    | Addition
    | MaxPooling
    | AveragePooling
    | Mean
    | Dropout
    | Dense
    | Softmax
)


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        operation: The operation.
        inputs: Indices of the nodes that it reads, all smaller than its own index.
    """

    operation: Operation
    inputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes in execution order: a directed acyclic graph.

    Attributes:
        nodes: From the `Image` to the `Softmax`; every node except the last has a reader.

    Raises:
        ConfigError: The nodes are not a valid network. The message lists all problems.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        problems = list(_problems(self.nodes))
        if problems:
            raise ConfigError(f"invalid network: {'; '.join(problems)}")

    @property
    def image(self) -> Shape:
        """Height, width and channels of an image."""
        first = self.nodes[0].operation
        assert isinstance(first, Image)
        return first.shape

    @property
    def has_rescaling(self) -> bool:
        """Whether the network itself scales bytes to 0 to 1."""
        return isinstance(self.nodes[1].operation, Rescaling)

    @property
    def image_scale(self) -> float:
        """The factor from a byte to an input value of the network."""
        return 1.0 if self.has_rescaling else 1 / 255

    def readers(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the indices of the nodes that read it, in rising order."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for source in dict.fromkeys(node.inputs):
                found[source].append(index)
        return tuple(map(tuple, found))


def _problems(nodes: tuple[Node, ...]) -> Iterable[str]:
    """The problems that make the nodes an invalid network."""
    if len(nodes) < 2 or not isinstance(nodes[0].operation, Image):
        yield "it does not begin with an image"
    if not nodes or not isinstance(nodes[-1].operation, Softmax):
        yield "it does not end with a softmax"
    read = {source for node in nodes for source in node.inputs}
    for index, node in enumerate(nodes):
        operation = node.operation
        name = f"node {index} ({type(operation).__name__})"
        wanted = {Image: 0, Addition: 2}.get(type(operation), 1)
        if len(node.inputs) != wanted:
            yield f"{name} reads {len(node.inputs)} nodes, expected {wanted}"
        if any(not 0 <= source < index for source in node.inputs):
            yield f"{name} reads a node that is not before it"
        if index < len(nodes) - 1 and index not in read:
            yield f"no node reads {name}"
        if isinstance(operation, Image) and index > 0:
            yield f"{name} is a second image"
        if isinstance(operation, Softmax) and index < len(nodes) - 1:
            yield f"{name} is not the last node"
        if isinstance(operation, Rescaling) and (index != 1 or node.inputs != (0,)):
            yield f"{name} does not follow the image"
        yield from _parameter_problems(operation, name)


def _parameter_problems(operation: Operation, name: str) -> Iterable[str]:
    """The invalid parameters of an operation."""
    if isinstance(operation, Image) and min(operation.shape) < 1:
        yield f"{name} has the shape {operation.shape}; all sizes must be at least 1"
    if isinstance(operation, Convolution | DepthwiseConvolution):
        if any(side < 1 or side % 2 == 0 for side in operation.kernel):
            yield f"{name} has kernels of {operation.kernel}; both sizes must be odd"
        if min(operation.stride) < 1:
            yield f"{name} has a stride of {operation.stride}; both must be at least 1"
    if isinstance(operation, MaxPooling | AveragePooling) and min(operation.size) < 1:
        yield f"{name} has windows of {operation.size}; both sizes must be at least 1"
    if isinstance(operation, Convolution | Dense) and operation.channels < 1:
        yield f"{name} has {operation.channels} channels, expected at least 1"
    if isinstance(operation, Dropout) and not 0 <= operation.rate < 1:
        yield f"{name} has a rate of {operation.rate}, expected 0 to below 1"
    if isinstance(operation, Relu) and operation.highest is not None and operation.highest <= 0:
        yield f"{name} has the upper limit {operation.highest}, expected above 0"
