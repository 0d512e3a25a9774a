"""The bootloader's side of a bad line: only what was damaged is done again."""

import contextlib
from collections import Counter

import pytest

from firmware.chips.sectors import sectors_in
from firmware.errors import FlashError, NoAnswerError
from firmware.targets import Target, load_target, real_targets
from hil.deadline import Deadline
from hil.flash.image import FlashImage
from hil.flash.programmer import program
from hil.flash.rom_bootloader import ACK, BLOCK_BYTES, NACK, RomBootloader
from hil.flash.uart_programmer import bootloader_of
from hil.virtual.line_faults import LineFaults
from hil.virtual.virtual_bootloader import VirtualBootloader
from tests.fake_clock import FakeClock

TARGET = load_target("stm32f412")
SECTOR_BYTES = 16384
"""Of the first sector."""
BLOCK = bytes(range(256))
CONTENT = BLOCK * 40 + b"end"


class Loopback:
    """The bootloader's line without a port; time passes only where nothing comes.

    Attributes:
        flash: All of it.
        faults: Of the line.
        lost: Which byte of which transfer is lost on its way there.
        lost_answers: Transfers of which the answer is lost.
        writes: Blocks that were sent.
        transfers: Transfers so far.
    """

    def __init__(self, clock: FakeClock, refuses: bool = False, target: Target = TARGET) -> None:
        self.flash = bytearray([target.chip.erased_byte ^ 0xFF]) * target.flash_bytes
        self.faults = LineFaults()
        self.lost: dict[int, int] = {}
        self.lost_answers: set[int] = set()
        self.writes = 0
        self._clock = clock
        self._loader = VirtualBootloader(target, self.flash, refuses)
        self._answers = b""
        self.transfers = 0

    def write(self, data: bytes) -> int:
        self.transfers += 1
        self.writes += len(data) == BLOCK_BYTES + 2
        at = self.lost.get(self.transfers, len(data))
        arrived = self.faults.pass_on(data[:at] + data[at + 1 :])
        answer = self._loader.feed(arrived)
        if self.transfers not in self.lost_answers:
            self._answers += self.faults.pass_on(answer)
        return len(data)

    def read(self, size: int) -> bytes:
        taken, self._answers = self._answers[:size], self._answers[size:]
        if not taken:
            self._clock.sleep(0.02)
        return taken

    def reset_input_buffer(self) -> None:
        self._answers = b""


class LoopbackProgrammer:
    """A programmer without lines to set."""

    def __init__(self, port: Loopback, clock: FakeClock) -> None:
        self.loader = RomBootloader(port, deadline=Deadline.after(10_000.0, clock))
        self.device_id = self.loader.device_id
        self.read = self.loader.read

    def __enter__(self) -> "LoopbackProgrammer":
        self.loader.synchronise()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, image: FlashImage, on_bytes: object) -> None:
        self.loader.erase(TARGET.sectors_of(image.address, len(image.content)))
        for offset in range(0, len(image.content), BLOCK_BYTES):
            block = image.content[offset : offset + BLOCK_BYTES]
            self.loader.write(image.address + offset, block)


@pytest.mark.parametrize("kind", ["drop", "flip"])
def test_with_one_byte_in_2000_damaged_an_image_is_flashed_at_the_first_attempt(
    clock: FakeClock, kind: str
) -> None:
    ends: Counter[str] = Counter()
    for seed in range(20):
        port = Loopback(clock)
        port.faults = LineFaults(**{kind: 0.0005}, seed=seed)
        image = FlashImage(TARGET.flash_origin, CONTENT)
        try:
            program(LoopbackProgrammer(port, clock), image, TARGET.device_id, lambda *_: None)
        except FlashError as error:
            ends[str(error)] += 1
        else:
            assert port.flash[: len(CONTENT)] == CONTENT
            ends["right"] += 1
    assert ends["right"] >= 17, ends


@pytest.mark.parametrize("kind", ["drop", "flip"])
def test_on_a_very_noisy_line_an_image_is_right_or_flashing_fails(
    clock: FakeClock, kind: str
) -> None:
    """And noise is never told as another chip."""
    image = FlashImage(TARGET.flash_origin, CONTENT[:96])
    ends: Counter[str] = Counter()
    for seed in range(50):
        port = Loopback(clock)
        port.faults = LineFaults(**{kind: 0.01}, seed=seed)
        try:
            program(LoopbackProgrammer(port, clock), image, TARGET.device_id, lambda *_: None)
        except (FlashError, NoAnswerError):
            ends["failed"] += 1
        else:
            assert port.flash[:96] == image.content
            ends["right"] += 1
    assert ends["right"] > 0, ends


@pytest.mark.parametrize("kind", ["drop", "flip"])
def test_a_chip_is_never_told_to_be_another_because_of_noise(clock: FakeClock, kind: str) -> None:
    told = set()
    for seed in range(100):
        port = Loopback(clock)
        port.faults = LineFaults(**{kind: 0.02}, seed=seed)
        programmer = LoopbackProgrammer(port, clock)
        with contextlib.suppress(FlashError, NoAnswerError):
            programmer.loader.synchronise()
            told.add(programmer.device_id())
    assert told == {TARGET.device_id}


