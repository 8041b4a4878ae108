"""Points for a whole study: its arms, its runs, what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.claimed import check_claim
from mnist_course.checks.study.parts import PARTS, parts_of
from mnist_course.checks.study.plots import check_study_plot
from mnist_course.checks.study.reading import trials_in
from mnist_course.checks.study.rerun import repeat_one
from mnist_course.checks.study.tables import check_study_table
from mnist_course.checks.study.validity import (
    check_arms,
    check_one_change,
    check_runs,
    comparable,
)
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.examine import examine
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_study"]


def check_study(
    trials: Any,
    *,
    design: Design,
    points: Mapping[str, float],
    table: Any = None,
    figure: Any = None,
    claim: Any = None,
    rerun: bool = False,
    names: Mapping[str, str] | None = None,
) -> Score:
    """Give points for a study: what was done, and what is said about it.

    Parameters
    ----------
    trials : list of Trial
        What ``run_arms`` returned, or anything that holds trials.
    design : Design
        What a fair comparison needs here.
    points : mapping of str to float
        For each part of `PARTS` that counts: ``arms`` (all there, the control among them),
        ``one change`` (the arms differ in the axis alone, and are what they are called), ``runs``
        (fresh weights, enough different seeds, honest images), ``table``, ``plot``, ``claim``.
    table : pandas.DataFrame, optional
    figure : matplotlib.figure.Figure, optional
    claim : Claim, optional
    rerun : bool
        Train one of the student's own runs again; a run that does not come out again costs
        ``runs``, ``table`` and ``claim``. For the hidden part of a grade cell.
    names : mapping of str to str, optional
        The student's variables, such as ``{"table": "optimizer_table"}``, for the sentences.

    Returns
    -------
    Score

    Raises
    ------
    CannotGrade
        If the grader cannot repeat a run.
    """
    wanted = parts_of(dict(points))
    called = {"trials": "trials", "table": "table", "plot": "figure", "figure": "figure",
              "claim": "claim"} | dict(names or {})  # fmt: skip
    called["plot"] = called["figure"]
    of = float(sum(points.values()))
    try:
        given = trials_in(trials, name=called["trials"])
    except CheckFailed as failed:
        return Score(0, of, findings=(failed.finding,))
    problems = examine(given, design)
    scores = _scores(given, design, problems, points, (table, figure, claim), called)
    if rerun and "runs" in scores and scores["runs"] > 0:
        lost = repeat_one(given, design)
        if lost is not None:
            for part in {"runs", "table", "claim"} & set(scores):
                scores[part] = Score(0, points[part])
            scores["runs"] = Score(0, points["runs"], findings=(lost,))
    earned = sum(float(score) for score in scores.values())
    told = [(part, finding) for part in wanted for finding in scores[part].findings]
    # What is to be done comes before what is right.
    told.sort(key=lambda pair: float(scores[pair[0]]) >= points[pair[0]])
    return Score(earned, of, findings=_once(finding for _, finding in told))


def _scores(
    trials: list[Trial],
    design: Design,
    problems: Sequence[Problem],
    points: Mapping[str, float],
    made: tuple[Any, Any, Any],
    called: Mapping[str, str],
) -> dict[str, Score]:
    table, figure, claim = made
    nothing = comparable(trials)
    rules: dict[str, Callable[[float], Score]] = {
        "arms": lambda p: check_arms(trials, design, problems, points=p),
        "one change": lambda p: check_one_change(trials, design, problems, points=p),
        "runs": lambda p: check_runs(trials, design, problems, points=p),
        "table": lambda p: check_study_table(table, trials, design, points=p, name=called["table"]),
        "plot": lambda p: check_study_plot(figure, trials, design, points=p, name=called["plot"]),
        "claim": lambda p: check_claim(claim, trials, design, points=p, name=called["claim"]),
    }
    scores = {}
    for part in PARTS:
        if part not in points:
            continue
        if nothing is not None and part in ("table", "plot", "claim"):
            # What is made of a single run is made of nothing.
            scores[part] = Score(0, points[part], findings=(nothing,))
        else:
            scores[part] = rules[part](points[part])
    return scores


def _once(findings: Any) -> list[Finding]:
    return list(dict.fromkeys(findings))
