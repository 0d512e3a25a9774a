"""What the worker process can be asked to convert. Needs TensorFlow: for the worker process alone.

Each task takes its arguments as JSON holds them, reports progress, and returns what JSON can hold.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.errors import ModelError
from firmware.files import write_bytes
from nas.checkpoint import read_checkpoint
from nas.convert import REPRESENTATIVE_IMAGES, convert_int8
from nas.dataset import Dataset, open_dataset
from nas.golden import write_golden
from nas.space import Candidate
from nas.spaces import build_keras_model, find_space
from nas.splits import Split
from nas.train_tasks import training_key

Arguments = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


def convert_winner(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Convert the trained winner to int8 and measure it.

    Arguments: those of `train_winner`, and `model` (the .tflite to write).
    Returns `int8_test_accuracy`.
    """
    dataset = open_dataset(Path(arguments["dataset"]))
    checkpoint = read_checkpoint(Path(arguments["checkpoint"]), training_key(arguments))
    assert checkpoint is not None, "the winner has been trained"
    model = build_keras_model(
        arguments["space"],
        Candidate(*arguments["candidate"]),
        dataset.shape,
        len(dataset.classes),
        batch_size=1,
    )
    model.set_weights(checkpoint.best)
    report({"stage": "converting"})
    space = find_space(arguments["space"])
    graph = space.lower(Candidate(*arguments["candidate"]), dataset.shape, len(dataset.classes))
    ports = graph.tensors[graph.inputs[0]].dtype.value
    images = _representative(dataset, arguments["recipe"]["seed"])
    content = convert_int8(model, images, space.keras_scale, ports)
    report({"stage": "testing the int8 model"})
    accuracy = _int8_accuracy(content, dataset, space.keras_scale)
    write_bytes(Path(arguments["model"]), content)
    return {"int8_test_accuracy": accuracy}


def make_golden(arguments: Arguments, report: Report) -> dict[str, Any]:
    """Write the outputs that TFLite's reference kernels give for some inputs.

    Arguments: `model` (.tflite), `inputs` (.npy of (n, …)), `out` (.npz to write).
    """
    import tensorflow as tf

    model = Path(arguments["model"])
    inputs = np.load(arguments["inputs"], allow_pickle=False)
    kernels = tf.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = _interpreter(model.read_bytes(), kernels)
    outputs = []
    for done, sample in enumerate(inputs):
        outputs.append(_invoke(interpreter, sample[np.newaxis])[0])
        report({"done": done + 1, "all": len(inputs)})
    write_golden(Path(arguments["out"]), model, inputs, np.stack(outputs))
    return {}


def _representative(dataset: Dataset, seed: int) -> NDArray[np.uint8]:
    images = dataset.images(Split.TRAIN)
    count = min(REPRESENTATIVE_IMAGES, len(images))
    chosen = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return np.asarray(images[np.sort(chosen)])


def _int8_accuracy(content: bytes, dataset: Dataset, scale: float) -> float:
    """Test accuracy with TFLite's optimised int8 kernels on one thread.

    Bytes go in as they are where the input takes bytes; else they are scaled and quantized.
    """
    import tensorflow as tf

    kernels = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = _interpreter(content, kernels)
    images, labels = dataset.images(Split.TEST), dataset.labels(Split.TEST)
    table: NDArray[Any] = np.arange(256, dtype=np.uint8)
    port = interpreter.get_input_details()[0]
    if port["dtype"] is np.int8:
        step, zero_point = port["quantization"]
        levels = np.round(np.arange(256) * scale / step + zero_point)
        table = levels.clip(-128, 127).astype(np.int8)
    predicted = [_invoke(interpreter, table[image[np.newaxis]])[0].argmax() for image in images]
    return float((np.asarray(predicted) == labels).mean())


def _interpreter(content: bytes, kernels: Any) -> Any:
    import tensorflow as tf

    try:
        interpreter = tf.lite.Interpreter(
            model_content=content, experimental_op_resolver_type=kernels, num_threads=1
        )
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"TFLite refuses the model: {error}") from error
    return interpreter


def _invoke(interpreter: Any, batch: NDArray[Any]) -> NDArray[Any]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
    interpreter.invoke()
    output: NDArray[Any] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return output
