"""The published way to train a candidate: Keras, JPEG files decoded in every epoch. For comparison.

    python -m benchmarks.published_pipeline FOLDER K C EPOCHS

FOLDER holds a folder of JPEG files for each class. Prints JSON: images per second over all epochs,
seconds, and most anonymous memory. Described from the papers; see `benchmarks.throughput`.
"""

import json
import os
import sys
import time
from pathlib import Path

SIDE, BATCH = 50, 16


def main() -> int:
    """Train one candidate; gives the exit code."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import keras
    import tensorflow as tf

    from nas.host.process_memory import anonymous_bytes
    from nas.spaces import Candidate, find_space
    from nas.tensorflow.keras_model import build_keras_model

    folder, k, c, epochs = sys.argv[1], *map(int, sys.argv[2:5])
    images = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIDE, SIDE), batch_size=BATCH, seed=0, verbose=False
    ).prefetch(tf.data.AUTOTUNE)
    classes = len(images_classes(folder))
    model = build_keras_model(
        find_space("paper").network(Candidate(k=k, c=c), (SIDE, SIDE, 3), classes)
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    first = time.monotonic()
    model.fit(images, epochs=epochs, verbose=0)
    seconds = time.monotonic() - first
    count = sum(1 for _ in Path(folder).rglob("*.jpg"))
    record = {
        "images_per_second": count * epochs / seconds,
        "seconds": seconds,
        "anonymous_bytes": anonymous_bytes(os.getpid()),
    }
    print(json.dumps(record))
    return 0


def images_classes(folder: str) -> list[str]:
    """Names of the classes."""
    return sorted(path.name for path in Path(folder).iterdir() if path.is_dir())


if __name__ == "__main__":
    sys.exit(main())
