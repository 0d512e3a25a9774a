"""Promised against measured. Pure."""

from dataclasses import dataclass

from hil.measure import Measurement
from hil.project import Project

TFLM_OUTPUT_LSB = 1
"""TFLM scales FULLY_CONNECTED with another rounding than TFLite, one step at most."""
EXIT_REFUTED, EXIT_OUTPUTS_DIFFER = 30, 31
"""Exit codes of a measurement that was made; those of one that failed: firmware/errors.py."""
TFLM_ARENA_TOLERANCE = 0.01
"""Releases of TFLM differ in what they keep."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict.

    Attributes:
        quantity: What is compared, with its unit.
        promised: What had to be kept, as text.
        measured: What was measured, as text.
        holds: Whether it was kept; None where nothing was promised.
    """

    quantity: str
    promised: str
    measured: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A project, what was measured of it, and every promise beside it."""

    project: Project
    measurement: Measurement
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether no promise was broken."""
        return all_hold(self.checks)


def judge(project: Project, measurement: Measurement) -> tuple[Check, ...]:
    """Every promise of a project beside what was measured."""
    size, identity = measurement.size, measurement.identity
    target = project.target
    return (
        Check(
            "model",
            project.model_sha256[:12],
            identity.model_sha256[:12],
            project.model_sha256 == identity.model_sha256,
        ),
        *_arena(project, measurement),
        _at_most("stack peak bytes", project.stack_bytes, measurement.stack_peak_bytes),
        _at_most("RAM in all, bytes", target.ram_bytes, size.ram_bytes),
        _exactly("model bytes in flash", project.weight_bytes, size.model_bytes),
        _at_most("flash in all, bytes", target.flash_bytes, size.flash_bytes),
        _outputs(project, measurement),
        _speed(measurement),
    )


def verdict_code(verdict: Verdict) -> int:
    """The exit code of a verdict: outputs that differ weigh more than an estimate that is wrong."""
    if verdict.holds:
        return 0
    differ = any(c.holds is False and c.quantity.startswith("outputs") for c in verdict.checks)
    return EXIT_OUTPUTS_DIFFER if differ else EXIT_REFUTED


def all_hold(checks: tuple[Check, ...]) -> bool:
    """Whether no promise was broken."""
    return all(check.holds is not False for check in checks)


def _arena(project: Project, measurement: Measurement) -> tuple[Check, ...]:
    """The static runtime needs the whole arena and no more; TFLM's is known within 1 %."""
    identity = measurement.identity
    if project.runtime == "static":
        return (_exactly("arena bytes", project.arena_bytes, identity.arena_bytes),)
    promised, used = project.arena_used_bytes, identity.arena_used_bytes
    error = used / promised - 1
    return (
        Check(
            "arena used, bytes",
            f"{promised:,} ± {TFLM_ARENA_TOLERANCE:.0%}",
            f"{used:,} ({error:+.2%})",
            abs(error) <= TFLM_ARENA_TOLERANCE,
        ),
        _at_most("arena peak bytes", project.arena_bytes, measurement.arena_peak_bytes),
    )


def _exactly(quantity: str, promised: int, measured: int) -> Check:
    return Check(quantity, f"{promised:,}", f"{measured:,}", promised == measured)


def _at_most(quantity: str, limit: int, measured: int) -> Check:
    return Check(quantity, f"≤ {limit:,}", f"{measured:,}", measured <= limit)


def _outputs(project: Project, measurement: Measurement) -> Check:
    outputs = measurement.outputs
    if outputs is None:
        return Check("outputs", "no golden file", "not checked", None)
    identical = round(outputs.identical_fraction * outputs.samples)
    measured = f"{identical} of {outputs.samples}, differ by {outputs.max_lsb:g} LSB at most"
    if project.runtime == "static":
        holds = outputs.identical_fraction == 1.0
        return Check("outputs identical", f"all {outputs.samples}", measured, holds)
    holds = outputs.max_lsb <= TFLM_OUTPUT_LSB
    return Check("outputs", f"within {TFLM_OUTPUT_LSB} LSB", measured, holds)


def _speed(measurement: Measurement) -> Check:
    if measurement.cycles is None:
        assert measurement.instructions is not None
        return Check("instructions", "not promised", f"{measurement.instructions:,}", None)
    clock_hz = measurement.identity.clock_hz
    milliseconds = 1000 * measurement.cycles / clock_hz
    text = f"{measurement.cycles:,} cycles, {milliseconds:.2f} ms at {clock_hz / 1e6:g} MHz"
    return Check("latency", "not promised", text, None)
