"""The limits of a network: those of the options, else those of the chip. Reads latency models."""

from dataclasses import replace
from pathlib import Path

from codegen.costs.speed import read_speed_model
from firmware.errors import ConfigError
from firmware.progress import parse_duration
from firmware.targets import Target
from nas.estimator.cost import Limits, with_chip
from nas.estimator.pace import Pace, make_modelled_pace, make_pace


def limits_of(
    target: Target,
    runtime: str,
    ram: int | None = None,
    flash: int | None = None,
    macc: int | None = None,
    latency: str = "",
    measured_latency: Path | None = None,
) -> tuple[Limits, Pace | None]:
    """The limits of a target or of the options; with a latency limit, what predicts the latency.

    Raises:
        ConfigError: A limit is invalid, or nothing predicts the latency.
    """
    limits = Limits(
        macc=target.macc_limit if macc is None else macc,
        flash_bytes=target.flash_bytes if flash is None else flash,
        ram_bytes=target.ram_bytes - target.stack_bytes if ram is None else ram,
    )
    limits = with_chip(limits, target)
    if not latency:
        if measured_latency is not None:
            raise ConfigError("--measured-latency needs --latency, the limit, such as 50ms")
        return limits, None
    if measured_latency is None:
        pace = make_modelled_pace(target, runtime)
    else:
        model = read_speed_model(measured_latency)
        pace = make_pace(model, target.core, target.core_hz, runtime)
    return replace(limits, latency_us=round(1e6 * parse_duration(latency))), pace
