"""Points for a log of experiments that someone else can follow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_course.checks.retraining import run_again
from mnist_course.checks.score import CannotGrade, Score, ramp
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["Experiment", "check_log", "experiments", "rerun_one_entry"]

WORDS_OF_A_REASON = 3
_CHEAP_ROWS = 300_000  # five passes through the training images


@dataclass(frozen=True, slots=True)
class Experiment:
    """A fit that differs in exactly one setting from an earlier one.

    ``compared_with`` is that earlier fit, ``setting`` the name of what differs.
    """

    fit: FitRecord
    compared_with: FitRecord
    setting: str

    @property
    def has_reason(self) -> bool:
        """True when the student said why, in a few words at least."""
        return len(self.fit.why.split()) >= WORDS_OF_A_REASON

    def failed(self, target: float) -> bool:
        """Return True when the idea did not reach the target, or made things worse."""
        if self.fit.accuracy is None:
            return False
        before = self.compared_with.accuracy
        return self.fit.accuracy < target or (before is not None and self.fit.accuracy < before)


def experiments(log: ExperimentLog) -> list[Experiment]:
    """Return the experiments of a log, in order.

    A fit does not count when it repeats the settings of an earlier one, stopped before its first
    epoch was over, or trained on images of the test set.
    """
    found: list[Experiment] = []
    for i, fit in enumerate(log.fits):
        if not fit.epochs or (fit.data is not None and fit.data.test_rows):
            continue
        if any(not log.changed_knobs(earlier, fit) for earlier in log.fits[:i]):
            continue
        before = log.one_knob_apart(fit)
        if before is not None:
            found.append(Experiment(fit, before, log.changed_knobs(before, fit)[0]))
    return found


def check_log(
    log: ExperimentLog,
    *,
    entries: Mapping[float, float],
    reasons: float = 1,
    failure: float = 2,
    target: float = 0.95,
    of: float = 10,
) -> Score:
    """Give points for experiments that change one thing at a time and say why.

    Parameters
    ----------
    log : ExperimentLog
    entries : mapping of float to float
        Number of experiments to points, such as ``{1: 1, 2: 2, 3: 4}``; the largest number is the
        number wanted.
    reasons : float
        For a sentence with every experiment.
    failure : float
        For at least one idea that failed.
    target : float
        Test accuracy (0..1) below which an experiment counts as failed.
    of : float
        Points of the whole item. What is missing to it comes from :func:`rerun_one_entry`.
    """
    done = experiments(log)
    wanted = int(max(entries))
    points = ramp(len(done), entries)
    findings = [_count(done, wanted, len(log.fits))]
    without = [e.fit.number for e in done if not e.has_reason]
    if without:
        numbers = ", ".join(map(str, without))
        findings.append(
            Finding(
                f"No reason yet for fit {numbers}.",
                "A change without a reason is a guess; next week you will not know what it was.",
                f'log.why({without[0]}, "I changed ... because ...")',
            )
        )
    elif len(done) >= wanted:
        points += reasons
    if any(e.failed(target) for e in done):
        points += failure
    elif done:
        findings.append(
            Finding(
                "No experiment in the log failed.",
                "An idea that does not work says as much about the network as one that does.",
                "Log a change that you expect to be too weak on its own, and say what it shows.",
            )
        )
    return Score(points, of, findings=findings)


def _count(done: list[Experiment], wanted: int, fits: int) -> Finding:
    listed = ", ".join(f"fit {e.fit.number} ({e.setting})" for e in done[:8])
    saw = f"{len(done)} of {fits} recorded fits change exactly one setting of an earlier one"
    if len(done) >= wanted:
        return Finding(f"{saw}: {listed}.")
    return Finding(
        f"{saw}{': ' + listed if listed else ''}; {wanted} are wanted.",
        "When two settings change at once, nobody can say which of them helped.",
        "Build a new network, change one setting, fit it, and say why with log.why(...).",
    )


def rerun_one_entry(
    log: ExperimentLog, *, tolerance: float = 0.02, points: float = 3, wanted: int = 3
) -> Score:
    """Train one logged experiment again and compare with the accuracy that the log claims.

    Which one is drawn at random from the log's own content, so that grading twice draws the same
    one, among the entries that are cheap to train.

    Parameters
    ----------
    log : ExperimentLog
    tolerance : float
        How far the claim may lie outside the runs (0.02: two percentage points).
    points : float
    wanted : int
        Experiments that the log must hold.

    Raises
    ------
    CannotGrade
        If none of the entries can be trained again.
    """
    done = [e.fit for e in experiments(log) if e.fit.accuracy is not None]
    if len(done) < wanted:
        return Score(
            0,
            points,
            f"No entry was trained again: {len(done)} of {wanted} experiments are there.",
            "With enough entries, one that is drawn at random must come out as logged.",
        )
    reason = CannotGrade("no entry of the log can be trained again")
    for fit in _drawn(done):
        try:
            return _compare(fit, tolerance=tolerance, points=points)
        except CannotGrade as error:
            reason = error
    raise reason


def _drawn(fits: list[FitRecord]) -> list[FitRecord]:
    """Return the fits in the order in which to try them: cheap ones first, shuffled by content."""
    cost = {fit.number: fit.epochs * (fit.data.rows if fit.data else 60_000) for fit in fits}
    limit = max(_CHEAP_ROWS, min(cost.values()))
    content = "".join(fit.weights_after for fit in fits)

    def key(fit: FitRecord) -> tuple[bool, int, str]:
        drawn = hashlib.blake2b(f"{content}/{fit.number}".encode(), digest_size=8).hexdigest()
        # A fit that went on from an earlier one needs that one's weights, which may be missing.
        chained = fit.continued_from is not None
        return chained, max(0, cost[fit.number] - limit), drawn

    return sorted(fits, key=key)


def _compare(fit: FitRecord, *, tolerance: float, points: float) -> Score:
    claimed = fit.accuracy or 0.0
    runs: list[float] = []
    # The start decides much in a network that learns slowly. With the recorded start, one run
    # nearly always decides; a second one shows how far chance alone goes.
    for seed in (1, 2):
        runs.append(run_again(fit, seed=seed, initial_weights=fit.initial_weights))
        far = claimed < min(runs) - tolerance or claimed > max(runs) + tolerance
        if not far and (fit.initial_weights is not None or len(runs) > 1):
            break
    told = " and ".join(f"{value:.2%}" for value in runs)
    saw = f"Fit {fit.number} claims {claimed:.2%}; trained again by the grader it reached {told}."
    if far:
        return Score(
            0,
            points,
            saw,
            f"A result that others cannot repeat within {tolerance:.0%} is no result.",
            "Build a new network before every fit, and do not edit cells after running them.",
        )
    return Score(points, points, saw)
