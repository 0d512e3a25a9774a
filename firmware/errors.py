"""Every error of the SDK, in one tree. Pure.

    SdkError
    ├── ConfigError        an option, a target or a file name that cannot be used
    ├── DataError          images or arrays that cannot be used as a dataset
    ├── ModelError         a .tflite that cannot be read or does not fit the SDK
    ├── InfeasibleError    no candidate, or not this model, fits the limits
    ├── StaleError         a file was made from another file than the one given
    ├── WorkerError        the process that trains or converts has failed
    │   └── HostMemoryError  it took more memory than it may
    ├── BuildError         the firmware does not compile or link
    └── BoardError         the board (or the virtual one) cannot be used
        ├── NoAnswerError  nothing, or not the whole answer, came before the deadline
        └── ProtocolError  an answer came that the bench protocol does not allow

The text of an error says what is wrong, the value seen, what was possible and how to go on.
"""


class SdkError(Exception):
    """Root of all errors that a caller of the SDK may want to handle."""


class ConfigError(SdkError):
    """An option, a target or a file name cannot be used."""


class DataError(SdkError):
    """Images or arrays cannot be used as a dataset."""


class ModelError(SdkError):
    """A model cannot be read, or holds what the SDK cannot generate."""


class InfeasibleError(SdkError):
    """No candidate, or not this model, fits the limits."""


class StaleError(SdkError):
    """A file was made from another file than the one it is used with."""


class WorkerError(SdkError):
    """The process that trains or converts has failed."""


class HostMemoryError(WorkerError):
    """The process that trains or converts took more memory than it may."""


class BuildError(SdkError):
    """The firmware does not compile or link."""


class BoardError(SdkError):
    """The board cannot be used."""


class NoAnswerError(BoardError):
    """Nothing, or not the whole answer, came before the deadline."""


class ProtocolError(BoardError):
    """An answer came that the bench protocol does not allow."""
