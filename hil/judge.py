"""Compares measured values with promised (manifest) and predicted (estimate) values. Pure."""

from dataclasses import dataclass

from hil.agreement import Agreement
from hil.clock_check import TOLERANCE_FRACTION
from hil.estimate import PredictedValues
from hil.measure import Measurement
from hil.project import Project
from hil.tolerances import Tolerances

INTERVAL = "timing, 95 % interval"
EXIT_REFUTED, EXIT_OUTPUTS_DIFFER = 30, 31
"""Exit codes of a complete measurement. For a failed one, see firmware/errors.py."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict.

    Attributes:
        quantity: What is compared, with its unit.
        promised: The value of the manifest or estimate, as text.
        measured: The measured value, as text.
        holds: Whether the check passed; None if there is nothing to compare with.
        note: Text that is printed beside the verdict.
    """

    quantity: str
    promised: str
    measured: str
    holds: bool | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A project, its measurement, and all checks.

    Attributes:
        agreement: Comparison with another runtime in the firmware; None with a golden file.
    """

    project: Project
    measurement: Measurement
    checks: tuple[Check, ...]
    agreement: Agreement | None = None

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all_hold(self.checks)

    @property
    def word(self) -> str:
        """The verdict in one word."""
        return "confirmed" if self.holds else "refuted"

    @property
    def caveats(self) -> list[str]:
        """What could not be checked."""
        caveats = []
        if self.agreement is not None:
            caveats.append(
                f"outputs were compared only with those of {self.agreement.runtime}, because the "
                "project has no golden file"
            )
        elif self.measurement.outputs is None:
            caveats.append("outputs were not checked, because the project has no golden file")
        for check in self.checks:
            if check.quantity == INTERVAL and check.note:
                caveats.append(check.note)
        return caveats


def judge(
    project: Project,
    measurement: Measurement,
    tolerance: Tolerances,
    estimate: PredictedValues | None = None,
    half_width_fraction: float = 1.0,
    agreement: Agreement | None = None,
) -> tuple[Check, ...]:
    """Check every value of a project's manifest and estimate against the measured value.

    Args:
        project: The project, with the values of its manifest.
        measurement: The measurement of the project.
        tolerance: How far measured values may differ from the estimate.
        estimate: The predicted values; None without an estimate.
        half_width_fraction: Required half-width of a latency's confidence interval.
        agreement: Comparison with another runtime in the firmware; None if there was none.
    """
    size, identity = measurement.build.size, measurement.identity
    target = project.target
    return (
        Check(
            "model",
            project.model_sha256[:12],
            identity.model_sha256[:12],
            project.model_sha256 == identity.model_sha256,
        ),
        *_arena(project, measurement, tolerance),
        _at_most("stack peak bytes", project.stack_bytes, measurement.stack_peak_bytes),
        _at_most("RAM in all, bytes", target.ram_bytes, size.ram_bytes),
        _exactly("model bytes in flash", project.weight_bytes, size.model_bytes),
        _at_most("flash in all, bytes", target.flash_bytes, size.flash_bytes),
        *_code(project, measurement),
        _outputs(measurement, agreement),
        *_clock(measurement),
        *_interval(measurement, half_width_fraction),
        *(() if estimate is None else _predicted(project, estimate, measurement, tolerance)),
        _speed(measurement, estimate, tolerance),
        *_modelled(project, measurement),
    )


def verdict_code(verdict: Verdict) -> int:
    """The exit code of a verdict. Different outputs take precedence over a wrong estimate."""
    if verdict.holds:
        return 0
    differ = any(c.holds is False and c.quantity.startswith("outputs") for c in verdict.checks)
    return EXIT_OUTPUTS_DIFFER if differ else EXIT_REFUTED


def all_hold(checks: tuple[Check, ...]) -> bool:
    """Whether no check failed."""
    return all(check.holds is not False for check in checks)


def _arena(project: Project, measured: Measurement, tolerance: Tolerances) -> tuple[Check, ...]:
    """The static runtime needs the whole arena and no more; TFLM's differs between releases."""
    identity = measured.identity
    if project.runtime == "static":
        arena = _exactly("arena bytes", project.arena_bytes, identity.arena_bytes)
        if project.image_bytes == 0:
            return (arena,)
        promised = project.arena_bytes + project.image_bytes
        measured_bytes = identity.arena_bytes + identity.input_bytes
        return arena, _exactly("arena with the image, bytes", promised, measured_bytes)
    return (
        _about(
            "arena used, bytes",
            project.arena_used_bytes,
            identity.arena_used_bytes,
            tolerance.arena_fraction,
        ),
        _at_most("arena peak bytes", project.arena_bytes, measured.arena_peak_bytes),
    )


def _exactly(quantity: str, promised: int, measured: int) -> Check:
    return Check(quantity, f"{promised:,}", f"{measured:,}", promised == measured)


def _at_most(quantity: str, limit: int, measured: int) -> Check:
    return Check(quantity, f"≤ {limit:,}", f"{measured:,}", measured <= limit)


def _about(quantity: str, predicted: int, measured: int, fraction: float) -> Check:
    error = measured / predicted - 1 if predicted else float(measured != 0)
    return Check(
        quantity,
        f"{predicted:,} ± {100 * fraction:g} %",
        f"{measured:,} ({100 * error:+.2f} %)",
        abs(error) <= fraction,
    )


