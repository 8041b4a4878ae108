"""What the course of the loss says about the learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from mnist_course.diagnosis.findings import Finding

__all__ = ["USUAL_RATES", "Course", "check_learning_rate"]

USUAL_RATES = {
    "adam": 0.001,
    "adamw": 0.001,
    "nadam": 0.001,
    "adamax": 0.001,
    "rmsprop": 0.001,
    "sgd": 0.01,
}
"""Keras' own defaults."""

_DONE = 0.4  # mean loss of an epoch below which nobody calls the learning slow
_DONE_UNKNOWN = 0.5
_TOO_LARGE_START = 2.8  # ln 10 = 2.303: an epoch's mean far above it was made worse by training
_FEW_UPDATES = 200
_SHORT_TRAINING = 1_000  # updates; before that, a loss that still falls is as it should be


@dataclass(frozen=True, slots=True)
class Course:
    """How the loss went, with what is known of the steps that made it.

    Parameters
    ----------
    loss, val_loss : list of float
        Cross-entropy, mean of each epoch; finite. ``val_loss`` may be empty.
    optimizer : str
        Keras' class in lower case, empty when unknown.
    rate : float or None
        Learning rate, None when unknown or a schedule.
    updates, steps : int or None
        Updates in all, in one epoch.
    """

    loss: list[float]
    val_loss: list[float]
    optimizer: str = ""
    rate: float | None = None
    updates: int | None = None
    steps: int | None = None

    @property
    def relative_rate(self) -> float | None:
        """Learning rate over Keras' default for this optimizer."""
        usual = USUAL_RATES.get(self.optimizer)
        return None if usual is None or self.rate is None else self.rate / usual

    @property
    def rate_in_words(self) -> str:
        """A sentence that compares the learning rate with Keras' default, or nothing."""
        relative = self.relative_rate
        if relative is None:
            return ""
        times = f"{relative:.3g} times" if relative >= 1 else f"1/{1 / relative:.3g} of"
        return f" The learning rate is {self.rate:g}, {times} Keras' default for {self.optimizer}."


def check_learning_rate(course: Course) -> list[Finding]:
    """Say whether the steps were too long, too short or too few; nothing when the loss fell."""
    relative = course.relative_rate
    if _too_high(course, relative):
        return [_finding_too_high(course)]
    loss = course.loss
    falling = all(later < earlier for earlier, later in pairwise(loss))
    slow_by_setting = relative is not None and relative <= 0.2
    if slow_by_setting and loss[-1] > _DONE and loss[-1] <= loss[0]:
        return [
            Finding(
                "learning-rate-too-low",
                f"The training loss is still {loss[-1]:.3f} after {_epochs(len(loss))}."
                f"{course.rate_in_words}",
                "Each update moves the weights by a step in proportion to the learning rate. "
                "These steps go the right way but are so short that the training ends long "
                "before the loss does.",
                "Raise the learning rate tenfold, as the only change, and compare the loss after "
                "the same number of epochs.",
            )
        ]
    if course.updates is not None and course.updates < _FEW_UPDATES:
        if loss[-1] > 1.0:
            return [_finding_few_updates(course.updates, loss[-1])]
        return []
    if course.updates is not None and course.updates < _SHORT_TRAINING:
        return []
    if len(loss) >= 3 and falling and loss[-1] > _DONE_UNKNOWN:
        if relative is not None:
            return [_finding_still_learning(course)]
        return [
            Finding(
                "learning-rate-too-low",
                f"The training loss falls in every epoch and is still {loss[-1]:.3f} after "
                f"{_epochs(len(loss))}.",
                "The steps go the right way, but they are short or too few.",
                "Raise the learning rate (Adam's default is 0.001) or train for more epochs: one "
                "of the two at a time.",
                "hint",
            )
        ]
    return []


def _too_high(course: Course, relative: float | None) -> bool:
    loss = course.loss
    rises = sum(
        later - earlier > 0.05 and later > 1.03 * earlier for earlier, later in pairwise(loss)
    )
    # The mean of few batches jumps by itself, so that a short epoch needs two rises.
    enough = 1 if course.steps is None or course.steps >= 100 else 2
    if rises >= enough and loss[-1] > 0.1:
        return relative is None or relative > 1
    if loss[0] > _TOO_LARGE_START:
        return relative is None or relative > 1
    far_above = relative is not None and relative >= 30
    return far_above and len(loss) >= 2 and loss[-1] > 0.2


def _finding_too_high(course: Course) -> Finding:
    shown = ", ".join(f"{value:.3g}" for value in course.loss[:5])
    more = " ..." if len(course.loss) > 5 else ""
    return Finding(
        "learning-rate-too-high",
        f"The training loss goes {shown}{more} instead of falling to 0.{course.rate_in_words}",
        "Steps that are too long jump over the valley they aim at, so the loss rises again or "
        "stays where it is, and hidden units may die on the way.",
        "Divide the learning rate by 10, as the only change, and build the network again. Check "
        "as well that the pixels were divided by 255.",
    )


def _finding_few_updates(updates: int, loss: float) -> Finding:
    return Finding(
        "few-updates",
        f"The weights were updated {updates} times in all; the training loss is {loss:.3f}.",
        "A network learns by updates, and a few dozen are not enough to judge it. The usual five "
        "epochs of 60,000 images with batch size 32 are 9,375 updates.",
        "Use more images, a smaller batch size or more epochs before you change anything else.",
        "hint",
    )


def _finding_still_learning(course: Course) -> Finding:
    return Finding(
        "still-learning",
        f"The training loss falls in every epoch and is still {course.loss[-1]:.3f} after "
        f"{_epochs(len(course.loss))}.{course.rate_in_words}",
        "The network had not finished learning when the training ended.",
        "Train for more epochs or give it wider layers: one of the two at a time.",
        "hint",
    )


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"
