"""Every error of the SDK, in one tree. Pure.

    SdkError
    ├── ConfigError        an option, a target or a file name that cannot be used
    │   └── RecordError      a file of JSON, TOML or trials that is damaged or something else
    ├── FileError          an input that is no file, damaged, too large, or of another format
    ├── DataError          images or arrays that cannot be used as a dataset
    ├── ModelError         a .tflite that cannot be read or does not fit the SDK
    ├── InfeasibleError    no candidate, or not this model, fits the limits
    ├── StaleError         a file was made from another file than the one given
    ├── WorkerError        the process that trains or converts has failed
    │   ├── HostMemoryError  it took more memory than it may
    │   └── DivergedError    numbers of the training are not finite any more
    ├── BuildError         the firmware does not compile or link
    └── BoardError         the board (or the virtual one) cannot be used
        ├── NoBoardError       none is attached, or none of that name
        ├── ManyBoardsError    several would do, and none was chosen
        ├── BusyError          another process uses it
        ├── WrongDeviceError   it is another chip than the firmware is for
        ├── FlashError         writing the firmware failed
        ├── NoAnswerError      nothing, or not the whole answer, came before the deadline
        ├── WrongBaudError     what comes is no text: the rates differ
        ├── WrongFirmwareError it runs something else than the project
        ├── FaultError         the core stopped in a fault
        │   └── StackOverflowError  because the stack was too small
        ├── ProtocolError      an answer came that the bench protocol does not allow
        │   └── LineError      bytes were lost or changed on the line
        └── ClockError         the board's clock and the host's do not agree

The text of an error says what is wrong, the value seen, what was possible and how to go on. Its
`exit_code` is what a command line ends with, one for each way in which a bench fails.
"""


class SdkError(Exception):
    """Root of all errors that a caller of the SDK may want to handle."""

    exit_code = 1


class ConfigError(SdkError):
    """An option, a target or a file name cannot be used."""


class RecordError(ConfigError):
    """A file that tells facts (JSON, TOML, a store of trials) is damaged or something else."""


class FileError(SdkError):
    """An input is no file, is damaged or too large, or has another format than it must."""


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


class DivergedError(WorkerError):
    """Numbers of the training are not finite any more."""


class BuildError(SdkError):
    """The firmware does not compile or link."""


class BoardError(SdkError):
    """The board cannot be used."""

    exit_code = 10


class NoBoardError(BoardError):
    """No board is attached, or none of that name."""

    exit_code = 11


class ManyBoardsError(BoardError):
    """Several boards would do, and none was chosen."""

    exit_code = 12


class BusyError(BoardError):
    """Another process uses the board."""

    exit_code = 13


class WrongDeviceError(BoardError):
    """The chip is another one than the firmware is for."""

    exit_code = 14


class FlashError(BoardError):
    """Writing the firmware failed."""

    exit_code = 15


class NoAnswerError(BoardError):
    """Nothing, or not the whole answer, came before the deadline."""

    exit_code = 16


class WrongBaudError(BoardError):
    """What comes is no text: board and host speak at different rates."""

    exit_code = 17


class WrongFirmwareError(BoardError):
    """The board runs something else than the project."""

    exit_code = 18


class FaultError(BoardError):
    """The core stopped in a fault."""

    exit_code = 19


class StackOverflowError(FaultError):
    """The core stopped because the stack was too small."""

    exit_code = 20


class ProtocolError(BoardError):
    """An answer came that the bench protocol does not allow."""

    exit_code = 21


class LineError(ProtocolError):
    """Bytes were lost or changed on the line."""

    exit_code = 22


class ClockError(BoardError):
    """The board's clock and the host's do not agree."""

    exit_code = 23
