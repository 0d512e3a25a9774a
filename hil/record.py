"""Makes the record of a measurement; docs/bench.md describes its fields. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from firmware.records.conversion import from_record
from firmware.records.measurement import (
    MEASUREMENT_SCHEMA,
    AgreementRecord,
    CheckRecord,
    CodeRecord,
    MeasurementRecord,
    ModelErrorRecord,
    ModelledRecord,
    StepRecord,
    TimingRecord,
    WindowsRecord,
)
from firmware.records.values import Scalar
from hil.judge import Verdict
from hil.measure import Measurement
from hil.project import Project


def record_of_all(verdicts: Sequence[Verdict]) -> MeasurementRecord:
    """The content of measurement.json: the record of the first runtime, others in `beside`.

    In a firmware with several runtimes, the sizes are those of the whole firmware. `code_bytes` is
    None, because the code belongs to no single runtime; `code_parts` divides it.
    """
    first, *others = map(record, verdicts)
    if others:
        first = replace(first, code_bytes=None)
    return replace(first, beside=tuple(replace(own, code_bytes=None) for own in others))


def record(verdict: Verdict) -> MeasurementRecord:
    """The record of one runtime."""
    project, measurement = verdict.project, verdict.measurement
    identity, size, outputs = measurement.identity, measurement.build.size, measurement.outputs
    return MeasurementRecord(
        schema=MEASUREMENT_SCHEMA,
        board=measurement.board,
        runtime=identity.runtime,
        target=identity.target,
        model_name=project.model_name,
        model_sha256=identity.model_sha256,
        firmware_sha256=measurement.build.sha256,
        arena_bytes=identity.arena_bytes,
        arena_used_bytes=identity.arena_used_bytes,
        arena_peak_bytes=measurement.arena_peak_bytes,
        stack_peak_bytes=measurement.stack_peak_bytes,
        code_bytes=size.code_bytes,
        code_parts=_code(measurement),
        weight_bytes=size.model_bytes,
        flash_bytes=size.flash_bytes,
        ram_bytes=size.ram_bytes,
        cycles=None if measurement.counts_instructions else measurement.timing.one,
        instructions=measurement.timing.one if measurement.counts_instructions else None,
        latency_ms=measurement.milliseconds,
        modelled=_modelled(project, measurement),
        timing=_timing(measurement),
        steps=_steps(project, measurement),
        samples=outputs.samples if outputs else 0,
        outputs_identical_fraction=outputs.identical_fraction if outputs else None,
        outputs_max_lsb=outputs.max_lsb if outputs else None,
        outputs_beside=_agreement(verdict),
        damaged_exchanges=measurement.damaged,
        provenance=_provenance(project, measurement),
        estimate=project.manifest["estimate"],
        checks=tuple(
            CheckRecord(own.quantity, own.promised, own.measured, own.holds)
            for own in verdict.checks
        ),
        verdict=verdict.word,
        caveats=tuple(verdict.caveats),
    )


def _code(measurement: Measurement) -> CodeRecord | None:
    code = measurement.build.code
    if code is None:
        return None
    return CodeRecord(code.runtime_bytes, code.application_bytes, code.toolchain_bytes)


def _modelled(project: Project, measurement: Measurement) -> ModelledRecord | None:
    modelled, timing = measurement.modelled, project.target.timing
    if modelled is None or timing is None:
        return None
    counts, errors = modelled.inference, project.target.processor.known_timing().errors
    return ModelledRecord(
        cycles=counts.cycles,
        milliseconds=modelled.milliseconds(project.target.core_hz),
        clock_hz=project.target.core_hz,
        wait_states=timing.wait_states,
        stalls=counts.by_cause(),
        divides=counts.divides,
        error=ModelErrorRecord(errors.median_fraction, errors.worst_fraction, errors.calls),
    )


def _agreement(verdict: Verdict) -> AgreementRecord | None:
    agreement = verdict.agreement
    if agreement is None:
        return None
    outputs = agreement.outputs
    return AgreementRecord(
        runtime=agreement.runtime,
        samples=outputs.samples,
        identical_fraction=outputs.identical_fraction,
        max_lsb=outputs.max_lsb,
    )


def _timing(measurement: Measurement) -> TimingRecord:
    timing, windows = measurement.timing, measurement.timing.windows
    return TimingRecord(
        unit=measurement.unit,
        median=timing.median,
        lowest=timing.lowest,
        highest=timing.highest,
        baseline=timing.baseline,
        windows=None
        if windows is None
        else WindowsRecord(windows.inferences, windows.ticks, windows.half_width_fraction),
    )


def _provenance(project: Project, measurement: Measurement) -> dict[str, Scalar | list[Scalar]]:
    identity, clock = measurement.identity, measurement.clock
    return {
        "golden_sha256": project.manifest.get("golden_sha256"),
        "compiler": identity.compiler,
        "compiled_with": list(measurement.build.compilers),
        "board_uid": identity.uid,
        "probe": measurement.probe,
        "clock_source": identity.clock_source,
        "clock_hz": identity.clock_hz,
        "clock_measured_hz": None if clock is None else round(clock.hz),
        "clock_uncertainty_fraction": None if clock is None else clock.uncertainty_fraction,
        "tick_source": identity.tick_source,
        "emulated_machine": measurement.machine.name if measurement.machine else None,
        "wait_states": identity.wait_states,
        "flash_caches": identity.flash_caches,
        "reset_cause": identity.reset_cause,
    }


def _steps(project: Project, measurement: Measurement) -> tuple[StepRecord, ...]:
    """The records of the kernel calls, with their ticks."""
    planned = project.manifest.get("steps", [])
    if len(planned) != len(measurement.step_ticks):
        planned = [{} for _ in measurement.step_ticks]
    steps = [from_record(step, StepRecord) for step in planned]
    pairs = zip(steps, measurement.step_ticks, strict=True)
    if measurement.counts_instructions:
        counted = [replace(step, instructions=ticks) for step, ticks in pairs]
        return _with_cycles(counted, measurement)
    return tuple(replace(step, cycles=ticks) for step, ticks in pairs)


def _with_cycles(steps: list[StepRecord], measurement: Measurement) -> tuple[StepRecord, ...]:
    """The kernel calls with their modelled cycles, if those are known."""
    counts = () if measurement.modelled is None else measurement.modelled.steps
    if len(counts) != len(steps):
        return tuple(steps)
    return tuple(
        replace(step, modelled_cycles=own.cycles, stalls=own.by_cause())
        for step, own in zip(steps, counts, strict=True)
    )
