from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nas.data.array_samples import ArraySamples
from nas.data.data_source import find_data
from nas.data.dataset import Dataset, prepare_dataset
from nas.data.sample import DataSource
from nas.host.worker import TRAINING, Worker
from nas.network.description import Shape
from nas.trainer.library import load_library


@pytest.fixture(scope="session", autouse=True)
def _trainer() -> None:
    """The trainer is compiled before anything asks for it."""
    load_library(print)


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """One worker for all tests, without TensorFlow."""
    with Worker(TRAINING) as worker:
        yield worker


def stripes(shape: Shape, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images, brighter at the top (class 0) or at the bottom (class 1); 0 to 255."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.integers(0, 156, (count, *shape))
    half = shape[0] // 2
    for image, label in zip(images, labels, strict=True):
        image[half:] += 100 * label
        image[:half] += 100 * (1 - label)
    return images.astype(np.uint8), labels


def stripes_source(shape: Shape, count: int = 120) -> DataSource:
    """The images as a source, each in memory."""
    images, labels = stripes(shape, count)
    samples = ArraySamples("stripes", images.__getitem__, labels, 1, None)
    return DataSource("stripes", "0" * 64, shape, samples)


def stripes_dataset(folder: Path, shape: Shape, count: int = 120) -> Dataset:
    images, labels = stripes(shape, count)
    np.savez(folder / "stripes.npz", images=images, labels=labels)
    source = find_data(str(folder / "stripes.npz"))
    return prepare_dataset(source, shape, False, folder / "cache", lambda *_: None)


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return stripes_dataset(tmp_path_factory.mktemp("small"), (8, 8, 1))


@pytest.fixture(scope="session")
def photo_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return stripes_dataset(tmp_path_factory.mktemp("photos"), (50, 50, 3))
