"""The section about the search and the outcome of every candidate. Pure."""

from firmware.progress import duration
from nas.data.proportion import wilson_interval
from nas.report.facts import Facts, TrialOutcome, leader_name, limit_of, limited_needs, outcome_of
from nas.report.figures.search_path import Stop, path_plot
from nas.report.figures.tradeoff import Dot, NotTrained, Tradeoff, tradeoff_plot
from nas.report.front_tables import need_header
from nas.report.page import Figure, Section, Table, Tone
from nas.report.shown import NONE, accuracy, ends, percent, plural
from nas.search.trials import Trial
from nas.search.tried import Tried, front, needed_by
from nas.spaces import Candidate


def search_section(facts: Facts) -> Section:
    """Accuracy against each need, the path of the search, and a table of all trials."""
    trials = facts.run.trials
    if not trials:
        text = "No candidate was evaluated yet."
        return Section("search", "The search", missing=(text,))
    drawn = [_tradeoff(facts, name) for name in limited_needs(facts)]
    figures = tuple(
        Figure(own.key, f"Accuracy against {own.name}", tradeoff_plot(own)) for own in drawn
    )
    axes = facts.run.start.axes
    path = path_plot(stops(facts), axes.width, axes.depth)
    way = Figure("path", "The path of the search, in order", path)
    return Section("search", "The search", _notes(facts), (*figures, way), (_table(facts),))


def _notes(facts: Facts) -> tuple[str, ...]:
    config, trials = facts.run.config, facts.run.trials
    trained = [trial for trial in trials if trial.accuracy is not None]
    axes = facts.run.start.axes
    candidates = plural(len({trial.candidate for trial in trials}), "candidate")
    notes = [
        f"{plural(len(trials), 'trial')} of {candidates} ({axes.width}; {axes.depth}), "
        f"{len(trained)} of them trained for {plural(config.epochs, 'epoch')}. "
        f"{time_text(facts)} Space {config.space}, strategy {config.strategy}."
    ]
    images, leader = facts.judging_images, facts.leader
    own = next((t for t in facts.tried if leader and t.candidate == leader.candidate), None)
    if images and own is not None:
        where = f"{images:,} validation images"
        if config.folds > 1:
            where = f"{images:,} training and validation images, in {config.folds} folds"
        notes.append(
            f"An accuracy is the best of the epochs on {where}; a candidate counts with the mean "
            f"of its trainings. {percent(own.accuracy)} on so many images has a 95 % interval of "
            f"{ends(wilson_interval(own.accuracy, images))}, so candidates closer than that are "
            "not told apart by one training."
        )
    return tuple(notes)


def time_text(facts: Facts) -> str:
    """The time that passed, and the time of all workers together: other than one with several."""
    worker = f"Worker time {duration(sum(trial.seconds for trial in facts.run.trials))}"
    if facts.run.search_seconds is None:
        return f"{worker}, the sum over all trainings; the time that passed is not in the record."
    return f"The search took {duration(facts.run.search_seconds)}. {worker}, summed over trainings."


def _tradeoff(facts: Facts, name: str) -> Tradeoff:
    limits = facts.run.config.limits
    unit, limit = limit_of(limits, name)
    not_trained = [
        (trial, needed_by(trial, limits))
        for trial in facts.run.trials
        if _was_not_trained(trial, facts)
    ]
    return Tradeoff(
        key=f"against-{name.lower()}",
        name=name,
        unit=unit,
        limit=limit,
        leader=leader_name(facts),
        dots=tuple(_dot(own, name, facts) for own in facts.tried if name in own.needed),
        not_trained=tuple(
            NotTrained(needed[name], outcome_of(own, limits), _not_trained_tip(own))
            for own, needed in not_trained
            if name in needed
        ),
        front=tuple((own.needed[name], own.accuracy) for own in front(facts.tried, name)),
    )


