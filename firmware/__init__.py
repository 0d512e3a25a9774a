"""The C code for the board, the targets, and the records that the stages exchange."""

from firmware.exports import exported

TYPE_CHECKING = False
"""True for a type checker. The module `typing` takes 30 ms, in which Ctrl-C leaves a traceback."""
if TYPE_CHECKING:
    from firmware.errors import SdkError
    from firmware.targets import Target, known_targets, load_target

__all__ = ["SdkError", "Target", "known_targets", "load_target"]

__getattr__ = exported(
    __name__,
    {
        "SdkError": "firmware.errors",
        "Target": "firmware.targets",
        "known_targets": "firmware.targets",
        "load_target": "firmware.targets",
    },
)
