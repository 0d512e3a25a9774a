"""What the trainer refuses: arrays that are too short, and numbers that are not finite."""

import resource

import numpy as np
import pytest

from firmware.errors import ConfigError, DivergedError, HostMemoryError
from nas.network.description import Convolution
from nas.network.parameters import initial_parameters
from nas.trainer.library import Array, Source
from nas.trainer.network import TrainableNetwork
from tests.nas.trainer.test_trainer import CLASSES, batch, classified, small


def test_only_memory_that_is_too_short_is_called_so() -> None:
    """No host has 275 GB for each activation of so many images together."""
    network = classified((256, 256, 16), Convolution(16))
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 38, limits[1]))
    try:
        with pytest.raises(HostMemoryError, match="this host has too little memory"):
            TrainableNetwork(network, 65_536)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_arrays_that_are_too_short_are_refused_and_not_read_past_their_end() -> None:
    images, labels = batch((8, 8, 1), 16)
    order, rates = np.arange(16, dtype=np.int64), np.zeros(1, np.float32)
    with TrainableNetwork(small((8, 8, 1))) as network:
        state = np.zeros((3, network.parameter_count), np.float32)
        for too_short in (
            (state[:2].copy(), images, labels, order),
            (state, images, labels, order[:15]),
            (state, images[:15], labels, order),
            (state, images, labels[:15], order),
            (state, images, labels + CLASSES, order),
            (state, images, labels, order - 1),
        ):
            with pytest.raises(ConfigError, match="invalid arguments for the trainer"):
                network.train(*too_short, 0, rates, 0)
        with pytest.raises(ConfigError, match="an array is too short"):
            network.gradients(state[0], images[:15], labels[:15])
        with pytest.raises(ConfigError, match="an array is too short"):
            network.predict(state[0][:-1].copy(), images)


def test_arrays_of_another_type_or_layout_are_refused() -> None:
    images, _ = batch((8, 8, 1), 16)
    parameters = initial_parameters(small((8, 8, 1)), 0)
    with TrainableNetwork(small((8, 8, 1))) as network:
        with pytest.raises(ConfigError, match="contiguous arrays of float32, got float64"):
            network.predict(parameters.astype(np.float64), images)
        with pytest.raises(ConfigError, match="contiguous arrays of uint8"):
            network.predict(parameters, images[::2])
        with pytest.raises(ConfigError, match=r"images are of \(8, 4, 1\)"):
            network.predict(parameters, images[:, :, :4])
    with pytest.raises(ConfigError, match="the network is closed"):
        network.predict(parameters, images)


def test_what_the_library_points_into_lives_as_long_as_what_points() -> None:
    made = Source(np.zeros((2, 3), np.uint8), np.zeros(2, np.int32), np.arange(2))
    assert [array.ctypes.data for array in made.kept] == [made.images, made.labels, made.order]
    array = Array(np.zeros(5, np.float32))
    assert (array.kept.ctypes.data, array.kept.size) == (array.values, array.count)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_network_whose_numbers_are_not_finite_says_so_in_every_call(value: float) -> None:
    images, labels = batch((8, 8, 1), 16)
    order, rates = np.arange(16, dtype=np.int64), np.full(1, 1e-3, np.float32)
    with TrainableNetwork(small((8, 8, 1))) as network:
        for position in (0, network.parameter_count - 1):
            parameters = initial_parameters(small((8, 8, 1)), 0)
            parameters[position] = value
            state = np.zeros((3, len(parameters)), np.float32)
            state[0] = parameters
            with pytest.raises(DivergedError):
                network.train(state, images, labels, order, 0, rates, 0)
            for call in (network.predict, network.ranges):
                with pytest.raises(DivergedError):
                    call(parameters, images)


def test_gradients_that_are_not_finite_are_no_gradients() -> None:
    images, labels = batch((8, 8, 1), 16)
    parameters = initial_parameters(small((8, 8, 1)), 0)
    parameters[-1] = np.nan
    with TrainableNetwork(small((8, 8, 1))) as network, pytest.raises(DivergedError):
        network.gradients(parameters, images, labels)
