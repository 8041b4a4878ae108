"""The course's own studies and trials raise no alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnist_course.experiments import Design, Trial
from mnist_course.experiments.studies.catalogue import STUDIES
from mnist_course.experiments.studies.sizes import SIZES, Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.shipped import shipped_trials
from mnist_course.experiments.validity.examine import examine
from tests.experiments.validity.cases import none_shipped
from tests.experiments.validity.pretend import pretend


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STUDIES)
def test_the_design_of_every_named_study_is_valid(name: str, size: Size) -> None:
    """With runs as they should be, each part of each study passes all checks."""
    steps = STUDIES[name].steps(size)
    found, answer = {}, None
    try:
        while True:
            part = next(steps) if answer is None else steps.send(answer)
            answer = []
            if isinstance(part, Study):
                planned = [p for p in part.trials() if p.configuration.task == "classify"]
                answer = [pretend(p.configuration, p.seed, p.arm) for p in planned]
                if answer:
                    problems = examine(answer, part.design(), find_shipped=none_shipped)
                    found[part.name] = [str(problem) for problem in problems]
    except StopIteration:
        pass
    assert not any(found.values()), found


def test_no_shipped_trial_has_a_problem_of_its_own() -> None:
    arms: dict[str, list[Trial]] = {}
    for trial in shipped_trials():
        assert trial.configuration is not None
        arm = str(trial.configuration.changed())
        arms.setdefault(arm, []).append(replace(trial, arm=f"arm {len(arms)}"))
    design = Design("dropout", arms=1, seeds=1)
    found = {
        arm: [str(problem) for problem in problems]
        for arm, runs in arms.items()
        if (problems := examine([replace(run, arm=runs[0].arm) for run in runs], design))
    }
    assert arms and not found, found
