"""The figures of the publications, and needs counted in the same way. Pure.

The networks of the method are those of the `paper` space on 50×50×3 images of 2 classes.

Source: tables of the method's publications (PRIME 2023, ICCE 2024, Sensors Letters 2024).
"""

import re
from dataclasses import dataclass, replace

from codegen.model.graph import Graph, Tensor
from codegen.operators import count_macc
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.structures import PUBLISHED
from nas.network.description import Shape
from nas.network.int8_graph import lower
from nas.spaces import Candidate, find_space
from nas.tensorflow.model_size import predict_model_bytes
from nas.tensorflow.names import with_tensorflow_names

SHAPE: Shape = (50, 50, 3)
CLASSES = 2


@dataclass(frozen=True, slots=True)
class PublishedNetwork:
    """A network of the published tables.

    Attributes:
        candidate: The network.
        channels: Channels of its convolutions.
        macc: Multiply-accumulates of one inference.
        weight_bytes: Weights, biases and constants of normalisation.
        peak_bytes: Largest sum of the input and output of an operator.
        ram_kib: Arena of TensorFlow Lite Micro on a PC.
        flash_kib: Size of the .tflite.
    """

    candidate: Candidate
    channels: tuple[int, ...]
    macc: int
    weight_bytes: int
    peak_bytes: int
    ram_kib: float
    flash_kib: float


PUBLISHED_NETWORKS = (
    PublishedNetwork(Candidate(k=3, c=3), (3, 6, 9, 12), 408_750, 1_904, 15_008, 20.0, 10.66),
    PublishedNetwork(Candidate(k=5, c=3), (5, 10, 15, 19), 905_528, 4_817, 20_016, 25.0, 13.95),
    PublishedNetwork(Candidate(k=5, c=4), (5, 10, 15, 19, 22), 939_392, 8_711, 20_016, 26.0, 19.73),
    PublishedNetwork(
        Candidate(k=6, c=4), (6, 12, 18, 23, 26), 1_272_562, 12_395, 22_512, 28.5, 23.65
    ),
    PublishedNetwork(
        Candidate(k=7, c=4), (7, 14, 21, 27, 31), 1_656_341, 16_976, 25_008, 31.0, 28.48
    ),
    PublishedNetwork(
        Candidate(k=8, c=4), (8, 16, 24, 30, 34), 2_073_632, 21_179, 27_504, 33.5, 32.84
    ),
    PublishedNetwork(
        Candidate(k=9, c=4), (9, 18, 27, 34, 39), 2_553_522, 27_056, 30_016, 36.0, 38.96
    ),
)


@dataclass(frozen=True, slots=True)
class HostRow:
    """A published search: one row of Table I.

    Attributes:
        host: Profile of the host, a value of `--host-memory`.
        winner: Its result; inferred, as the only candidate with exactly these needs.
        accuracy: Fraction of the test images of Visual Wake Words, int8.
        seconds: Time of the search.
    """

    host: str
    winner: Candidate
    accuracy: float
    seconds: float

    @property
    def network(self) -> PublishedNetwork:
        """The published needs of the winner."""
        return next(row for row in PUBLISHED_NETWORKS if row.candidate == self.winner)


_DAY_S = 86_400
HOST_ROWS = (
    HostRow("jetson-nano", Candidate(k=9, c=4), 0.78, 3.9 * _DAY_S),
    HostRow("rpi4", Candidate(k=8, c=4), 0.776, 1.3 * _DAY_S),
    HostRow("rpi3", Candidate(k=6, c=4), 0.766, 3.8 * _DAY_S),
    HostRow("rpi-zero2w", Candidate(k=5, c=3), 0.751, 4.6 * _DAY_S),
)
TEST_IMAGES = 8_059
"""Number of images with which the published accuracies were measured."""


@dataclass(frozen=True, slots=True)
class OtherWork:
    """A work that the publications compare with, with their figures for Visual Wake Words.

    Attributes:
        name: Name of the work.
        shape: Height, width and channels of its input.
        accuracy: Fraction of the test images.
        ram_kib: RAM of its network.
        flash_kib: Flash of its network.
        macc: Multiply-accumulates of one inference.
        time: Time of its search; empty if not published.
    """

    name: str
    shape: Shape
    accuracy: float
    ram_kib: float
    flash_kib: float
    macc: float
    time: str


OTHER_WORKS = (
    OtherWork("MCUNet", (64, 64, 3), 0.874, 168.5, 530.52, 6.0e6, "300 GPU hours"),
    OtherWork("MicroNets", (50, 50, 1), 0.768, 70.5, 273.81, 3.3e6, ""),
)


@dataclass(frozen=True, slots=True)
class Needs:
    """The needs of a network, counted as in the publications.

    Attributes:
        ram_kib: Arena of TensorFlow Lite Micro on a PC, whose pointers have 8 bytes.
        flash_kib: Size of the .tflite of the TensorFlow of that time.
        macc: Multiply-accumulates of one inference.
    """

    ram_kib: float
    flash_kib: float
    macc: int


def published_ram_bytes(graph: Graph) -> int:
    """The arena of a network, counted as in the publications."""
    return plan_tflm_arena(graph, PUBLISHED).used_bytes


def published_graph(candidate: Candidate) -> Graph:
    """The int8 graph of a network of the published tables, as TensorFlow converts it now."""
    network = find_space("paper").network(candidate, SHAPE, CLASSES)
    return with_tensorflow_names(network, lower(network))


def published_needs(candidate: Candidate) -> Needs:
    """The needs of a network of the `paper` space, counted as in the publications."""
    graph = published_graph(candidate)
    return Needs(
        published_ram_bytes(graph) / 1024,
        predict_model_bytes(with_keras_2_names(graph), any_batch=True) / 1024,
        sum(count_macc(graph, operator) for operator in graph.operators),
    )


def with_keras_2_names(graph: Graph) -> Graph:
    """The graph with the tensor names of Keras 2, which the publications used.

    Source: a model of the same layers, converted by TensorFlow 2.12.
    """
    tensors = tuple(replace(tensor, name=_keras_2_name(tensor)) for tensor in graph.tensors)
    return replace(graph, tensors=tensors)


_NORM = {"sub": "V31", "mul": "V3", "mul_1": "V32", "add_1": "V33"}


def _keras_2_name(tensor: Tensor) -> str:
    if norm := re.fullmatch(r"model_1/batch_norm_(\d+)_1/batchnorm/(\w+)", tensor.name):
        return f"model/batch_normalization{_suffix(norm[1])}/FusedBatchNorm{_NORM[norm[2]]}"
    if pool := re.fullmatch(r"model_1/pool_(\d+)_1/MaxPool2d", tensor.name):
        return f"model/max_pooling2d{_suffix(int(pool[1]) - 1)}/MaxPool"
    if conv := re.match(r"model_1/conv_(\d+)_1/(Relu)?", tensor.name):
        layer = f"model/conv2d{_suffix(conv[1])}/"
        parts = ("Relu", "BiasAdd", "BiasAdd/ReadVariableOp", "Conv2D")
        if not conv[2]:
            return layer + "Conv2D"
        if tensor.is_constant:
            return layer + "BiasAdd/ReadVariableOp"
        return ";".join(layer + part for part in parts)
    name = tensor.name.replace("/mean_1/", "/global_average_pooling2d/")
    name = name.replace("dense_1/BiasAdd", "dense/BiasAdd/ReadVariableOp")
    return name.replace("model_1/", "model/").replace("rescaling_1/", "rescaling/")


def _suffix(index: int | str) -> str:
    return f"_{index}" if int(index) else ""
