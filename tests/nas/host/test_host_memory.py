from pathlib import Path

import numpy as np
import pytest

from firmware.errors import ConfigError
from nas.data.dataset import Dataset
from nas.host.host_memory import MIB, PROFILES, parse_host_memory
from nas.host.worker import Worker
from nas.network.description import Shape
from nas.spaces import Candidate, find_space
from nas.spaces.blocks import IDENTITIES, Stage
from nas.spaces.templates import Template
from nas.trainer.network import TrainableNetwork
from nas.training.memory import training_bytes, winner_bytes
from tests.networks import CELL_SPACES


@pytest.mark.parametrize("space", CELL_SPACES)
@pytest.mark.parametrize("part", [16, 32, 128])
@pytest.mark.parametrize(
    ("candidate", "shape"),
    [
        (Candidate(k=1, c=0), (8, 8, 1)),
        (Candidate(k=7, c=3), (50, 50, 3)),
        (Candidate(k=12, c=1), (17, 9, 2)),
    ],
)
def test_the_memory_of_a_network_is_predicted_to_the_byte(
    space: str, part: int, candidate: Candidate, shape: Shape
) -> None:
    network = find_space(space).network(candidate, shape, 3)
    with TrainableNetwork(network, part) as trained:
        beyond = training_bytes(network, part, 1000, 0) - trained.size_bytes
        assert beyond == 3 * 4 * trained.parameter_count + 32_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512MiB", 512 * MIB),
        ("512 MiB", 512 * MIB),
        ("1.5GiB", 1536 * MIB),
        ("400MB", 400_000_000),
        ("12345", 12345),
    ],
)
def test_sizes_are_read_with_their_units(text: str, expected: int) -> None:
    assert parse_host_memory(text) == expected


def test_hosts_leave_a_part_of_their_memory_to_the_system() -> None:
    for name, mebibytes in PROFILES.items():
        assert 0.5 * mebibytes * MIB < parse_host_memory(name) < 0.9 * mebibytes * MIB


def test_what_is_there_is_found_out() -> None:
    assert 10 * MIB < parse_host_memory("auto") < 1 << 50


@pytest.mark.parametrize("text", ["", "much", "12 bananas", "-3MiB", "rpi9"])
def test_anything_else_is_refused_with_what_is_possible(text: str) -> None:
    with pytest.raises(ConfigError, match="rpi-zero2w"):
        parse_host_memory(text)


INVERTED = Template((Stage(3, 2, 5, 6, 1), Stage(2, 4, 3, 4, 2)), IDENTITIES, last=6)


@pytest.mark.parametrize(
    ("space", "candidate", "average"),
    [
        pytest.param("folded", Candidate(k=8, c=1), 0.0, id="few weights"),
        pytest.param("folded", Candidate(k=64, c=2), 0.0, id="many weights"),
        pytest.param("folded", Candidate(k=64, c=2), 0.5, id="many weights and their average"),
        pytest.param("residual", INVERTED.candidate(24), 0.0, id="many activations"),
    ],
)
def test_training_and_conversion_take_what_was_predicted(
    small_dataset: Dataset, tmp_path: Path, space: str, candidate: Candidate, average: float
) -> None:
    network = find_space(space).network(candidate, small_dataset.shape, 2)
    recipe = {"epochs": 3, "batch_size": 16, "learning_rate": 1e-3, "seed": 0}
    arguments = {"dataset": str(small_dataset.folder), "space": space, "recipe": recipe}
    arguments |= {"candidate": candidate.as_record(), "converter": "own"}
    files = {"checkpoint": str(tmp_path / "winner.npz"), "model": str(tmp_path / "model.tflite")}
    with Worker() as worker:
        base_bytes = worker.call("nas.training.tasks:probe", {})["anonymous_bytes"]
        trained = worker.run("nas.training.tasks:train_candidate", arguments)
        arguments["recipe"] = recipe | {"average": average}
        winner = worker.run("nas.training.tasks:train_winner", arguments | files)
        converted = worker.run("nas.quantization.tasks:convert_winner", arguments | files)
    inputs = tmp_path / "inputs.npz"
    np.savez(inputs, inputs=np.zeros((4, *small_dataset.shape), np.int8))
    wanted = {"model": files["model"], "inputs": str(inputs), "out": str(tmp_path / "golden.npz")}
    wanted |= {"outputs": ["outputs"]}
    with Worker() as worker:
        golden = worker.run("nas.quantization.tasks:make_golden", wanted | {"rounding": "tflm"})
    facts = network, 16, small_dataset.counts["train"], base_bytes
    assert training_bytes(*facts) == pytest.approx(trained.peak_anonymous_bytes, abs=500_000)
    assert converted.error is golden.error is None
    peak_bytes = max(own.peak_anonymous_bytes for own in (winner, converted, golden))
    predicted_bytes = winner_bytes(*facts, is_averaged=average > 0)
    assert 0.8 * predicted_bytes < peak_bytes <= predicted_bytes