def synchronised(clock: FakeClock, refuses: bool = False) -> tuple[Loopback, RomBootloader]:
    port = Loopback(clock, refuses)
    loader = RomBootloader(port, deadline=Deadline.after(1_000.0, clock))
    loader.synchronise()
    port.flash[: 4 * BLOCK_BYTES] = b"\xff" * 4 * BLOCK_BYTES
    return port, loader


# A write is three transfers: the command, the address, the block. The first was synchronising.
@pytest.mark.parametrize(
    ("transfer", "byte"), [(2, 0), (2, 1), (3, 0), (3, 4), (4, 0), (4, 1), (4, 128), (4, 257)]
)
def test_a_block_of_which_a_byte_was_lost_is_sent_again(
    clock: FakeClock, transfer: int, byte: int
) -> None:
    port, loader = synchronised(clock)
    port.lost = {transfer: byte}
    loader.write(TARGET.flash_origin, BLOCK)
    loader.write(TARGET.flash_origin + BLOCK_BYTES, BLOCK)
    assert port.flash[: 2 * BLOCK_BYTES] == BLOCK * 2
    assert port.writes <= 3


def test_a_block_whose_answer_was_lost_is_not_sent_again(clock: FakeClock) -> None:
    port, loader = synchronised(clock)
    port.lost_answers = {4}
    loader.write(TARGET.flash_origin, BLOCK)
    assert port.flash[:BLOCK_BYTES] == BLOCK
    assert port.writes == 1


def test_an_erase_of_which_a_byte_was_lost_is_given_again(clock: FakeClock) -> None:
    for byte in range(4):
        port, loader = synchronised(clock)
        port.lost = {3: byte}
        loader.erase([0])
        assert set(port.flash[:SECTOR_BYTES]) == {0xFF}
        assert set(port.flash[SECTOR_BYTES:]) == {0}


@pytest.mark.parametrize("name", real_targets())
def test_of_every_chip_just_the_pages_of_an_image_are_erased(clock: FakeClock, name: str) -> None:
    """Also where an image reaches the second bank, and where it needs more than one command."""
    target = load_target(name)
    port = Loopback(clock, target=target)
    loader = bootloader_of(target, port, Deadline.after(1_000.0, clock))
    loader.synchronise()
    first, end = target.flash_bytes // 4 + 1, target.flash_bytes * 3 // 4 - 1
    loader.erase(target.sectors_of(target.flash_origin + first, end - first))
    sizes = list(sectors_in(target.chip.sectors))
    erased = {
        position
        for own in sizes
        if own.offset < end and own.offset + own.size_bytes > first
        for position in (own.offset, own.offset + own.size_bytes - 1)
    }
    changed = {
        position
        for own in sizes
        for position in (own.offset, own.offset + own.size_bytes - 1)
        if port.flash[position] == target.chip.erased_byte
    }
    assert changed == erased
    assert len(changed) < 2 * len(sizes)


def test_a_block_on_flash_that_is_erased_to_zeros_is_sent_again(clock: FakeClock) -> None:
    target = load_target("stm32l152re")
    port = Loopback(clock, target=target)
    loader = bootloader_of(target, port, Deadline.after(1_000.0, clock))
    loader.synchronise()
    loader.erase(target.sectors_of(target.flash_origin, BLOCK_BYTES))
    port.lost = {port.transfers + 3: 128}
    loader.write(target.flash_origin, BLOCK)
    assert port.flash[:BLOCK_BYTES] == BLOCK
    assert port.writes == 2


def test_flash_that_refuses_is_told_from_a_bad_line(clock: FakeClock) -> None:
    _, loader = synchronised(clock, refuses=True)
    with pytest.raises(FlashError, match="refused to write at 0x08000000; is the flash write-prot"):
        loader.write(TARGET.flash_origin, BLOCK)


class Dead:
    """A line on which nothing, or always the same, comes."""

    def __init__(self, clock: FakeClock, says: bytes) -> None:
        self._clock = clock
        self._says = says

    def write(self, data: bytes) -> int:
        return len(data)

    def read(self, size: int) -> bytes:
        self._clock.sleep(0.02)
        return self._says[:size]

    def reset_input_buffer(self) -> None:
        pass


@pytest.mark.parametrize("says", [b"", bytes([NACK]), bytes([ACK]), b"\0"])
@pytest.mark.parametrize("action", ["device_id", "erase", "write", "read"])
def test_no_command_waits_longer_than_the_deadline(
    clock: FakeClock, says: bytes, action: str
) -> None:
    deadline = Deadline.after(30.0, clock)
    loader = RomBootloader(Dead(clock, says), deadline=deadline)
    arguments = {"erase": ([0],), "write": (0, BLOCK), "read": (0, 256)}.get(action, ())
    with contextlib.suppress(FlashError):
        getattr(loader, action)(*arguments)
    assert clock.now_s < 100.0 + 30.0 + 5.0
