"""Draw a digit for when there is no photo of one."""

from __future__ import annotations

from PIL import Image

from mnist_course.drawings.drawing import draw
from mnist_course.drawings.shapes import DIGITS

__all__ = ["synthetic_digit"]


def synthetic_digit(digit: int, *, seed: int = 0, size: int = 280) -> Image.Image:
    """Draw a digit that looks like pen on paper, photographed in uneven light.

    It stands in for a photo where there is none, and says so: ``image.info["synthetic"]`` holds
    the digit. Results on such pictures say nothing about a real hand; report them as synthetic.

    Parameters
    ----------
    digit : int
        0 to 9.
    seed : int
        The same seed draws the same picture. Shape, slant, size, place, pen, light and noise of
        the camera change with it.
    size : int
        Width and height in pixels, at least 56.

    Returns
    -------
    PIL.Image.Image
        Mode "L", (size, size), dark ink on light paper, with ``info["synthetic"] == digit``.

    Raises
    ------
    ValueError
        If the digit is not one of 0 to 9, or the size is below 56.

    Examples
    --------
    >>> image = synthetic_digit(7, seed=1)
    >>> image.info["synthetic"]
    7
    """
    if digit not in DIGITS:
        raise ValueError(f"synthetic_digit draws the digits 0 to 9, got {digit!r}.")
    if size < 56:
        raise ValueError(f"synthetic_digit draws on at least 56 × 56 pixels, got size={size!r}.")
    drawing = draw(
        digit, paper="photo", seed=(seed, int(digit)), shape=(size, size), height=(0.5, 0.68)
    )
    image = Image.fromarray(drawing.image).convert("L")
    image.info["synthetic"] = int(digit)
    return image
