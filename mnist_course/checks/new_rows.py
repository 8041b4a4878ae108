"""Rows that nobody has seen before, to measure a model that only the student's process can run.

Such a model may look its answers up. Known test rows are therefore mixed with test rows that were
made slightly new and with training rows; only the new ones count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Questions", "questions", "slightly_new"]

SPECKS = 2  # pixels of an image that get a new value
JITTER = 3  # levels by which the others move at most
KNOWN, OTHERS = 2_500, 5_000  # rows beside the new ones

Pixels = npt.NDArray[np.uint8]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Questions:
    """Rows to ask a model about, in the order new, known, others.

    ``new`` are all test images, made slightly new; ``known`` is a sample of test images as they
    are; ``others`` are training images, made slightly new.
    """

    pixels: Pixels
    new: Classes
    known: Classes
    others: Classes

    def accuracies(self, predicted: Classes) -> tuple[float, float, float]:
        """Return the share of right answers (0..1) on the new, the known and the other rows."""
        first, second = len(self.new), len(self.new) + len(self.known)
        return (
            float((predicted[:first] == self.new).mean()),
            float((predicted[first:second] == self.known).mean()),
            float((predicted[second:] == self.others).mean()),
        )


def slightly_new(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Change images so little that who reads digits does not notice.

    Every pixel that is not black moves by up to ``JITTER`` levels, and ``SPECKS`` pixels anywhere
    get any level. It costs honest networks less than 0.2 points of accuracy.

    Parameters
    ----------
    pixels : array of shape (n, 28, 28), uint8
    rng : numpy.random.Generator
    """
    moved = rng.integers(-JITTER, JITTER + 1, pixels.shape, dtype=np.int16)
    ink = pixels > 0
    new = np.clip(pixels.astype(np.int16) + moved * ink, 0, 255).astype(np.uint8)
    flat = new.reshape(len(new), -1)
    places = rng.integers(0, flat.shape[1], (len(flat), SPECKS))
    flat[np.arange(len(flat))[:, None], places] = rng.integers(0, 256, places.shape, dtype=np.uint8)
    changed: Pixels = flat.reshape(pixels.shape)
    return changed


def questions(
    test: tuple[Pixels, Classes], train: tuple[Pixels, Classes], *, seed: int
) -> Questions:
    """Draw the rows to ask about.

    Parameters
    ----------
    test, train : (pixels, classes)
        Of shapes (n, 28, 28) and (n,).
    seed : int
        Unknown to the student.
    """
    rng = np.random.default_rng(seed)
    known = rng.choice(len(test[0]), min(KNOWN, len(test[0])), replace=False)
    others = rng.choice(len(train[0]), min(OTHERS, len(train[0])), replace=False)
    pixels = np.concatenate(
        [
            slightly_new(test[0], rng),
            test[0][known],
            slightly_new(train[0][others], rng),
        ]
    )
    return Questions(pixels, test[1], test[1][known], train[1][others])
