"""Names of the arrays in golden files. Pure."""

from collections.abc import Sequence

MODEL_SHA256, ROUNDING = "model_sha256", "rounding"
"""Two arrays of a single string: the SHA-256 of the .tflite, and the rounding of the outputs."""


def array_names(what: str, names: Sequence[str]) -> tuple[str, ...]:
    """One array for each input or output: `inputs` of a single one, else `input_left`.

    Args:
        what: `input` or `output`.
        names: Their names, in order.
    """
    return (f"{what}s",) if len(names) == 1 else tuple(f"{what}_{name}" for name in names)
