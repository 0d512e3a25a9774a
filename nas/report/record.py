"""The record of a report: the numbers of all its figures and tables. Pure."""

from typing import Any

from firmware.records.conversion import to_record
from nas.data.proportion import Proportion
from nas.report.facts import Facts, limited_needs, outcome_of
from nas.report.front import front_record, tried_record
from nas.report.headlines import headlines
from nas.report.published import HOST_ROWS, OTHER_WORKS
from nas.report.sections.limits import Limited, limited, limited_of_host, linked
from nas.report.sections.search import stops
from nas.report.statistics import ClassFigures, class_figures
from nas.search.tried import front

SCHEMA = 2


def report_record(facts: Facts) -> dict[str, Any]:
    """The content of report.json; `docs/report.md` describes it."""
    run = facts.run
    return {
        "schema": SCHEMA,
        "run": run.name,
        "is_finished": run.final is not None,
        "headlines": [to_record(own) for own in headlines(facts)],
        "accuracy": {
            "int8": _proportion(facts.int8_accuracy),
            "float": _proportion(facts.float_accuracy),
        },
        "limits": [
            _limited(own) for own in (*limited(facts), *limited_of_host(facts), *linked(facts))
        ],
        "winner": None if facts.leader is None else to_record(facts.leader),
        "trials": [
            to_record(trial) | {"outcome": str(outcome_of(trial, run.config.limits))}
            for trial in run.trials
        ],
        "fronts": {
            name: [tried_record(own, facts) for own in front(facts.tried, name)]
            for name in limited_needs(facts)
        },
        **front_record(facts),
        "search_seconds": run.search_seconds,
        "worker_seconds": sum(trial.seconds for trial in run.trials),
        "path": [to_record(stop) for stop in stops(facts)],
        "training": _training(facts),
        "test": _test(facts),
        "estimate": _estimate(facts),
        "calls": [to_record(call) for call in facts.calls],
        "measured": [to_record(own) for own in facts.measured],
        "published": {
            "hosts": [to_record(own) | {"needs": to_record(own.network)} for own in HOST_ROWS],
            "others": [to_record(own) for own in OTHER_WORKS],
        },
        "provenance": _provenance(facts),
    }


def _proportion(own: Proportion | None) -> dict[str, Any] | None:
    if own is None:
        return None
    lowest, highest = own.interval
    return {**to_record(own), "fraction": own.fraction, "lowest": lowest, "highest": highest}


def _limited(own: Limited) -> dict[str, Any]:
    return {**to_record(own), "used_fraction": own.fraction}


def _training(facts: Facts) -> dict[str, Any] | None:
    final = facts.run.final
    if final is None:
        return None
    return {
        "recipe": facts.run.config.final_recipe(final.winner.candidate),
        "accuracies": list(final.accuracies),
        "losses": None if final.losses is None else list(final.losses),
        "training": None if final.training is None else to_record(final.training),
        "conversion": None if final.conversion is None else to_record(final.conversion),
    }


def _test(facts: Facts) -> dict[str, Any] | None:
    final = facts.run.final
    if final is None or final.answers is None:
        return None
    answers = final.answers
    both = class_figures(answers.in_float), class_figures(answers.in_int8)
    return {
        **to_record(answers),
        "classes": [
            {"name": name, "images": first.images, "float": _class(first), "int8": _class(second)}
            for name, first, second in zip(facts.run.config.classes, *both, strict=True)
        ],
    }


def _class(own: ClassFigures) -> dict[str, Any]:
    return {"recall": _proportion(own.recall), "precision": _proportion(own.precision)}


def _estimate(facts: Facts) -> dict[str, Any] | None:
    if facts.estimate is None or facts.run.final is None:
        return None
    return facts.estimate.as_record() | {"model_sha256": facts.run.final.model_sha256}


def _provenance(facts: Facts) -> dict[str, Any]:
    run, final = facts.run, facts.run.final
    start = to_record(run.start)
    return {
        **start,
        "dataset_key": run.config.dataset_key,
        "model_sha256": None if final is None else final.model_sha256,
        "golden_sha256": None if final is None else final.golden_sha256,
    }
