"""Composes the report of a run. Pure."""

from nas.report.facts import Facts
from nas.report.headlines import headlines
from nas.report.page import Page
from nas.report.sections.board import board_section
from nas.report.sections.classes import classes_section
from nas.report.sections.front import front_section
from nas.report.sections.host import host_section
from nas.report.sections.limits import limits_section
from nas.report.sections.provenance import provenance_section
from nas.report.sections.published import published_section
from nas.report.sections.search import search_section
from nas.report.sections.target import target_section
from nas.report.sections.training import training_section
from nas.report.shown import plural


def make_page(facts: Facts) -> Page:
    """The report: all sections, in order."""
    return Page(
        title=f"{facts.run.name} on {facts.run.config.target}",
        subtitle=_subtitle(facts),
        notice=_notice(facts),
        headlines=headlines(facts),
        sections=(
            limits_section(facts),
            board_section(facts),
            search_section(facts),
            front_section(facts),
            training_section(facts),
            classes_section(facts),
            target_section(facts),
            host_section(facts),
            published_section(facts),
            provenance_section(facts),
        ),
    )


def _subtitle(facts: Facts) -> str:
    config, leader = facts.run.config, facts.leader
    kind = f"Image classifier of {len(config.classes)} classes"
    if leader is None:
        return f"{kind}, {config.space} space, {config.runtime} runtime"
    shape = "×".join(map(str, config.input_of(leader.candidate)))
    return (
        f"{kind}, input {shape}, {leader.candidate.having(side=0).described} of the "
        f"{config.space} space, {config.runtime} runtime"
    )


def _notice(facts: Facts) -> str:
    if facts.run.final is not None:
        return ""
    trained = sum(trial.accuracy is not None for trial in facts.run.trials)
    return (
        f"This run is not finished: {plural(len(facts.run.trials), 'trial')} so far, {trained} "
        "trained. The report shows the results so far."
    )
