"""What is wrong with a whole study, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mnist_course.diagnosis.findings import Diagnosis, Finding
from mnist_course.diagnosis.recorded import check_record

if TYPE_CHECKING:
    from mnist_course.experiments.studies.claim import Claim
    from mnist_course.experiments.trials.trial import Trial
    from mnist_course.experiments.validity.design import Design

__all__ = ["diagnose_study"]

# What the record of a single run says about its own training. It is no mistake of the study: an
# arm may fail, and that is its result.
_OF_ONE_RUN = (
    "nan-loss",
    "always-one-class",
    "stuck-at-ln10",
    "learning-rate-too-high",
    "learning-rate-too-low",
)


def diagnose_study(
    trials: Iterable[Trial], design: Design, *, claim: Claim | None = None
) -> Diagnosis:
    """Say what keeps a study from showing what it should show.

    Parameters
    ----------
    trials : iterable of Trial
    design : Design
        What the study is meant to compare, ``Design("dropout", control=0.0)``.
    claim : Claim, optional
        What is concluded from it.

    Returns
    -------
    Diagnosis
        Problems of the study first, each kind once; then, as hints, runs that did not learn.

    Examples
    --------
    >>> diagnose_study(trials, Design("dropout", control=0.0))    # doctest: +SKIP
    """
    from mnist_course.experiments.validity.examine import examine

    given = list(trials)
    findings = [
        Finding(problem.kind, problem.finding.saw, problem.finding.why, problem.finding.next_step)
        for problem in examine(given, design, claim=claim)
    ]
    for trial in given:
        for seen in check_record(trial.fit):
            if seen.name in _OF_ONE_RUN:
                findings.append(
                    Finding(
                        seen.name,
                        f"{trial.arm!r}, seed {trial.seed}: {seen.saw}",
                        seen.why,
                        seen.next_step,
                        "hint",
                    )
                )
    return Diagnosis(findings)
