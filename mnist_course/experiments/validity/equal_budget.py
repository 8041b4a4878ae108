"""Whether all arms got as much training, in the sense that the question asks for."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, planned_epochs, updates_of
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_equal"]

# How far the amounts may be apart, as a part of the larger one. Parameters come in whole units.
_TOLERANCE = {"epochs": 0.0, "updates": 0.02, "parameters": 0.1}


def check_equal(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms that are not equal in what must be equal."""
    arms = {arm: runs[0] for arm, runs in by_arm(trials).items()}
    if len(design.equals) > 1:
        return _of_groups(arms, design)
    return [
        _unequal(word, arms)
        for word in design.equals
        if not _is_equal([_amount(trial, word) for trial in arms.values()], word)
    ]


def _of_groups(arms: dict[str, Trial], design: Design) -> list[Problem]:
    """Find that one of the groups is missing: arms equal in one thing, arms equal in the other."""
    problems = []
    for word in design.equals:
        group = _largest_group(list(arms.values()), word)
        # A group needs different settings, not the same one as often as there are groups.
        if len(group) < max(2, design.least_arms // len(design.equals)):
            problems.append(_unequal(word, arms))
    return problems


def _largest_group(trials: list[Trial], word: str) -> list[Trial]:
    if word == "epochs":
        # A number of updates is no number of epochs, even where both come out alike.
        trials = [t for t in trials if t.configuration is None or t.configuration.updates is None]
    groups = [
        [t for t in trials if _is_equal([_amount(t, word), _amount(one, word)], word)]
        for one in trials
    ]
    return max(groups, key=len, default=[])


def _amount(trial: Trial, word: str) -> int:
    if word == "epochs":
        asked = trial.configuration
        by_updates = asked is not None and asked.updates is not None
        return trial.fit.epochs if by_updates else planned_epochs(trial)
    return updates_of(trial) if word == "updates" else trial.fit.parameters


def _is_equal(amounts: list[int], word: str) -> bool:
    return max(amounts) - min(amounts) <= _TOLERANCE[word] * max(amounts) if amounts else True


def _unequal(word: str, arms: dict[str, Trial]) -> Problem:
    amounts = {arm: _amount(trial, word) for arm, trial in arms.items()}
    least, most = (f(amounts, key=amounts.__getitem__) for f in (min, max))
    counts = f"{amounts[most]:,} {word} in {most!r}, {amounts[least]:,} in {least!r}"
    if word == "parameters":
        return Problem(
            "unequal-parameters",
            Finding(
                f"The networks differ in size: {counts}.",
                "A larger network can hold more, whatever its shape. So the size makes part of the "
                "difference, and nobody can say which part.",
                "Choose the units so that all arms have nearly as many parameters.",
            ),
            (least, most),
        )
    if word == "updates":
        return Problem(
            "unequal-updates",
            Finding(
                f"The arms differ in how often the weights were changed: {counts}.",
                "Equal epochs are not equal updates: an epoch with batch size 8 has 16 times as "
                "many updates as one with 128. So the difference may be that of more training.",
                "Give all arms the same `updates`, beside a comparison at equal epochs.",
            ),
            (least, most),
        )
    return Problem(
        "unequal-epochs",
        Finding(
            f"The arms were not all trained for as many epochs: {counts}.",
            "Who sees the images more often learns more, whatever else was changed.",
            "Give all arms the same `epochs`.",
        ),
        (least, most),
    )
