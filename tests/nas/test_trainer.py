"""The trainer in C, against Keras and against itself."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas import host_memory
from nas.layers import LANES, Kind, Layer, initial_parameters, parameter_shapes, split_parameters
from nas.network.description import Shape
from nas.spaces import Candidate, find_space, known_spaces
from nas.trainer import library
from nas.trainer.library import Status
from nas.trainer.network import Augmentation, Network, _row
from nas.worker import Worker

CLASSES = 4
SMALL = (
    Layer(Kind.CONVOLUTION, 3, 3),
    Layer(Kind.RELU),
    Layer(Kind.MEAN),
    Layer(Kind.DENSE, CLASSES),
)


def batch(shape: Shape, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *shape)).astype(np.uint8)
    return images, rng.integers(0, CLASSES, count).astype(np.int32)


def without_dropout(layers: list[Layer]) -> list[Layer]:
    return [replace(layer, rate=0.0) for layer in layers]


@pytest.mark.parametrize("space", known_spaces())
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
def test_losses_gradients_and_probabilities_are_those_of_keras(
    tmp_path: Path, worker: Worker, space: str, candidate: Candidate, shape: Shape
) -> None:
    definition = find_space(space)
    layers = without_dropout(definition.layers(candidate, shape, CLASSES))
    images, labels = batch(shape, 32)
    rng = np.random.default_rng(1)
    parameters = initial_parameters(layers, shape[2], 0)
    parameters += rng.uniform(0, 0.2, parameters.shape).astype(np.float32)
    files = {name: str(tmp_path / f"{name}.npz") for name in ("batch", "out")}
    np.savez(files["batch"], images=images, labels=labels, parameters=parameters)
    arguments = {"space": space, "candidate": candidate.as_record(), **files}
    worker.call("tests.nas.worker_tasks:keras_gradients", arguments)
    with np.load(files["out"]) as expected, Network(layers, shape, 32) as network:
        probabilities = network.predict(parameters, images)
        np.testing.assert_allclose(probabilities, expected["probabilities"], atol=2e-5)
        loss, gradients = network.gradients(parameters, images, labels)
        assert loss == pytest.approx(float(expected["loss"]), rel=1e-5)
        # Where two pixels are nearly equal, rounding decides which of them is the largest.
        scale = np.abs(expected["gradients"]).max()
        np.testing.assert_allclose(gradients, expected["gradients"], atol=5e-3 * scale)
        assert np.median(np.abs(gradients - expected["gradients"])) < 2e-4 * scale
        # The moving means and variances have moved as Keras's have.
        np.testing.assert_allclose(parameters, expected["after"], atol=1e-5)


def test_a_batch_in_parts_has_the_gradients_of_the_whole() -> None:
    images, labels = batch((9, 9, 3), 32)
    order = np.arange(32, dtype=np.int64)
    rates = np.array([1e-2], np.float32)
    states = []
    for part, accumulated in ((32, 1), (16, 2)):
        with Network(SMALL, (9, 9, 3), part) as network:
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(SMALL, 3, 0)
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
    with Network(SMALL, (8, 8, 1)) as network:
        for _ in range(2):
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(SMALL, 1, 0)
            augmentation = Augmentation(smoothing=0.05, flip=0.5, shift=1)
            network.train(state, images, labels, order, 0, rates, 7, 1, augmentation)
            states.append(state)
        accuracy = (network.predict(states[0][0], images).argmax(1) == labels).mean()
    assert accuracy > 0.9
    np.testing.assert_array_equal(*states)


@pytest.mark.parametrize("space", known_spaces())
def test_the_number_of_threads_changes_no_bit(space: str) -> None:
    images, labels = batch((15, 11, 3), 192)
    layers = find_space(space).layers(Candidate(k=5, c=2), (15, 11, 3), CLASSES)
    order, rates = np.arange(192, dtype=np.int64), np.full(4, 1e-2, np.float32)
    states = []
    for threads in (1, 2, 3, 50):
        with Network(layers, (15, 11, 3), 48, threads=threads) as network:
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(layers, 3, 0)
            loss = network.train(state, images, labels, order, 0, rates, 3)
            states.append((loss, state, network.predict(state[0], images)))
    for loss, state, probabilities in states[1:]:
        assert loss == states[0][0]
        np.testing.assert_array_equal(state, states[0][1])
        np.testing.assert_array_equal(probabilities, states[0][2])


def test_moving_means_of_a_short_training_have_left_their_first_values() -> None:
    """0.1 of the first value are left after one step, 2/11 of that after two, 3/12 after three."""
    layers = [Layer(Kind.BATCH_NORM), Layer(Kind.MEAN), Layer(Kind.DENSE, CLASSES)]
    images, labels = np.full((48, 4, 4, 1), 51, np.uint8), np.zeros(48, np.int32)
    with Network(layers, (4, 4, 1)) as network:
        state = np.zeros((3, network.parameter_count), np.float32)
        state[0] = initial_parameters(layers, 1, 0)
        order, rates = np.arange(48, dtype=np.int64), np.zeros(3, np.float32)
        network.train(state, images, labels, order, 0, rates, 0)
    left = 0.1 * (2 / 11) * (3 / 12)
    assert state[0][2] == pytest.approx(51 / 255 * (1 - left), rel=1e-5)
    assert state[0][3] == pytest.approx(left, rel=1e-4), "the variance is 0, and was 1"


def test_images_are_mirrored_as_often_as_asked() -> None:
    """Pooling leaves out the last of three columns: only a mirrored image shows what is there."""
    layers = [
        Layer(Kind.MAX_POOL),
        Layer(Kind.BATCH_NORM),
        Layer(Kind.MEAN),
        Layer(Kind.DENSE, CLASSES),
    ]
    images, labels = np.zeros((160, 2, 3, 1), np.uint8), np.zeros(160, np.int32)
    images[:, :, 2] = 255
    shares = []
    for flip in (0.0, 0.5, 1.0):
        with Network(layers, (2, 3, 1), 160) as network:
            state = np.zeros((3, network.parameter_count), np.float32)
            state[0] = initial_parameters(layers, 1, 0)
            order, rates = np.arange(160, dtype=np.int64), np.zeros(1, np.float32)
            network.train(state, images, labels, order, 0, rates, 0, 1, Augmentation(flip=flip))
            shares.append(float(state[0][2]) / 0.9)  # a tenth of the first moving mean is left
    assert shares[0] == 0
    assert 0.35 < shares[1] < 0.65
    assert shares[2] == pytest.approx(1, rel=1e-6)


def test_the_last_images_of_an_odd_number_are_predicted_too() -> None:
    images, _ = batch((8, 8, 3), 37)
    parameters = initial_parameters(SMALL, 3, 0)
    with Network(SMALL, (8, 8, 3), 32) as wide, Network(SMALL, (8, 8, 3)) as narrow:
        whole = wide.predict(parameters, images)
        alone = [narrow.predict(parameters, images[i : i + 1])[0] for i in range(37)]
    np.testing.assert_array_equal(whole, np.stack(alone))
    np.testing.assert_allclose(whole.sum(axis=1), 1, rtol=1e-6)


def test_the_memory_of_a_network_is_known() -> None:
    with Network(SMALL, (50, 50, 3)) as small, Network(SMALL, (50, 50, 3), 128) as large:
        images = 50 * 50 * 3 * 16 * 4
        assert images < small.size_bytes < 8 * images
        assert 7 * small.size_bytes < large.size_bytes < 8 * small.size_bytes


@pytest.mark.parametrize(
    "layers",
    [
        [Layer(Kind.CONVOLUTION, 3, 3)],
        [Layer(Kind.DENSE, 2)],
        [Layer(Kind.MAX_POOL), Layer(Kind.MAX_POOL), Layer(Kind.MEAN), Layer(Kind.DENSE, 2)],
        [Layer(Kind.CONVOLUTION, 0, 3), Layer(Kind.MEAN), Layer(Kind.DENSE, 2)],
    ],
)
def test_layers_that_make_no_network_are_refused(layers: list[Layer]) -> None:
    with pytest.raises(ConfigError, match="no network can be made"):
        Network(layers, (3, 3, 1))


def test_a_convolution_with_one_kernel_is_no_depthwise_one() -> None:
    """Glorot's limit is sqrt(6 / (taps * (inputs + outputs))); a depthwise output has one input."""
    for layer, limit in (
        (Layer(Kind.CONVOLUTION, 1, 3, has_bias=False), np.sqrt(6 / (9 * (64 + 1)))),
        (Layer(Kind.DEPTHWISE, size=3, has_bias=False), np.sqrt(6 / (9 * (1 + 1)))),
    ):
        weights = initial_parameters([layer], 64, 0)
        assert 0.95 * limit < np.abs(weights).max() <= limit


