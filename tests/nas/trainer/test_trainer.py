"""The trainer in C, against Keras and against itself."""

import ctypes
import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas.host.worker import Worker
from nas.network.builder import NetworkBuilder
from nas.network.description import (
    AveragePooling,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    MaxPooling,
    Mean,
    Network,
    Normalisation,
    Operation,
    Relu,
    Shape,
    Softmax,
)
from nas.network.parameters import initial_parameters, split_parameters
from nas.network.shapes import output_shapes, parameter_count
from nas.spaces import Candidate, find_space
from nas.trainer import library
from nas.trainer.library import NetworkStatus
from nas.trainer.measure import measure
from nas.trainer.network import Augmentation, TrainableNetwork
from nas.trainer.program import LANES, NetworkRow, NodeKind
from tests.conftest import TENSORFLOW_GROUP
from tests.nas.random_networks import random_network
from tests.networks import CELL_SPACES

CLASSES = 4


def chain(shape: Shape, *operations: Operation) -> Network:
    """A network without a branch, and the softmax."""
    build = NetworkBuilder(shape)
    for source, operation in enumerate((*operations, Softmax())):
        build.append(operation, source)
    return Network(tuple(build._nodes))


def small(shape: Shape) -> Network:
    return chain(shape, Convolution(3), Relu(), Mean(), Dense(CLASSES))


def classified(shape: Shape, *operations: Operation) -> Network:
    """Some operations, one after the other, before the classifier."""
    return chain(shape, *operations, Mean(), Dense(CLASSES))


def batch(shape: Shape, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *shape)).astype(np.uint8)
    return images, rng.integers(0, CLASSES, count).astype(np.int32)


def without_dropout(network: Network) -> Network:
    nodes = (
        replace(node, operation=Dropout(0.0)) if isinstance(node.operation, Dropout) else node
        for node in network.nodes
    )
    return Network(tuple(nodes))


def rounding(network: Network) -> float:
    """Relative error that a network's values may have in float32.

    A sum of n products has an error of about √n · u with random rounding, u = 2^-24; the errors of
    layers that follow each other add up. The longest sums are those of a convolution's output, and
    of a channel over the pixels of an image.

    Source: Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, 2019.
    """
    layers = (Convolution, DepthwiseConvolution, Dense, Mean, Normalisation)
    shapes = output_shapes(network)
    terms, count = 1, 0
    for node in network.nodes:
        if isinstance(node.operation, layers):
            height, width, channels = shapes[node.inputs[0]]
            kernel = getattr(node.operation, "kernel", (1, 1))
            terms = max(terms, height * width, channels * kernel[0] * kernel[1])
            count += 1
    return float(count * np.sqrt(terms) * 2**-24)


def check_against_keras(
    network: Network, folder: Path, worker: Worker, logits_factor: float = 1.0
) -> None:
    """Loss, gradients, probabilities and moving means of a batch are exact but for rounding."""
    images, labels = batch(network.image, 32)
    rng = np.random.default_rng(1)
    parameters = initial_parameters(network, 0)
    parameters += rng.uniform(0, 0.2, parameters.shape).astype(np.float32)
    split_parameters(parameters, network)[-2][0][:] *= logits_factor
    files = {name: str(folder / name) for name in ("network", "batch.npz", "out.npz")}
    Path(files["network"]).write_bytes(pickle.dumps(network))
    np.savez(files["batch.npz"], images=images, labels=labels, parameters=parameters)
    arguments = {name.removesuffix(".npz"): path for name, path in files.items()}
    worker.call("tests.nas.keras_oracle:gradients", arguments)
    with np.load(files["out.npz"]) as expected, TrainableNetwork(network, 32) as trained:
        probabilities = trained.predict(parameters, images)
        error = rounding(network)
        np.testing.assert_allclose(probabilities, expected["probabilities"], rtol=0, atol=error)
        loss, gradients = trained.gradients(parameters, images, labels)
        assert loss == pytest.approx(float(expected["loss"]), rel=error)
        scale = np.abs(expected["gradients"]).max()
        np.testing.assert_allclose(gradients, expected["gradients"], rtol=0, atol=error * scale)
        # The moving means and variances have moved as Keras's have.
        np.testing.assert_allclose(parameters, expected["after"], rtol=error, atol=error)


