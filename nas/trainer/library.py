"""Loads the compiled trainer and declares its functions and records. I/O."""

import ctypes
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware.compiled_library import OnStage
from firmware.errors import BuildError, ConfigError
from nas.trainer.build import compiled_trainer, kept_trainer
from nas.trainer.program import NetworkRow

_POINTER = ctypes.c_void_p
_INT, _LONG, _FLOAT = ctypes.c_int32, ctypes.c_int64, ctypes.c_float


class Array(ctypes.Structure):
    """`float_array` in network.h. It keeps the NumPy array alive that it points to."""

    _fields_ = (("values", _POINTER), ("count", _LONG))

    def __init__(self, array: NDArray[np.float32]) -> None:
        super().__init__(address_of(array, np.float32), array.size)
        self.kept = array


class TeacherLogits(ctypes.Structure):
    """`teacher` in network.h. It keeps the logits alive that it points to."""

    _fields_ = (("logits", _POINTER), ("share", _FLOAT), ("temperature", _FLOAT))

    def __init__(self, logits: NDArray[np.float32], share: float, temperature: float) -> None:
        super().__init__(address_of(logits, np.float32), share, temperature)
        self.kept = logits


class Source(ctypes.Structure):
    """`source` in network.h. It keeps alive what it points to."""

    _fields_ = (
        ("images", _POINTER),
        ("labels", _POINTER),
        ("order", _POINTER),
        ("image_count", _LONG),
        ("order_count", _LONG),
        ("taught", ctypes.POINTER(TeacherLogits)),
    )

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int32] | None,
        order: NDArray[np.int64],
        taught: TeacherLogits | None = None,
    ) -> None:
        arrays = (images, labels, None if taught is None else taught.kept)
        super().__init__(
            address_of(images, np.uint8),
            None if labels is None else address_of(labels, np.int32),
            address_of(order, np.int64),
            min(len(own) for own in arrays if own is not None),
            len(order),
            None if taught is None else ctypes.pointer(taught),
        )
        self.kept = (images, labels, order)


class StepSettings(ctypes.Structure):
    """`step_settings` in network.h."""

    _fields_ = (
        ("smoothing", _FLOAT),
        ("flip", _FLOAT),
        ("shift", _INT),
        ("accumulated", _INT),
        ("seed", ctypes.c_uint64),
    )


def address_of(array: NDArray[Any], kind: type[np.generic]) -> int:
    """Address of the elements of an array, valid while the array is alive.

    Raises:
        ConfigError: The array has another type, or is not contiguous.
    """
    if array.dtype != kind or not array.flags.c_contiguous:
        raise ConfigError(
            f"the trainer takes contiguous arrays of {kind.__name__}, got {array.dtype} of shape "
            f"{array.shape} and strides {array.strides}"
        )
    return int(array.ctypes.data)


class NetworkStatus(IntEnum):
    """`network_status` in network.h."""

    OK = 0
    CALL = 1
    KIND = 2
    INPUT = 3
    SHAPE = 4
    NUMBER = 5
    LARGE = 6
    UNREAD = 7
    LAST = 8
    UNTRAINED = 9
    MEMORY = 10
    SIZE = 11
    IMAGE = 12
    LABEL = 13
    SETTINGS = 14
    DIVERGED = 15


_SOURCE, _SETTINGS = ctypes.POINTER(Source), ctypes.POINTER(StepSettings)
_ROWS = ctypes.POINTER(NetworkRow)
_DOUBLE_OUT, _INT_OUT = ctypes.POINTER(ctypes.c_double), ctypes.POINTER(_INT)
_LONG_OUT = ctypes.POINTER(_LONG)
_FUNCTIONS: dict[str, tuple[type | None, tuple[Any, ...]]] = {
    "network_create": (_POINTER, (_ROWS, _INT, _INT, _FLOAT, _INT_OUT, _INT_OUT)),
    "network_measure": (_INT, (_ROWS, _INT, _INT, _POINTER, _LONG_OUT, _INT_OUT)),
    "network_destroy": (None, (_POINTER,)),
    "network_parameters": (_LONG, (_POINTER,)),
    "network_bytes": (_LONG, (_POINTER,)),
    "network_lanes": (_INT, ()),
    "network_row_bytes": (_INT, ()),
    "network_kind": (_INT, (ctypes.c_char_p,)),
    "network_use_threads": (None, (_POINTER, _INT)),
    "network_train": (
        _INT,
        (_POINTER, Array, _SOURCE, _SETTINGS, _LONG, Array, Array, _DOUBLE_OUT),
    ),
    "network_gradients": (_INT, (_POINTER, Array, _SOURCE, _SETTINGS, Array, _DOUBLE_OUT)),
    "network_predict": (_INT, (_POINTER, Array, _SOURCE, Array)),
    "network_logits": (_INT, (_POINTER, Array, _SOURCE, Array)),
    "network_ranges": (_INT, (_POINTER, Array, _SOURCE, Array)),
}


_loaded: list[ctypes.CDLL] = []


def load_library(on_stage: OnStage | None = None) -> ctypes.CDLL:
    """The trainer's functions, loaded once in each process.

    Args:
        on_stage: Called with the name of a step that takes long: the trainer is compiled if the
            cache has none for this processor. With None, nothing is compiled.

    Raises:
        BuildError: It could not be compiled or loaded, or is not compiled and may not be.
    """
    if not _loaded:
        library = _open(on_stage)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        _loaded.append(library)
    return _loaded[0]


def _open(on_stage: OnStage | None) -> ctypes.CDLL:
    path = kept_trainer() if on_stage is None else compiled_trainer(on_stage)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:  # damaged in the cache
        if on_stage is None:
            raise BuildError(f"could not load the compiled trainer: {error}") from error
        path.unlink(missing_ok=True)
        path = compiled_trainer(on_stage)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise BuildError(f"could not load the compiled trainer: {error}") from error
