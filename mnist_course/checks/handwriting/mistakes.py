"""The mistakes in converted images, each in a sentence of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mnist_course.checks.handwriting.look import Look
from mnist_course.grading.results import Finding

__all__ = ["MISTAKES", "findings"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Words for one mistake; ``saw`` has places for ``n`` drawings ``of`` so many, ``number``."""

    saw: str
    why: str
    next_step: str


MISTAKES: dict[str, Mistake] = {
    "form": Mistake(
        "{n} of {of} times the result is not 28 × 28 finite numbers.",
        "The reader takes an array of shape (28, 28) and nothing else.",
        "End `to_mnist` with `return` and a NumPy array of shape (28, 28).",
    ),
    "empty": Mistake(
        "{n} of {of} times the result is the same everywhere: there is no digit in it.",
        "A digit whose largest value is almost 0 is black on black.",
        "Look at the picture after each step. Divide by 255 only once, and only whole numbers.",
    ),
    "inverted": Mistake(
        "{n} of {of} times the result has dark ink on a bright ground, which is at {number:.2f}.",
        "The reader knows bright ink on black. On a negative it can only guess.",
        "Compare the ink with the ground at the rim of the picture; where the ink is darker, "
        "turn the values around.",
    ),
    "ground": Mistake(
        "{n} of {of} times the ground is still there: on average it is at {number:.2f} where "
        "0 is meant.",
        "Paper, light and ruled lines are input to the reader like ink, and pull the centre of "
        "mass to the middle of the sheet.",
        "Subtract the brightness of the ground, then set what is much fainter than the ink to 0.",
    ),
    "other": Mistake(
        "{n} of {of} times the result does not look like the digit that was drawn: part of it is "
        "cut off, something else is left beside it, or ink and ground were mixed up.",
        "A line or a speck of dust that counts as ink makes the crop too large; a threshold that "
        "is too high cuts strokes away.",
        "Draw the result beside the drawing, with the crop's edges, and change the threshold.",
    ),
    "turned": Mistake(
        "{n} of {of} times the result is mirrored, turned, or has rows and columns swapped.",
        "Arrays count rows first, (y, x); pictures and PIL's `resize` count (width, height).",
        "Look at a drawing of a 2 or a 7 before and after each step.",
    ),
    "fills": Mistake(
        "{n} of {of} times the digit fills the frame: its longer side has {number:.0f} "
        "pixels instead of 20.",
        "MNIST leaves a margin of four pixels or more, so the reader looks for the strokes in "
        "other places.",
        "Scale the cropped digit by 20 / (its longer side), then put it into a frame of 28 × 28.",
    ),
    "small": Mistake(
        "{n} of {of} times the digit is too small: its longer side has {number:.0f} pixels "
        "instead of 20.",
        "Strokes of a small digit lie where the reader expects empty ground.",
        "Crop first: the scale is 20 / (longer side of the crop), not of the whole picture.",
    ),
    "stretched": Mistake(
        "{n} of {of} times height and width have lost their proportion, by a factor of "
        "{number:.1f}.",
        "A 1 that is stretched to a square is a block, and a 0 becomes as wide as high.",
        "Use one scale for both sides: 20 / max(height, width).",
    ),
    "box": Mistake(
        "{n} of {of} times the *box* around the digit is in the middle, not its centre of "
        "mass, which is {number:.1f} pixels away.",
        "The makers of MNIST centred by mass: the heavy end of a 7 or a 9 sits off the middle.",
        "Compute the mean row and the mean column with the ink as weights, and move that point "
        "to the middle.",
    ),
    "off": Mistake(
        "{n} of {of} times the centre of mass is off the middle, by {number:.1f} pixels.",
        "A network of dense layers has one weight for each place: a few pixels aside, other "
        "weights see the strokes.",
        "Compute the centre of mass of what you put into the frame, and move it to 13.5 or 14.",
    ),
    "thin": Mistake(
        "{n} of {of} times the strokes are too thin: they hold {number:.0%} of the ink they "
        "should.",
        "MNIST's strokes are two to three pixels wide after shrinking; threads get lost between "
        "the weights.",
        "Shrink by averaging (`Image.Resampling.BOX`), not by picking pixels, cut less ink away, "
        "and divide by the largest value afterwards.",
    ),
}
"""By the keys that ``look.look`` uses."""


def findings(looks: Sequence[Look], *, most: int = 2) -> tuple[Finding, ...]:
    """Return the most frequent mistakes in words.

    Parameters
    ----------
    looks : sequence of Look
        One for each drawing.
    most : int
        How many mistakes to tell at once: after the first is repaired, others may be gone.
    """
    numbers: dict[str, list[float]] = {}
    for seen in looks:
        if seen.mistake in MISTAKES:
            numbers.setdefault(seen.mistake, []).append(seen.number)
    counts = Counter({kind: len(values) for kind, values in numbers.items()})
    told = []
    for kind, count in counts.most_common(most):
        words = MISTAKES[kind]
        saw = words.saw.format(n=count, of=len(looks), number=median(numbers[kind]))
        told.append(Finding(saw, words.why, words.next_step))
    return tuple(told)
