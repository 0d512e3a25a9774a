"""Formats an estimate as text. Pure."""

from collections.abc import Sequence

from codegen.costs.speed import Error, SpeedModel
from firmware.text_table import table
from nas.estimator.cost import needs
from nas.estimator.memory import Ram
from nas.estimator.modelled_time import ModelledTime
from nas.estimator.network import Estimate, OperatorEstimate

_NONE = "–"
_LINE_CHARACTERS = 400
_ADVICE = {"MACC": " (advice)", "flash": " (of the .tflite; no limit)"}


def estimate_text(estimate: Estimate) -> str:
    """The text of an estimate: each operator, and the totals."""
    parts = [
        f"{estimate.name} on {estimate.target.name}, {estimate.runtime} runtime",
        _operators(estimate),
        _needs(estimate),
        _details(estimate),
        "\n".join([*_warnings(estimate), f"fits: {_verdict(estimate)}"]),
    ]
    return "\n\n".join(parts)


def _verdict(estimate: Estimate) -> str:
    if not estimate.fits:
        return "no"
    return "yes" if estimate.code else "yes, as far as is known: the code of the firmware is not"


def _operators(estimate: Estimate) -> str:
    header = ["op", "kind", "shapes", "MACC", "weight bytes", "live bytes"]
    unit = estimate.time.unit if estimate.time else None
    if unit:
        header += [unit, "± median"]
    is_modelled = estimate.modelled_time is not None
    if is_modelled:
        header.append("cycles, modelled")
    peak = max((o.live_bytes or 0 for o in estimate.operators), default=0)
    rows = []
    for operator in estimate.operators:
        mark = " *" if operator.live_bytes == peak else "  "
        row = [
            str(operator.index),
            operator.kind,
            _shapes(operator),
            f"{operator.macc:,}",
            f"{operator.weight_bytes:,}",
            _NONE if operator.live_bytes is None else f"{operator.live_bytes:,}{mark}",
        ]
        row += _ticks(operator) if unit else []
        rows.append(row + ([_modelled_cycles(operator)] if is_modelled else []))
    text = table(header, rows, left=3)
    return text if estimate.ram.arena_bytes is None else f"{text}\n* the most"


def _shapes(operator: OperatorEstimate) -> str:
    given = ", ".join("x".join(map(str, shape)) for shape in operator.input_shapes)
    return f"{given} -> {'x'.join(map(str, operator.output_shape))}"


def _ticks(operator: OperatorEstimate) -> list[str]:
    """Empty for an operator that runs within the call of one before it."""
    if operator.ticks is None:
        return ["", ""]
    error = "unknown" if operator.ticks_error is None else f"{100 * operator.ticks_error:.1f} %"
    return [f"{operator.ticks:,}", error]


def _modelled_cycles(operator: OperatorEstimate) -> str:
    return "" if operator.modelled_cycles is None else f"{operator.modelled_cycles:,}"


def _needs(estimate: Estimate) -> str:
    rows = [
        (
            f"{need.name}, {need.unit}{_ADVICE[need.name] if need.is_advice else ''}",
            f"{_at_least(estimate, need.name)}{need.needed:,}",
            f"{need.limit:,}",
            f"{100 * need.used_fraction:.1f} %",
        )
        for need in needs(estimate.cost, estimate.limits)
    ]
    if estimate.cost.arena_bytes is None:
        rows.append(("RAM, bytes", "not known", f"{estimate.limits.ram_bytes:,}", _NONE))
    return table(("limited", "needed", "limit", "used"), rows)


def _at_least(estimate: Estimate, name: str) -> str:
    """A mark of what is a lower bound: the firmware, where its code was not measured."""
    return "at least " if name.startswith("linked") and estimate.code is None else ""


def _details(estimate: Estimate) -> str:
    lines = _ram(estimate) + _flash(estimate) + _time(estimate) + _dropped(estimate)
    return table(("in detail", ""), lines, left=2)


