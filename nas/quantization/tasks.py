"""The tasks of a worker process that convert to int8 and run int8 models. I/O.

The arguments and the results of a task are JSON values. A task reports its progress.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.files import write_bytes
from nas.data.dataset import Dataset, open_dataset
from nas.data.splits import Split
from nas.network.description import Network
from nas.quantization.golden import write_golden
from nas.quantization.interpreter import Interpreter
from nas.quantization.own_converter import convert
from nas.quantization.quantize import MOST_INT8_DROP
from nas.quantization.tflm_rounding import with_tflm_rounding
from nas.spaces.converters import TENSORFLOW
from nas.training.checkpoint import read_checkpoint
from nas.training.tasks import network_of, training_key

CALIBRATION_IMAGES = (150, 600, 2400)
"""Numbers of calibration images: the published one, then more if int8 loses accuracy."""
Arguments = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


def convert_winner(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Convert the trained winner to int8 and evaluate it.

    Arguments: those of `train_winner`, `model` (the .tflite to write) and `converter`.
    Returns `int8_valid_accuracy`, `calibration_images`, and `int8_answers`: the predicted
    class of each test image.
    """
    dataset = open_dataset(Path(arguments["dataset"]))
    checkpoint = read_checkpoint(Path(arguments["checkpoint"]), training_key(arguments))
    assert checkpoint is not None, "the winner is trained"
    network = network_of(arguments, dataset)

    def attempt(count: int) -> tuple[float, int, bytes]:
        report({"stage": f"converting, calibrated with {count} images"})
        order = _representative(dataset, arguments["recipe"]["seed"], count)
        content = _converted(arguments["converter"], network, dataset, checkpoint.best, order)
        return _int8_accuracy(content, dataset, Split.VALID, network.image_scale), count, content

    wanted = max(checkpoint.accuracies) - MOST_INT8_DROP
    counts = calibration_counts(dataset.counts[Split.TRAIN])
    valid_accuracy, count, content = first_good(map(attempt, counts), wanted)
    report({"stage": "testing the int8 model"})
    answers = _int8_answers(content, dataset, Split.TEST, network.image_scale)
    write_bytes(Path(arguments["model"]), content)
    return {
        "int8_valid_accuracy": valid_accuracy,
        "int8_answers": answers.tolist(),
        "calibration_images": count,
    }


def calibration_counts(train_images: int) -> list[int]:
    """The numbers of calibration images to try, up to the number of training images."""
    return sorted({min(count, train_images) for count in CALIBRATION_IMAGES})


def first_good(
    attempts: Iterable[tuple[float, int, bytes]], wanted: float
) -> tuple[float, int, bytes]:
    """The first conversion that reaches an accuracy, or the best one if none does.

    Args:
        attempts: Accuracy, number of calibration images and .tflite of each conversion, which runs
            when it is iterated.
        wanted: The accuracy to reach.
    """
    made: list[tuple[float, int, bytes]] = []
    for attempt in attempts:
        made.append(attempt)
        if attempt[0] >= wanted:
            break
    return max(made, key=lambda conversion: conversion[0])


def _converted(
    converter: str,
    network: Network,
    dataset: Dataset,
    weights: list[NDArray[np.float32]],
    order: NDArray[np.int64],
) -> bytes:
    images = dataset.images(Split.TRAIN)
    parameters = np.concatenate([own.ravel() for own in weights])
    if converter != TENSORFLOW:
        return convert(network, parameters, images, order)
    from nas.tensorflow.convert import convert_int8

    return convert_int8(network, parameters, np.asarray(images[order]))


def make_golden(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Write the outputs of the reference kernels for some inputs.

    Arguments: `model` (.tflite), `inputs` (.npz of (n, …) for each input, in order), `outputs`
    (names of their arrays), `out` (.npz to write), `rounding`.
    """
    model = Path(arguments["model"])
    with np.load(arguments["inputs"], allow_pickle=False) as file:
        inputs = {name: file[name] for name in file.files}
    content, rounding = model.read_bytes(), arguments["rounding"]
    rounded = with_tflm_rounding(content) if rounding == "tflm" else content
    interpreter = Interpreter(rounded, is_reference=True)
    outputs = []
    count = min(map(len, inputs.values()))
    for index in range(count):
        outputs.append(interpreter.answers([values[index] for values in inputs.values()]))
        report({"done": index + 1, "all": count})
    arrays = dict(zip(arguments["outputs"], map(np.stack, zip(*outputs, strict=True)), strict=True))
    write_golden(Path(arguments["out"]), model, inputs | arrays, rounding)
    return {}


def _representative(dataset: Dataset, seed: int, count: int) -> NDArray[np.int64]:
    """Indices of some training images; the images stay on disk."""
    images = dataset.images(Split.TRAIN)
    chosen = np.random.default_rng(seed).choice(len(images), min(count, len(images)), replace=False)
    return np.sort(chosen).astype(np.int64)


def _int8_accuracy(content: bytes, dataset: Dataset, split: Split, scale: float) -> float:
    """Accuracy of a model on one part of the images."""
    answers = _int8_answers(content, dataset, split, scale)
    return float((answers == dataset.labels(split)).mean())


def _int8_answers(
    content: bytes, dataset: Dataset, split: Split, scale: float
) -> NDArray[np.int64]:
    """The class that a model predicts for each image of a part, shape (n,).

    A uint8 input gets the bytes of the image; else they are scaled and quantized.
    """
    interpreter = Interpreter(content, is_reference=False)
    table: NDArray[Any] = np.arange(256, dtype=np.uint8)
    if interpreter.input_type is np.int8:
        step, zero_point = interpreter.input_quantization
        levels = np.round(np.arange(256) * scale / step + zero_point)
        table = levels.clip(-128, 127).astype(np.int8)
    images = dataset.images(split)
    return np.array([interpreter.answer(table[image]).argmax() for image in images], np.int64)