def _code(project: Project, measurement: Measurement) -> tuple[Check, ...]:
    """The checks of a runtime's own code, if the firmware has several runtimes."""
    code = measurement.build.code
    if code is None or project.index_of_several is None:
        return ()
    return (Check("code of the runtime, bytes", "not promised", f"{code.runtime_bytes:,}", None),)


def _outputs(measurement: Measurement, agreement: Agreement | None) -> Check:
    """Compare the outputs with the golden ones; without a golden file, with another runtime's."""
    outputs, quantity = measurement.outputs, "outputs identical"
    if agreement is not None:
        outputs, quantity = agreement.outputs, f"outputs identical to {agreement.runtime}'s"
    if outputs is None:
        return Check("outputs", "no golden file", "not checked", None)
    measured = (
        f"{outputs.identical} of {outputs.samples}, differ by {outputs.max_lsb:g} LSB at most"
    )
    return Check(quantity, f"all {outputs.samples}", measured, outputs.identical == outputs.samples)


def _clock(measurement: Measurement) -> tuple[Check, ...]:
    """The small remaining error of the clock. A wrong clock has already ended the measurement."""
    if measurement.clock is None:
        return ()
    believed = f"{measurement.identity.clock_hz / 1e6:g} MHz ± {TOLERANCE_FRACTION:.0%}"
    clock = measurement.clock
    measured = f"{clock.hz / 1e6:.4g} MHz ± {100 * clock.uncertainty_fraction:.2f} %"
    return (Check("clock, measured by the host", believed, measured, True),)


def _interval(measurement: Measurement, wanted_fraction: float) -> tuple[Check, ...]:
    """Check the latency's confidence interval. Its width is an option, not part of the project."""
    windows = measurement.timing.windows
    if windows is None:
        return ()
    found = windows.half_width_fraction
    count = f"{len(windows.ticks)} windows of {windows.inferences:,}"
    wanted, got = f"± {100 * wanted_fraction:g} %", f"± {100 * found:.2g} %"
    note = "" if found <= wanted_fraction else f"the latency is known within {got}, not {wanted}"
    return (Check(INTERVAL, f"≤ {wanted}", f"{got} in {count}", None if note else True, note),)


def _predicted(
    project: Project, estimate: PredictedValues, measured: Measurement, tolerance: Tolerances
) -> list[Check]:
    """Check the estimate of one runtime. A firmware with several runtimes is not compared."""
    size = measured.build.size
    stack = ("stack", estimate.stack_bytes, measured.stack_peak_bytes, tolerance.stack_fraction)
    of_whole_firmware = (
        ("flash in all", estimate.flash_bytes, size.flash_bytes, tolerance.flash_fraction),
        ("RAM in all", estimate.ram_bytes, size.ram_bytes, tolerance.flash_fraction),
    )
    rows = (stack, *(of_whole_firmware if project.index_of_several is None else ()))
    return [
        _about(f"{name}, estimated bytes", predicted, found, fraction)
        for name, predicted, found, fraction in rows
        if predicted is not None
    ]


def _speed(measured: Measurement, estimate: PredictedValues | None, tolerance: Tolerances) -> Check:
    """Check the time. An estimate in instructions gives only a range for the time of a board."""
    one, unit, milliseconds = measured.timing.one, measured.unit, measured.milliseconds
    time = "" if milliseconds is None else f", {milliseconds:.2f} ms"
    if estimate is None or estimate.ticks is None:
        quantity = unit if milliseconds is None else "latency"
        return Check(quantity, "not promised", f"{one:,}{' cycles' if time else ''}{time}", None)
    if estimate.unit == unit:
        is_virtual = measured.counts_instructions
        fraction = tolerance.instructions_fraction if is_virtual else tolerance.cycles_fraction
        return _about(f"{unit}, estimated", estimate.ticks, one, fraction)
    if milliseconds is None or estimate.lowest_ms is None or estimate.highest_ms is None:
        return Check(unit, f"estimated in {estimate.unit}", f"{one:,}", None)
    fraction = tolerance.cycles_fraction
    lowest, highest = estimate.lowest_ms, estimate.highest_ms
    return Check(
        "latency, estimated ms",
        f"{lowest:.2f} to {highest:.2f} ± {100 * fraction:g} %",
        f"{milliseconds:.2f} ({one:,} cycles)",
        lowest * (1 - fraction) <= milliseconds <= highest * (1 + fraction),
    )


def _modelled(project: Project, measured: Measurement) -> tuple[Check, ...]:
    """The time that the cycle model gives. It is never compared: it is not measured."""
    if measured.modelled is None:
        return ()
    hz, errors = project.target.core_hz, project.target.processor.known_timing().errors
    error = f"± {100 * errors.median_fraction:.1f} %, worst {100 * errors.worst_fraction:.1f} %"
    time = f"{measured.modelled.milliseconds(hz):.2f} ms at {hz / 1e6:g} MHz, modelled"
    cycles = f"{measured.modelled.inference.cycles:,}"
    return (
        Check("cycles, modelled", "not promised", cycles, None),
        Check("latency, modelled", f"model: {error}", time, None),
    )