def _ram(estimate: Estimate) -> list[tuple[str, str]]:
    ram = estimate.ram
    lines = _tflm_arena(estimate) if estimate.runtime == "tflm" else []
    if not lines:
        lines = [("arena", f"{ram.arena_bytes:,} bytes{_image_text(ram)}")]
    if ram.linked_bytes is not None:
        lines += [
            (
                "RAM for the linker",
                f"{ram.linked_bytes:,} bytes: arena, variables {ram.application_bytes:,}, "
                f"stack {ram.stack_reserved_bytes:,}",
            )
        ]
    if ram.stack_peak_bytes is not None:
        lines += [("stack in use", f"{ram.stack_peak_bytes:,} bytes at most")]
    return lines


def _image_text(ram: Ram) -> str:
    """What the image adds, if the arena does not hold it."""
    if ram.arena_with_image_bytes == ram.arena_bytes:
        return ""
    return f"; {ram.arena_with_image_bytes:,} with the image, whose rows are fed one by one"


def _tflm_arena(estimate: Estimate) -> list[tuple[str, str]]:
    """The buffer to reserve, the smallest buffer, and the value that the interpreter reports."""
    ram = estimate.ram
    on_pc = ("arena on a PC", f"{ram.pc_used_bytes:,} bytes used, with pointers of 8 bytes")
    if ram.arena_bytes is None:
        why = f"the scratch memory of the kernels on {estimate.target.core} is not modelled"
        return [("arena", f"not known: {why}"), on_pc]
    assert ram.buffer_bytes is not None
    more = ram.arena_bytes - ram.buffer_bytes
    return [
        (
            "arena",
            f"{ram.arena_bytes:,} bytes: the buffer to reserve, {more:,} for other releases",
        ),
        (
            "smallest buffer",
            f"{ram.buffer_bytes:,} bytes, aligned to 16: activations and scratch "
            f"{ram.activations_bytes:,}, interpreter {ram.persistent_bytes:,}, only while starting "
            f"{ram.starting_bytes:,}",
        ),
        (
            "arena used",
            f"{ram.used_bytes:,} bytes, the result of arena_used_bytes(); it is not a buffer size",
        ),
        on_pc,
    ]


def _flash(estimate: Estimate) -> list[tuple[str, str]]:
    code = estimate.code
    if code is None:
        core = estimate.target.core
        why = f"no {estimate.runtime} runtime was measured on {core}"
        if estimate.unmeasured:
            why = _not_measured(estimate.unmeasured)
        return [] if estimate.unsupported else [("code", f"not known: {why}")]
    own = f"model {code.weight_bytes:,}, runtime {code.runtime_bytes:,}"
    lines = [
        ("flash as a library", f"{code.weight_bytes + code.runtime_bytes:,} bytes: {own}"),
        ("built from", code.holds_for),
    ]
    if code.application_bytes is None:
        return lines
    in_all = (
        f"{estimate.linked_flash_bytes:,} bytes: {own}, bench application "
        f"{code.application_bytes:,}"
    )
    return [("flash in all", in_all), *lines]


def _not_measured(kernels: Sequence[str]) -> str:
    return f"{', '.join(kernels)} {'was' if len(kernels) == 1 else 'were'} not measured"


def _time(estimate: Estimate) -> list[tuple[str, str]]:
    time = estimate.time
    if time is None:
        why = f"nothing was measured of the {estimate.runtime} runtime on {estimate.target.core}"
        return [] if estimate.unsupported else [("time", f"not known: {why}")]
    if time.ticks is None:
        return [("time", f"not known: {_not_measured(estimate.untimed)}")]
    lines = [(time.unit, f"{time.ticks:,} per inference; {_error_text(time.error)}")]
    clock = f"at {estimate.target.core_hz / 1e6:g} MHz"
    if estimate.modelled_time is not None:
        return [*lines, ("counted on", time.source), *_modelled(estimate.modelled_time, clock)]
    if time.unit == "instructions" and time.lowest_ms is None:
        why = f"not known: the cycles of a {estimate.target.core} are not modelled"
        return [*lines, ("counted on", time.source), ("latency", why)]
    if time.lowest_ms is None or time.highest_ms is None:
        latency = f"{time.middle_ms:.2f} ms {clock}, with an unknown error"
        return [*lines, ("latency", latency), ("measured on", time.source)]
    span = f"{time.lowest_ms:.2f} to {time.highest_ms:.2f} ms"
    if time.is_calibrated:
        return [*lines, ("latency", f"{span} {clock}"), ("measured on", time.source)]
    hint = "a range, not a prediction: calibrate with 'nas calibrate'"
    return [*lines, ("latency", f"{span} {clock}; {hint}"), ("counted on", time.source)]