@TENSORFLOW_GROUP
@pytest.mark.parametrize("space", CELL_SPACES)
@pytest.mark.parametrize(
    ("candidate", "shape"),
    [
        (Candidate(k=3, c=2), (21, 17, 3)),
        (Candidate(k=7, c=3), (16, 16, 1)),
        (Candidate(k=1, c=0), (5, 9, 2)),
        (Candidate(k=13, c=1), (10, 10, 3)),
    ],
    ids=str,
)
def test_losses_gradients_and_probabilities_of_each_space_are_those_of_keras(
    tmp_path: Path, tensorflow_worker: Worker, space: str, candidate: Candidate, shape: Shape
) -> None:
    network = find_space(space).network(candidate, shape, CLASSES)
    check_against_keras(without_dropout(network), tmp_path, tensorflow_worker)


@TENSORFLOW_GROUP
@pytest.mark.parametrize("seed", range(16))
def test_losses_gradients_and_probabilities_of_any_graph_are_those_of_keras(
    tmp_path: Path, tensorflow_worker: Worker, seed: int
) -> None:
    # Nothing keeps what a graph gives near 1; losses of probabilities near 0 are cut off.
    check_against_keras(
        random_network(seed, CLASSES), tmp_path, tensorflow_worker, logits_factor=0.1
    )


def test_a_batch_in_parts_has_the_gradients_of_the_whole() -> None:
    images, labels = batch((9, 9, 3), 32)
    order = np.arange(32, dtype=np.int64)
    rates = np.array([1e-2], np.float32)
    states = []
    for part, accumulated in ((32, 1), (16, 2)):
        with TrainableNetwork(small((9, 9, 3)), part) as network:
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(small((9, 9, 3)), 0)
            network.train(state, images, labels, order, 0, rates, 0, accumulated)
            states.append(state)
    np.testing.assert_allclose(*states, atol=1e-6)


def test_training_learns_and_repeats_to_the_bit() -> None:
    images, labels = batch((8, 8, 1), 64)
    images //= 8
    images += (labels * 50).astype(np.uint8)[:, None, None, None]
    rates = np.full(200, 3e-2, np.float32)
    order = np.resize(np.arange(64, dtype=np.int64), 200 * 16)
    states = []
    with TrainableNetwork(small((8, 8, 1))) as network:
        for _ in range(2):
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(network.network, 0)
            augmentation = Augmentation(smoothing=0.05, flip=0.5, shift=1)
            network.train(state, images, labels, order, 0, rates, 7, 1, augmentation)
            states.append(state)
        accuracy = (network.predict(states[0][0], images).argmax(1) == labels).mean()
    assert accuracy > 0.9
    np.testing.assert_array_equal(*states)


@pytest.mark.parametrize(
    "network",
    [
        *(
            find_space(name).network(Candidate(k=5, c=2), (15, 11, 3), CLASSES)
            for name in CELL_SPACES
        ),
        random_network(1, CLASSES),
        random_network(2, CLASSES),
    ],
    ids=[*CELL_SPACES, "graph 1", "graph 2"],
)
def test_the_number_of_threads_changes_no_bit(network: Network) -> None:
    images, labels = batch(network.image, 192)
    order, rates = np.arange(192, dtype=np.int64), np.full(4, 1e-2, np.float32)
    states = []
    for threads in (1, 2, 3, 50):
        with TrainableNetwork(network, 48, threads) as trained:
            state = np.zeros((3, trained.parameter_count), np.float32)
            state[0] = initial_parameters(network, 0)
            loss = trained.train(state, images, labels, order, 0, rates, 3)
            states.append((loss, state, trained.predict(state[0], images)))
    for loss, state, probabilities in states[1:]:
        assert loss == states[0][0]
        np.testing.assert_array_equal(state, states[0][1])
        np.testing.assert_array_equal(probabilities, states[0][2])


