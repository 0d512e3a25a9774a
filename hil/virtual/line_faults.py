"""Injects faults into a virtual board. Pure, except for its seeded random numbers."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class LineFaults:
    """The faults to inject.

    Attributes:
        drop: Fraction of the bytes that are lost.
        flip: Fraction of the bytes in which one bit changes.
        delay_s: Delay of each answer.
        refuses: The bootloader rejects erasing and writing.
        hangs: The firmware never answers.
        stops: The firmware stops in a fault at the first command.
        reset_after: The chip resets after so many bytes to the bootloader; 0: never.
        seed: Seed of the random numbers.
    """

    drop: float = 0.0
    flip: float = 0.0
    delay_s: float = 0.0
    refuses: bool = False
    hangs: bool = False
    stops: bool = False
    reset_after: int = 0
    seed: int = 0
    _random: random.Random = field(init=False)
    _count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Seed the random numbers."""
        self._random = random.Random(self.seed)

    def pass_on(self, data: bytes) -> bytes:
        """The bytes that arrive when these bytes are sent."""
        if not self.drop and not self.flip:
            return data
        passed = bytearray()
        for byte in data:
            if self._random.random() < self.drop:
                continue
            is_flipped = self._random.random() < self.flip
            passed.append(byte ^ (1 << self._random.randrange(8)) if is_flipped else byte)
        return bytes(passed)

    def resets_now(self, count: int) -> bool:
        """Whether the chip resets after these bytes; it resets only once."""
        self._count += count
        is_due = 0 < self.reset_after <= self._count
        if is_due:
            self.reset_after = 0
        return is_due
