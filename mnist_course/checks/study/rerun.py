"""Points kept when a run comes out again as the student has it."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Sequence

from mnist_course.checks import backend
from mnist_course.checks.score import CannotGrade, note_for_staff
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, of_arm
from mnist_course.experiments.validity.shipped_trials import is_shipped
from mnist_course.grading.results import Finding

__all__ = ["repeat_one"]

# How far two runs of one configuration with one seed may be apart, on other machines.
_ROOM = {"accuracy": 0.02, "cross_entropy": 0.1, "mse": 0.005}
_TRIES = 2


def repeat_one(trials: Sequence[Trial], design: Design) -> Finding | None:
    """Train one of the student's own runs again and compare what came out.

    Runs that the course has too, under whatever name, are compared with the course's. Of the others
    one is drawn by the content of all of them, cheap ones first. Only when a second one is as far
    off does it count: on another processor a run that nearly diverges may go another way.

    Parameters
    ----------
    trials : sequence of Trial
    design : Design

    Returns
    -------
    Finding or None
        None when the run was repeated, or none of them can be.

    Raises
    ------
    CannotGrade
        If the grader cannot train a run that it should.
    """
    if unlike := _unlike_shipped(trials, design):
        return _not_repeatable(unlike)
    own = [t for t in trials if t.configuration is not None and not is_shipped(t)]
    drawn = _drawn(own, design)
    if not drawn:
        note_for_staff(f"no run of {len(trials)} could be repeated: none has a configuration of "
                       "its own")  # fmt: skip
        return None
    told = []
    for trial in drawn[:_TRIES]:
        saw = _differs(trial, _again(trial), trials, design, "trained again by the grader")
        if saw is None:
            return None
        told.append(saw)
    return _not_repeatable(told)


def _not_repeatable(told: Sequence[str]) -> Finding:
    note_for_staff(f"runs that did not come out again: {'; '.join(told)}")
    return Finding(
        told[0],
        "A result that others cannot repeat is no result.",
        "Leave the trials as `run` returns them, and run all cells again from the top.",
    )


def _drawn(own: Sequence[Trial], design: Design) -> list[Trial]:
    """Return the runs in the order in which to try them."""
    content = "".join(sorted(trial.fit.weights_after for trial in own))

    def key(trial: Trial) -> tuple[int, str]:
        rows = 0 if trial.fit.data is None else trial.fit.data.rows
        cost = trial.fit.epochs * rows * max(1, trial.fit.parameters // 10_000)
        drawn = hashlib.blake2b(f"{content}/{trial.fit.weights_after}".encode(), digest_size=8)
        # Costs within a factor of four are alike.
        return int(math.log(max(cost, 1), 4)), drawn.hexdigest()

    known = [trial for trial in own if _metric(trial, design) is not None]
    return sorted(known, key=key)


def _metric(trial: Trial, design: Design) -> str | None:
    for name in (design.metric, "val_accuracy", "val_mse", "val_cross_entropy"):
        if name in trial.measured and any(word in name for word in _ROOM):
            return name
    return None


def _again(trial: Trial) -> Trial | None:
    if trial.configuration is None:  # never: see `_drawn`
        return None
    return backend.current().run_trial(trial.configuration, seed=trial.seed)


def _as_shipped(trial: Trial) -> Trial | None:
    return None if trial.configuration is None else shipped(trial.configuration, trial.seed)


def _unlike_shipped(trials: Sequence[Trial], design: Design) -> list[str]:
    """Say which trials the course has otherwise; those marked as shipped are compared before."""
    renamed = [trial for trial in trials if trial.source != "shipped" and is_shipped(trial)]
    told = (
        _differs(trial, _as_shipped(trial), trials, design, "as the course ships it")
        for trial in renamed
    )
    return [saw for saw in told if saw is not None]


def _differs(
    trial: Trial, again: Trial | None, trials: Sequence[Trial], design: Design, how: str
) -> str | None:
    name = _metric(trial, design)
    if name is None or again is None:
        return None
    if name not in again.measured:
        raise CannotGrade(f"a run was repeated without {name}")
    mine, other = trial.measured[name], again.measured[name]
    if not math.isfinite(mine) or not math.isfinite(other):
        near = math.isfinite(mine) == math.isfinite(other)
    else:
        near = abs(mine - other) <= _room(name, trial, trials)
    if near:
        return None
    return (
        f"{of_arm(trial)} has {name} {mine:.4f}; {how}, from the same configuration, "
        f"it has {other:.4f}."
    )


def _room(name: str, trial: Trial, trials: Sequence[Trial]) -> float:
    values = [
        value
        for run in by_arm(trials)[trial.arm]
        if math.isfinite(value := run.measured.get(name, math.nan))
    ]
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    word = next(word for word in _ROOM if word in name)
    # A forged run must not widen its own limit without bound.
    return max(_ROOM[word], min(3 * sd, 3 * _ROOM[word]))