def _modelled(time: ModelledTime, clock: str) -> list[tuple[str, str]]:
    """The modelled cycles and milliseconds, each with the error of its own model."""
    if time.cycles is None or time.middle_ms is None:
        return [("latency, modelled", "not known: no cycles were modelled for a kernel")]
    own = time.model_error
    return [
        (
            "cycles, modelled",
            f"{time.cycles:,} per inference; from the cycle model, {_error_text(time.error)}",
        ),
        (
            "latency, modelled",
            f"{time.middle_ms:.2f} ms {clock}, not measured; the cycle model is off by "
            f"{100 * own.median_fraction:.1f} % (median), "
            f"{100 * own.worst_fraction:.1f} % at worst from {own.calls} calls measured on chips",
        ),
        ("modelled on", f"{time.source}, {time.compiler}"),
    ]


def _dropped(estimate: Estimate) -> list[tuple[str, str]]:
    own = estimate.dropped
    if own.channels == 0:
        return []
    text = f"{own.channels:,} channels and {own.macc:,} MACC, which cannot change the outputs"
    return [("dropped", text)]


def _error_text(error: Error | None) -> str:
    if error is None:
        return "error unknown: too few networks were measured"
    return (
        f"for {error.count} networks held out, off by {100 * error.median:.1f} % (median), "
        f"{100 * error.worst:.1f} % at worst"
    )


def _warnings(estimate: Estimate) -> list[str]:
    lines = [
        f"advice: {need.name} {need.needed:,} of {need.limit:,}, the rule of thumb by which a "
        "search is limited; the chip has no such limit"
        for need in needs(estimate.cost, estimate.limits)
        if need.name == "MACC" and need.is_advice and need.needed > need.limit
    ]
    for exceeded in estimate.exceeded:
        line = f"exceeded: {exceeded.name} {exceeded.needed:,} of {exceeded.limit:,}"
        if exceeded.operator is not None:
            kind = estimate.operators[exceeded.operator].kind
            line += f"; op {exceeded.operator} {kind} takes the most"
        lines.append(line)
    if estimate.unsupported:
        joined = "; ".join(estimate.unsupported)
        is_short = len(joined) < _LINE_CHARACTERS
        separator = " " if is_short else "\n  "
        told = joined if is_short else "\n  ".join(estimate.unsupported)
        lines.append(f"not supported:{separator}{told}")
    if estimate.unmodelled:
        kinds = ", ".join(estimate.unmodelled)
        what = (
            "the arena is not known" if estimate.ram.arena_bytes is None else "missing in the arena"
        )
        lines.append(f"not modelled, {what}, so it may not fit: {kinds}")
    return lines


def calibration_text(model: SpeedModel) -> str:
    """The text of a speed model: its errors, kernel by kernel."""
    rows = [(name, *_error_cells(kernel.error)) for name, kernel in [*model.kernels.items()]]
    rows.append(("whole networks", *_error_cells(model.error)))
    header = ("kernel", "held out", "median error", "worst error")
    text = f"{model.unit} per kernel, from {model.source}\n\n{table(header, rows)}"
    if model.error is not None:
        return text
    return (
        f"{text}\n\nthe error is unknown: one network was measured, so none could be held out; "
        "measure another, calibrate with both"
    )


def _error_cells(error: Error | None) -> tuple[str, str, str]:
    if error is None:
        return _NONE, _NONE, _NONE
    return str(error.count), f"{100 * error.median:.1f} %", f"{100 * error.worst:.1f} %"
