"""The drawings that students are given: five to look at closely, forty to measure with, letters."""

from __future__ import annotations

from mnist_course.drawings.drawing import Drawing, draw, drawings
from mnist_course.drawings.shapes import LETTERS

__all__ = ["letters", "practice_drawings", "supplied_drawings"]

_PRACTICE = 40
_SEED = 4


def supplied_drawings() -> list[Drawing]:
    """Return five drawings, each difficult in its own way.

    Returns
    -------
    list of Drawing
        A photo of coloured ink, ruled paper with the digit in a corner, a shadow across the sheet,
        chalk on a blackboard, and black on nothing from a drawing program.
    """
    return [
        draw(3, paper="photo", seed=31, shape=(300, 240)),
        draw(2, paper="ruled", seed=22, shape=(240, 320), height=(0.4, 0.4), place=(0.95, 0.1)),
        draw(5, paper="shadow", seed=53, shape=(260, 300)),
        draw(7, paper="blackboard", seed=74, shape=(220, 340), place=(0.15, 0.5)),
        draw(4, paper="transparent", seed=43, shape=(280, 200)),
    ]


def practice_drawings(count: int = _PRACTICE) -> list[Drawing]:
    """Return drawings of digits on all kinds of papers, always the same.

    Parameters
    ----------
    count : int
        How many, in a fixed order: with the same count the same drawings.

    Returns
    -------
    list of Drawing
    """
    return drawings(count, seed=_SEED)


def letters() -> list[Drawing]:
    """Return one drawing of every letter that can be drawn, on clean paper.

    Returns
    -------
    list of Drawing
        Their labels are letters: no digit is the right answer.
    """
    return [draw(letter, paper="scan", seed=(_SEED, ord(letter))) for letter in LETTERS]