def test_numbers_that_python_and_c_share_are_the_same() -> None:
    trainer = library.load_library()
    assert trainer.network_lanes() == LANES
    assert trainer.network_alignment() == host_memory._ALIGNMENT
    assert {kind.name: trainer.network_layer_kind(kind.name.encode()) for kind in Kind} == dict(
        Kind.__members__
    )
    assert trainer.network_row_fields() == len(_row(Layer(Kind.RELU)))
    header = Path(library.__file__).with_name("network.h").read_text()
    assert re.findall(r"^    NETWORK_(\w+),", header, re.MULTILINE) == [own.name for own in Status]
    layers = Path(library.__file__).with_name("layers.h").read_text()
    kinds = re.search(r"enum layer_kind {(.*?)};", layers, re.DOTALL)
    assert kinds is not None
    assert re.findall(r"^    ([A-Z_]+)(?: = 1)?,", kinds[1], re.MULTILINE) == [k.name for k in Kind]


def test_parameters_are_split_into_their_shapes() -> None:
    layers = [
        Layer(Kind.BATCH_NORM),
        Layer(Kind.DEPTHWISE, size=3, has_bias=False),
        Layer(Kind.CONVOLUTION, 5, 1),
        Layer(Kind.MEAN),
        Layer(Kind.DENSE, 2),
    ]
    shapes = [(4,)] * 4 + [(3, 3, 4, 1), (1, 1, 4, 5), (5,), (5, 2), (2,)]
    assert parameter_shapes(layers, 4) == shapes
    parts = split_parameters(initial_parameters(layers, 4, 0), layers, 4)
    assert [part.shape for part in parts] == shapes
    assert np.all(parts[0] == 1)
    assert not parts[6].any()
    assert 0.3 < np.abs(parts[4]).max() <= np.sqrt(6 / 18)