def test_moving_means_of_a_short_training_have_left_their_first_values() -> None:
    """0.1 of the first value are left after one step, 2/11 of that after two, 3/12 after three."""
    images, labels = np.full((48, 4, 4, 1), 51, np.uint8), np.zeros(48, np.int32)
    with TrainableNetwork(classified((4, 4, 1), Normalisation())) as network:
        state = np.zeros((3, network.parameter_count), np.float32)
        state[0] = initial_parameters(network.network, 0)
        order, rates = np.arange(48, dtype=np.int64), np.zeros(3, np.float32)
        network.train(state, images, labels, order, 0, rates, 0)
    left = 0.1 * (2 / 11) * (3 / 12)
    assert state[0][2] == pytest.approx(51 / 255 * (1 - left), rel=1e-5)
    assert state[0][3] == pytest.approx(left, rel=1e-4), "the variance is 0, and was 1"


def test_images_are_mirrored_as_often_as_asked() -> None:
    """Pooling leaves out the last of three columns: only a mirrored image shows what is there."""
    described = classified((2, 3, 1), MaxPooling(), Normalisation())
    images, labels = np.zeros((160, 2, 3, 1), np.uint8), np.zeros(160, np.int32)
    images[:, :, 2] = 255
    shares = []
    for flip in (0.0, 0.5, 1.0):
        with TrainableNetwork(described, 160) as network:
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(described, 0)
            order, rates = np.arange(160, dtype=np.int64), np.zeros(1, np.float32)
            network.train(state, images, labels, order, 0, rates, 0, 1, Augmentation(flip=flip))
            shares.append(float(state[0][2]) / 0.9)  # a tenth of the first moving mean is left
    assert shares[0] == 0
    assert 0.35 < shares[1] < 0.65
    assert shares[2] == pytest.approx(1, rel=1e-6)


def test_the_gradient_of_a_window_of_equal_pixels_goes_to_one_of_them() -> None:
    """Then it is that of their mean: all of them show the same."""
    images, labels = np.full((16, 6, 6, 2), 100, np.uint8), batch((6, 6, 2), 16)[1]
    for size in ((2, 2), (3, 3), (2, 3)):
        found = []
        for pooling in (MaxPooling(size), AveragePooling(size)):
            network = classified((6, 6, 2), Convolution(3, (1, 1)), pooling)
            with TrainableNetwork(network) as trained:
                found.append(trained.gradients(initial_parameters(network, 0), images, labels)[1])
        np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-6)


def test_the_last_images_of_an_odd_number_are_predicted_too() -> None:
    images, _ = batch((8, 8, 3), 37)
    network = small((8, 8, 3))
    parameters = initial_parameters(network, 0)
    with TrainableNetwork(network, 32) as wide, TrainableNetwork(network) as narrow:
        whole = wide.predict(parameters, images)
        alone = [narrow.predict(parameters, images[i : i + 1])[0] for i in range(37)]
    np.testing.assert_array_equal(whole, np.stack(alone))
    np.testing.assert_allclose(whole.sum(axis=1), 1, rtol=1e-6)


def test_ranges_are_those_of_what_each_node_gives() -> None:
    """A bias apart, a convolution of 1×1 with one weight multiplies; a ReLU6 cuts."""
    network = chain(
        (2, 3, 1), Convolution(1, (1, 1)), Relu(6.0), AveragePooling((2, 1)), Mean(), Dense(2)
    )
    images = np.array([[0, 51, 102], [153, 204, 255]], np.uint8).reshape(1, 2, 3, 1)
    parameters = np.array([10, -1, 1, -1, 0, 0.5], np.float32)
    with TrainableNetwork(network) as trained:
        ranges = trained.ranges(parameters, images)
    assert list(ranges) == [1, 2, 3, 4, 5]
    expected = [[[-1, 9]], [[0, 6]], [[2.5, 4.5]], [[3.5, 3.5]]]
    for index, pair in enumerate(expected, start=1):
        np.testing.assert_allclose(ranges[index], pair, rtol=1e-5)
    np.testing.assert_allclose(ranges[5], [[3.5, 3.5], [-3, -3]], rtol=1e-5)


