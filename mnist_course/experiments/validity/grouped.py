"""The trials of a study by arm, with a few words about them."""

from __future__ import annotations

from collections.abc import Iterable

from mnist_course.experiments.trials.trial import Trial

__all__ = ["by_arm", "listed", "of_arm", "planned_epochs", "updates_of"]

_SHOWN = 4
_LONGEST = 40


def by_arm(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """Return the trials of each arm, arms in the order in which they first appear."""
    arms: dict[str, list[Trial]] = {}
    for trial in trials:
        arms.setdefault(trial.arm, []).append(trial)
    return arms


def listed(words: Iterable[object]) -> str:
    """Return ``a, b and c``, at most four of them, each cut."""
    texts = [_cut(str(word)) for word in words]
    if len(texts) > _SHOWN:
        texts = [*texts[: _SHOWN - 1], f"{len(texts) - _SHOWN + 1} more"]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def of_arm(trial: Trial) -> str:
    """Return ``'adam', seed 3`` for a sentence."""
    return f"{_cut(trial.arm)!r}, seed {trial.seed}"


def planned_epochs(trial: Trial) -> int:
    """Return the epochs that were asked for, those that were done where nobody knows."""
    if trial.configuration is not None:
        return trial.configuration.epochs
    return trial.fit.epochs_planned or trial.fit.epochs


def updates_of(trial: Trial) -> int:
    """Return how often the weights were changed."""
    return trial.fit.steps


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
