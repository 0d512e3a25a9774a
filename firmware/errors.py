"""All errors of the SDK, in one tree. Pure.

    SdkError
    ├── ConfigError        an option, a target or a file name that cannot be used
    │   └── RecordError      a file of JSON, TOML or trials that is damaged or has another format
    ├── FileError          an input that is not a file, damaged, too large, or of another format
    ├── DataError          images or arrays that cannot be used as a dataset
    ├── ModelError         a .tflite that cannot be read or does not fit the SDK
    ├── InfeasibleError    no candidate, or not this model, fits the limits
    ├── StaleError         a file was made from another file than the one given
    ├── WorkerError        the process that trains or converts has failed
    │   ├── HostMemoryError  it exceeded its memory limit
    │   └── DivergedError    numbers of the training are no longer finite
    ├── BuildError         the firmware does not compile or link
    └── BoardError         the board (or the virtual one) cannot be used
        ├── NoBoardError       none is attached, or none of that name
        ├── ManyBoardsError    several match, and none was chosen
        ├── BusyError          another process uses it
        ├── WrongDeviceError   the chip is not the one that the firmware is for
        ├── FlashError         writing the firmware failed
        ├── NoAnswerError      no complete answer before the deadline
        ├── WrongBaudError     the received bytes are not text: the rates differ
        ├── WrongFirmwareError it runs another firmware than the project's
        ├── FaultError         the core stopped in a fault
        │   └── StackOverflowError  because the stack was too small
        ├── ProtocolError      an answer violates the bench protocol
        │   └── LineError      bytes were lost or changed on the line
        └── ClockError         the clocks of board and host differ

The text of an error gives the problem, the value, the possible values and how to continue. Its
`exit_code` is the exit code of the command line, one for each kind of failure of a bench.
"""


class SdkError(Exception):
    """Base class of all errors that a caller of the SDK may want to handle."""

    exit_code = 1


class ConfigError(SdkError):
    """An option, a target or a file name cannot be used."""


class RecordError(ConfigError):
    """A file of facts (JSON, TOML, a store of trials) is damaged or has another format."""


class FileError(SdkError):
    """An input is not a file, is damaged or too large, or has a wrong format."""


class DataError(SdkError):
    """Images or arrays cannot be used as a dataset."""


class ModelError(SdkError):
    """A model cannot be read, or contains something that the SDK cannot generate."""


class InfeasibleError(SdkError):
    """No candidate, or not this model, fits the limits."""


class StaleError(SdkError):
    """A file was made from another file than the one it is used with."""


class WorkerError(SdkError):
    """The process that trains or converts has failed."""


class HostMemoryError(WorkerError):
    """The process that trains or converts exceeded its memory limit."""


class DivergedError(WorkerError):
    """Numbers of the training are no longer finite."""


class BuildError(SdkError):
    """The firmware does not compile or link."""


class BoardError(SdkError):
    """The board cannot be used."""

    exit_code = 10


class NoBoardError(BoardError):
    """No board is attached, or none of that name."""

    exit_code = 11


class ManyBoardsError(BoardError):
    """Several boards match, and none was chosen."""

    exit_code = 12


class BusyError(BoardError):
    """Another process uses the board."""

    exit_code = 13


class WrongDeviceError(BoardError):
    """The chip is not the one that the firmware is for."""

    exit_code = 14


class FlashError(BoardError):
    """Writing the firmware failed."""

    exit_code = 15


class NoAnswerError(BoardError):
    """No complete answer came before the deadline."""

    exit_code = 16


class WrongBaudError(BoardError):
    """The received bytes are not text: board and host use different baud rates."""

    exit_code = 17


class WrongFirmwareError(BoardError):
    """The board runs another firmware than the project's."""

    exit_code = 18


class FaultError(BoardError):
    """The core stopped in a fault."""

    exit_code = 19


class StackOverflowError(FaultError):
    """The core stopped because the stack was too small."""

    exit_code = 20


class ProtocolError(BoardError):
    """An answer violates the bench protocol."""

    exit_code = 21


class LineError(ProtocolError):
    """Bytes were lost or changed on the line."""

    exit_code = 22


class ClockError(BoardError):
    """The clocks of board and host differ."""

    exit_code = 23