def _was_not_trained(trial: Trial, facts: Facts) -> bool:
    return outcome_of(trial, facts.run.config.limits) is not TrialOutcome.TRAINED


def _dot(own: Tried, name: str, facts: Facts) -> Dot:
    return Dot(
        own.needed[name],
        own.accuracies,
        own.accuracy,
        _tried_tip(own, facts),
        _is_leader(own.candidate, facts),
    )


def _is_leader(candidate: Candidate, facts: Facts) -> bool:
    return facts.leader is not None and candidate == facts.leader.candidate


def _tried_tip(own: Tried, facts: Facts) -> str:
    needed = ", ".join(f"{name} {value:,}" for name, value in own.needed.items())
    trainings = plural(len(own.accuracies), "training")
    shown = accuracy(own.accuracy, facts.judging_images)
    return f"{own.candidate}: {shown}, mean of {trainings}; {needed}"


def _not_trained_tip(trial: Trial) -> str:
    return f"{trial.candidate}: {trial.reason or trial.status}"


def stops(facts: Facts) -> tuple[Stop, ...]:
    """The candidates in the order in which they were first judged."""
    limits, axes = facts.run.config.limits, facts.run.start.axes
    accuracies = {own.candidate: own for own in facts.tried}
    orders: dict[Candidate, list[int]] = {}
    first: dict[Candidate, Trial] = {}
    for order, trial in enumerate(facts.run.trials, 1):
        orders.setdefault(trial.candidate, []).append(order)
        first.setdefault(trial.candidate, trial)
    return tuple(
        Stop(
            candidate.get(axes.width.name, 0),
            candidate.get(axes.depth.name, 0),
            candidate.side,
            tuple(orders[candidate]),
            accuracies[candidate].accuracy if candidate in accuracies else None,
            outcome_of(trial, limits),
            _tried_tip(accuracies[candidate], facts)
            if candidate in accuracies
            else _not_trained_tip(trial),
            _is_leader(candidate, facts),
        )
        for candidate, trial in first.items()
    )


def _table(facts: Facts) -> Table:
    names = limited_needs(facts)
    header = (
        *(
            "trial",
            facts.run.trials[0].candidate.heading,
            "accuracy",
            "95 % interval",
            *(need_header(facts, name) for name in names),
        ),
        *("s", "host MB predicted", "measured", "outcome"),
    )
    align = "ll" + "r" * (len(names) + 5) + "l"
    rows = [_row(order, trial, facts) for order, trial in enumerate(facts.run.trials, 1)]
    tones = [_tone(trial, facts) for trial in facts.run.trials]
    return Table("Every trial, in order", header, tuple(rows), align, tuple(tones), is_wide=True)


def _row(order: int, trial: Trial, facts: Facts) -> tuple[str, ...]:
    needed = needed_by(trial, facts.run.config.limits)
    end = outcome_of(trial, facts.run.config.limits)
    is_trained = trial.accuracy is not None
    again = f" again ({trial.repeat + 1})" if trial.repeat else ""
    what = f"{end}: {trial.reason}" if trial.reason else f"{end}{again}"
    return (
        str(order),
        str(trial.candidate),
        percent(trial.accuracy) if trial.accuracy is not None else NONE,
        NONE if trial.interval is None else ends(trial.interval),
        *(f"{needed[name]:,}" if name in needed else NONE for name in limited_needs(facts)),
        f"{trial.seconds:.1f}" if is_trained else NONE,
        f"{trial.predicted_anonymous_bytes / 1e6:.1f}" if trial.predicted_anonymous_bytes else NONE,
        f"{trial.peak_anonymous_bytes / 1e6:.1f}" if is_trained else NONE,
        what,
    )


def _tone(trial: Trial, facts: Facts) -> Tone:
    if _is_leader(trial.candidate, facts):
        return Tone.LEADER
    return Tone.QUIET if _was_not_trained(trial, facts) else Tone.NEUTRAL
