"""One drawing of a character, with the truth about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_course.drawings.hand import write
from mnist_course.drawings.paper import PAPERS, Pixels, put_on
from mnist_course.drawings.pen import Ink, ink_of
from mnist_course.drawings.shapes import DIGITS, LETTERS

__all__ = ["Drawing", "draw", "drawings"]

_HEIGHT = (0.38, 0.72)  # of the shorter side of the sheet
_PEN = (0.06, 0.15)  # of the character's height
_MARGIN = 0.05  # of the sheet, that no ink touches
_DIGITS = len(DIGITS)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of one handwritten character.

    Parameters
    ----------
    image : ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
        Grey, RGB or RGBA; 0 = black, 255 = white.
    label : int or str
        The digit, or the letter.
    paper : str
        What it is on, one of ``PAPERS``.
    ink : ndarray of float32 (h, w)
        The truth: 1 where the pen was, 0 where it was not.
    """

    image: Pixels
    label: int | str
    paper: str
    ink: Ink


def draw(
    character: int | str,
    *,
    paper: str,
    seed: int | tuple[int, ...],
    shape: tuple[int, int] = (280, 280),
    height: tuple[float, float] = _HEIGHT,
    pen: tuple[float, float] = _PEN,
    place: tuple[float, float] | None = None,
) -> Drawing:
    """Draw a digit or letter.

    Parameters
    ----------
    character : int or str
        0 to 9, or one of ``LETTERS``.
    paper : str
        One of ``PAPERS``.
    seed : int or tuple of int
        The same seed draws the same picture.
    shape : (height, width)
        Of the picture, in pixels, 28 or more each.
    height : (least, most)
        Of the character, as a share of the picture's shorter side.
    pen : (least, most)
        Width of the pen, as a share of the character's height.
    place : (x, y), optional
        Where on the sheet, 0..1 each of the room that is left; random without.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If nobody has shown how to write the character, or the sheet is too small for it.
    """
    if min(shape) < 28:
        raise ValueError(f"a drawing is at least 28 pixels high and wide, got {shape}.")
    rng = np.random.default_rng(seed)
    if character in DIGITS:
        ways = DIGITS[int(character)]
    elif character in LETTERS:
        ways = (LETTERS[str(character)],)
    else:
        raise ValueError(
            f"can draw the digits 0 to 9 and the letters {' '.join(LETTERS)}; got {character!r}."
        )
    strokes = write(ways[rng.integers(len(ways))], rng)
    tall = rng.uniform(*height) * min(shape)
    width = rng.uniform(*pen) * tall
    strokes = [stroke * tall for stroke in strokes]
    every = np.vstack(strokes)
    low, high = every.min(axis=0) - width / 2, every.max(axis=0) + width / 2
    sheet = np.array([shape[1], shape[0]], dtype=float)
    room = sheet * (1 - 2 * _MARGIN) - (high - low)
    at = np.asarray(place) if place is not None else rng.uniform(0, 1, size=2)
    # The corner where the character begins; in the middle where it is wider than the sheet.
    corner = sheet * _MARGIN + np.where(room > 0, at, 0.5) * room
    ink = ink_of([stroke + corner - low for stroke in strokes], width=width, shape=shape)
    return Drawing(put_on(paper, ink, rng), character, paper, ink)


def drawings(
    count: int,
    *,
    seed: int,
    papers: tuple[str, ...] = tuple(PAPERS),
    sides: tuple[int, int] = (120, 320),
) -> list[Drawing]:
    """Draw digits on changing papers, as many of each digit and paper as possible.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        The same seed draws the same pictures; another one, others.
    papers : tuple of str
        Which to use.
    sides : (least, most)
        Of height and width in pixels; the two differ.

    Returns
    -------
    list of Drawing
        Digits and papers in a random order.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % _DIGITS)
    grounds = rng.permutation(np.arange(count) % len(papers))
    made = []
    for number, (label, ground) in enumerate(zip(labels, grounds, strict=True)):
        shape = tuple(int(side) for side in rng.integers(sides[0], sides[1] + 1, size=2))
        made.append(
            draw(
                int(label),
                paper=papers[ground],
                seed=(seed, number),
                shape=(shape[0], shape[1]),
            )
        )
    return made
