"""What the firmware on a board reports about itself: the answer to `info`. Pure."""

from dataclasses import dataclass

from firmware.errors import ProtocolError
from hil.answer import Facts, number_of, text_of

PROTOCOL_VERSION = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """The facts that the firmware reports.

    Attributes:
        model_sha256: SHA-256 of the .tflite it was generated from, 64 hex digits.
        arena_bytes: Size of the array in which the model works.
        arena_used_bytes: Bytes that the runtime reports as used.
        stack_bytes: Reserved stack.
        compiler: Version of its compiler.
        uid: Unique number of the chip, 24 hex digits; empty if it has none.
        clock_source: Source of the core clock.
        clock_hz: Core clock that the firmware has set up, as it reports.
        tick_source: Counter of the ticks: `dwt` or `systick`.
        wait_states: Wait states of the flash.
        flash_caches: Enabled caches of the flash, such as `prefetch instruction data`.
        reset_cause: Cause of the last reset.
    """

    model: str
    model_sha256: str
    runtime: str
    target: str
    input_bytes: int
    output_bytes: int
    arena_bytes: int
    arena_used_bytes: int
    stack_bytes: int
    compiler: str
    uid: str
    clock_source: str
    clock_hz: int
    tick_source: str
    wait_states: int
    flash_caches: str
    reset_cause: str


def read_identity(facts: Facts) -> Identity:
    """Read the answer to `info`.

    Raises:
        ProtocolError: The firmware uses another version of the protocol, or a fact is missing or
            malformed.
    """
    if number_of(facts, "x-protocol") != PROTOCOL_VERSION:
        raise ProtocolError(
            f"the firmware uses protocol {facts['x-protocol']}, expected {PROTOCOL_VERSION}; "
            "generate and flash it again"
        )
    return Identity(
        model=text_of(facts, "x-model"),
        model_sha256=text_of(facts, "x-sha256"),
        runtime=text_of(facts, "x-runtime"),
        target=text_of(facts, "x-target"),
        input_bytes=number_of(facts, "x-input-bytes"),
        output_bytes=number_of(facts, "x-output-bytes"),
        arena_bytes=number_of(facts, "x-arena-bytes"),
        arena_used_bytes=number_of(facts, "x-arena-used-bytes"),
        stack_bytes=number_of(facts, "x-stack-bytes"),
        compiler=text_of(facts, "x-compiler"),
        uid=text_of(facts, "x-uid"),
        clock_source=text_of(facts, "x-clock-source"),
        clock_hz=number_of(facts, "x-core-hz"),
        tick_source=text_of(facts, "x-tick-source"),
        wait_states=number_of(facts, "x-wait-states"),
        flash_caches=text_of(facts, "x-flash-caches"),
        reset_cause=text_of(facts, "x-reset-cause"),
    )
