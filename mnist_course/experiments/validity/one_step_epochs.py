"""Whether the weights were changed more than once in an epoch."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axes import belonging
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_steps"]

_MANY_ROWS = 1_000


def check_steps(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs whose epochs are a single update each."""
    _, knobs = belonging(design.free)
    found = [t for t in trials if _one_step(t)]
    if "batch size" in knobs and len(found) < len(trials):
        return []  # all images in one batch is an end of that axis
    if not found:
        return []
    first = found[0]
    rows = 0 if first.fit.data is None else first.fit.data.rows
    return [
        Problem(
            "one-step-epochs",
            Finding(
                f"{of_arm(first)} made {first.fit.steps} updates in {first.fit.epochs} epochs of "
                f"{rows:,} images.",
                "A network learns by updates, not by epochs: after so few of them every arm is "
                "still near its start.",
                "Use batch_size=32 to 128, and leave steps_per_epoch out.",
            ),
            tuple(dict.fromkeys(t.arm for t in found)),
        )
    ]


def _one_step(trial: Trial) -> bool:
    fit = trial.fit
    rows = 0 if fit.data is None else fit.data.rows
    asked = trial.configuration
    if asked is not None and asked.updates is not None:
        return False
    return fit.epochs > 1 and 0 < fit.steps <= fit.epochs and rows >= _MANY_ROWS
