"""Names of the layers of all graphs, from which the converter makes tensor names. Pure.

They are in the .tflite, so the size of the file depends on them, and they are fixed so that one
network always gives the same bytes.
"""

MODEL = "model"
INPUT = "image"
RESCALING = "rescaling"
MEAN = "mean"
DROPOUT = "dropout"
DENSE = "dense"


def batch_norm(index: int) -> str:
    """Batch normalisation before convolution `index`."""
    return f"batch_norm_{index}"


def conv(index: int) -> str:
    """Convolution `index`; 0 is the first, the others belong to cells."""
    return f"conv_{index}"


def pool(index: int) -> str:
    """Pooling of cell `index`, counted from 1."""
    return f"pool_{index}"


def relu(index: int) -> str:
    """Activation after convolution `index`, where it is a layer of its own."""
    return f"relu_{index}"


def depthwise(index: int) -> str:
    """Depthwise convolution of cell `index`."""
    return f"depthwise_{index}"


def depthwise_norm(index: int) -> str:
    """Batch normalisation after the depthwise convolution of cell `index`."""
    return f"depthwise_norm_{index}"


def depthwise_relu(index: int) -> str:
    """Activation after the depthwise convolution of cell `index`."""
    return f"depthwise_relu_{index}"
