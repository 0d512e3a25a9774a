"""The networks of MLPerf Tiny with random weights, converted to int8, and what they must answer.

Layers and shapes are those of the benchmark's public descriptions; weights are random,
because what is tested are operators, shapes and memory, not accuracy.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("keyword_spotting", "visual_wake_words", "anomaly_detection")
SAMPLES = 3


def _keyword_spotting(layers: Any) -> Any:
    """DS-CNN on 49x10 features: 64 channels, four depthwise-separable blocks, 12 words."""
    image = layers.Input((49, 10, 1), batch_size=1)
    x = layers.Conv2D(64, (10, 4), strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for _ in range(4):
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(64, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.AveragePooling2D((25, 5))(x))
    return image, layers.Dense(12, activation="softmax")(x)


def _visual_wake_words(layers: Any) -> Any:
    """MobileNetV1 of width 0.25 on 96x96 colours, 2 classes."""
    image = layers.Input((96, 96, 3), batch_size=1)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    widths = (16, 32, 32, 64, 64, *(128,) * 6, 256, 256)
    halving = {1, 3, 5, 11}
    for index, width in enumerate(widths):
        stride = 2 if index in halving else 1
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.Conv2D(width, 1, use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.AveragePooling2D((3, 3))(x))
    return image, layers.Dense(2, activation="softmax")(x)


def _anomaly_detection(layers: Any) -> Any:
    """An autoencoder of 640 values: 128 four times, 8, 128 four times, 640."""
    values = layers.Input((640,), batch_size=1)
    x = values
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(width)(x)))
    return values, layers.Dense(640)(x)


def write(arguments: dict[str, Any], _: object) -> dict[str, Any]:
    """Writes the network `name` to `folder`; a task of a worker. Needs TensorFlow.

    The files are NAME.tflite, and NAME.npz with `inputs` and `outputs` of the reference kernels.
    """
    import keras
    import tensorflow as tf

    folder, name = Path(arguments["folder"]), arguments["name"]
    rng = np.random.default_rng(0)
    source, output = globals()[f"_{name}"](keras.layers)
    model = keras.Model(source, output)
    for variable in model.variables:
        if variable.path.endswith(("gamma", "moving_variance")):
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.path.endswith(("beta", "moving_mean", "bias")):
            variable.assign(rng.normal(0, 0.2, variable.shape))
    inputs = rng.random((8, *source.shape[1:])).astype(np.float32)

    def representative() -> Iterator[list[np.ndarray]]:
        for sample in inputs:
            yield [sample[np.newaxis]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    content = converter.convert()
    (folder / f"{name}.tflite").write_bytes(content)
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    given = rng.integers(-128, 128, (SAMPLES, *source.shape[1:])).astype(np.int8)
    wanted = []
    for sample in given:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], sample[np.newaxis])
        interpreter.invoke()
        wanted.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    np.savez(folder / f"{name}.npz", inputs=given, outputs=np.stack(wanted))
    return {}
