"""Carry out a named study, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_course.experiments.studies.named_study import NamedStudy, Results
from mnist_course.experiments.studies.probes import run_probes
from mnist_course.experiments.studies.run_study import Listener, run_study
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.validity.examine import examine
from mnist_course.experiments.validity.problem import Problem
from mnist_course.workforce.workforce import Workforce

__all__ = ["Carried", "carry_out"]


@dataclass(frozen=True, slots=True)
class Carried:
    """A named study once it is over.

    Parameters
    ----------
    study : NamedStudy
    size : str
    results : Results
    problems : dict of str to tuple of Problem
        What the checks of validity say, by the name of the part; empty for a fair study.
    """

    study: NamedStudy
    size: Size
    results: Results
    problems: dict[str, tuple[Problem, ...]]


def carry_out(
    named: NamedStudy, size: Size, *, store: TrialStore, force: Workforce, listener: Listener
) -> Carried:
    """Get everything that a named study asks for.

    A later part may depend on an earlier one, such as the learning rate that was best.

    Raises
    ------
    StudyError
        If trials gave no result; the others are stored.
    """
    results = Results({}, {}, {})
    problems: dict[str, tuple[Problem, ...]] = {}
    steps = named.steps(size)
    try:
        part = next(steps)
        while True:
            if isinstance(part, Study):
                trials = run_study(part, store=store, force=force, listener=listener)
                results.studies[part.name] = part
                results.trials[part.name] = trials
                if part.axis:
                    problems[part.name] = tuple(examine(trials, part.design()))
                part = steps.send(trials)
            else:
                measured = run_probes(part, store=store, force=force, listener=listener)
                results.probes[part.name] = measured
                part = steps.send(measured)
    except StopIteration:
        return Carried(named, size, results, {n: p for n, p in problems.items() if p})