def test_the_memory_of_a_network_is_known_before_it_is_made() -> None:
    images = 50 * 50 * 3 * 16 * 4
    network = small((50, 50, 3))
    assert images < measure(network, 16).size_bytes < 8 * images
    for seed in range(20):
        network = random_network(seed, CLASSES, nodes=30)
        for part in (16, 48):
            with TrainableNetwork(network, part) as trained:
                assert trained.size_bytes == measure(network, part).size_bytes
                assert trained.parameter_count == parameter_count(network)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (
            classified((300, 300, 1), Convolution(3, (257, 1))),
            r"^node 1 \(Convolution\) has a number that the trainer does not support: kernels must",
        ),
        (
            classified((9, 9, 1), Relu(), Convolution(3, (3, 3), (1, 256))),
            r"^node 2 \(Convolution\) has a number",
        ),
        (classified((9, 9, 20_000), Relu()), r"^node 0 \(Image\) is too large"),
        (classified((9, 9, 1), Convolution(20_000)), r"^node 1 \(Convolution\) is too large"),
        (chain((9, 9, 1), Convolution(2)), r"^node 1 \(Convolution\) has more than one row"),
        (chain((9, 9, 2), Mean()), "the network has no parameters to train"),
    ],
)
def test_networks_that_the_trainer_does_not_know_are_refused(network: Network, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        TrainableNetwork(network)


def test_an_image_that_is_read_with_and_without_its_rescaling_is_refused() -> None:
    build = NetworkBuilder((4, 4, 1))
    with pytest.raises(ConfigError, match=r"^node 2 \(Addition\) reads the image without its"):
        TrainableNetwork(build.classify(build.add(build.rescale(), build.image), CLASSES))


def test_images_are_scaled_alike_with_and_without_a_rescaling() -> None:
    images, _ = batch((5, 5, 2), 16)
    answers = []
    for has_rescaling in (False, True):
        build = NetworkBuilder((5, 5, 2))
        x = build.rescale() if has_rescaling else build.image
        network = build.classify(build.convolution(x, 3), CLASSES)
        with TrainableNetwork(network) as trained:
            answers.append(trained.predict(initial_parameters(network, 0), images))
    np.testing.assert_array_equal(*answers)


def test_numbers_that_python_and_c_share_are_the_same() -> None:
    trainer = library.load_library()
    assert trainer.network_lanes() == LANES
    assert trainer.network_row_bytes() == ctypes.sizeof(NetworkRow)
    assert {kind.name: trainer.network_kind(kind.name.encode()) for kind in NodeKind} == dict(
        NodeKind.__members__
    )
    header = Path(library.__file__).with_name("network.h").read_text()
    assert re.findall(r"^    NETWORK_(\w+),", header, re.MULTILINE) == [
        own.name for own in NetworkStatus
    ]
    nodes = Path(library.__file__).with_name("nodes.h").read_text()
    kinds = re.search(r"enum node_kind {(.*?)};", nodes, re.DOTALL)
    assert kinds is not None
    assert re.findall(r"^    ([A-Z_]+)(?: = 1)?,", kinds[1], re.MULTILINE) == [
        k.name for k in NodeKind
    ]
    fields = re.search(r"typedef struct {([^}]*)} network_row;", header)
    assert fields is not None
    names = re.findall(r"^    \w+ (\w+)", fields[1], re.MULTILINE)
    assert names == [name for name, _ in NetworkRow._fields_]
