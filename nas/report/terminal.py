"""Formats the results of a run as text. Pure."""

from typing import Any

from firmware.text_table import table
from nas.quantization.quantize import MOST_INT8_DROP
from nas.report.facts import Facts
from nas.report.front_tables import front_note, front_rows, limit_rows, limits_note
from nas.report.shown import fractions
from nas.spaces import Candidate


def run_text(record: dict[str, Any]) -> str:
    """The trials of a run and its winner, from the content of run.json."""
    rows = [_trial_row(trial, record["winner"]) for trial in record["trials"]]
    candidate = Candidate.from_record(record["winner"]["candidate"])
    header = (
        *(
            candidate.heading,
            "",
            "valid acc",
            "95 % interval",
            "RAM bytes",
            "flash bytes",
            "MACC",
            "s",
        ),
        *("MB", "predicted", "reason"),
    )
    winner = record["winner"]
    trials = table(header, rows, left=2)
    return "\n".join(
        [
            trials,
            "",
            f"winner: {candidate.having(side=0).described}, "
            f"images of {'x'.join(map(str, record['input']))}",
            *_int8_warning(record),
            f"test accuracy: float {_test_accuracy(record, 'float')}, "
            f"int8 {_test_accuracy(record, 'int8')} on {record['images']['test']:,} images "
            "(95 % intervals)",
            f"model: {record['model_bytes']:,} bytes, promised {winner['cost']['model_bytes']:,}; "
            f"SHA-256 {record['model_sha256'][:12]}",
            *_latency(record),
        ]
    )


def _test_accuracy(record: dict[str, Any], model: str) -> str:
    name = f"{model}_test_accuracy"
    return f"{record[name]:.4f} ({fractions(record['intervals'][name])})"


def _latency(record: dict[str, Any]) -> list[str]:
    """The predicted latency beside its limit, and whether a board or a model judged it."""
    limit_us, pace = record["config"]["limits"]["latency_us"], record["config"]["pace"]
    if limit_us is None or pace is None:
        return []
    needed_us = record["winner"]["cost"]["latency_us"]
    judge = "modelled, not measured" if pace["is_modelled"] else "by measurements of a board"
    return [f"latency: at most {needed_us / 1000:.2f} ms of {limit_us / 1000:g} ms, {judge}"]


def _int8_warning(record: dict[str, Any]) -> list[str]:
    """A warning if int8 loses more validation accuracy than the limit."""
    drop = record["valid_accuracy"] - record["int8_valid_accuracy"]
    if drop <= MOST_INT8_DROP:
        return []
    return [
        f"WARNING: on the validation images int8 is {100 * drop:.1f} pp less accurate than float, "
        f"more than {100 * MOST_INT8_DROP:.1f} pp; calibrating with other images did not help"
    ]


def _trial_row(trial: dict[str, Any], winner: dict[str, Any]) -> tuple[str, ...]:
    candidate, cost = Candidate.from_record(trial["candidate"]), trial["cost"]
    repeat = trial["repeat"]
    costs = ("–", "–", "–")
    if cost:
        costs = (f"{cost['arena_bytes']:,}", f"{cost['model_bytes']:,}", f"{cost['macc']:,}")
    is_trained = trial["accuracy"] is not None
    return (
        f"{candidate}" + (f" #{repeat + 1}" if repeat else ""),
        "*" if trial["candidate"] == winner["candidate"] else "",
        f"{trial['accuracy']:.4f}" if is_trained else trial["status"],
        fractions(trial["interval"]) if trial["interval"] else "–",
        *costs,
        f"{trial['seconds']:.1f}" if is_trained else "–",
        f"{trial['peak_anonymous_bytes'] / 1e6:.0f}" if is_trained else "–",
        f"{trial['predicted_anonymous_bytes'] / 1e6:.0f}",
        trial["reason"],
    )


def front_text(facts: Facts) -> str:
    """The front and the costs of the limits, for a terminal."""
    if not facts.all_tried:
        return "no candidate was trained yet"
    return "\n".join(
        [
            table(*front_rows(facts), left=3),
            "",
            front_note(facts),
            "",
            table(*limit_rows(facts)),
            "",
            limits_note(facts),
        ]
    )
