"""What can happen to a picture on its way: moved, turned, inverted, out of focus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from mnist_course.drawings.paper import Pixels

__all__ = ["CHANGES", "blur", "invert", "rotate", "shift"]


def shift(image: Pixels, share: float = 0.4) -> Pixels:
    """Add empty ground at the top and on the left, so that the digit moves down and right.

    Parameters
    ----------
    image : ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
    share : float
        How much is added, of the height and of the width.
    """
    down, right = (round(share * side) for side in image.shape[:2])
    room = ((down, 0), (right, 0), (0, 0))[: image.ndim]
    moved: Pixels = np.pad(image, room, mode="edge")
    return moved


def rotate(image: Pixels, degrees: float = 50.0) -> Pixels:
    """Turn a picture anticlockwise; it grows so that nothing is cut off.

    Parameters
    ----------
    image : ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
    degrees : float
        By how much. The new corners get the ground's colour.
    """
    rim = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    ground = np.median(rim, axis=0).astype(int)
    fill = tuple(ground.tolist()) if image.ndim == 3 else int(ground)
    turned = Image.fromarray(image).rotate(
        degrees, resample=Image.Resampling.BILINEAR, expand=True, fillcolor=fill
    )
    return np.asarray(turned, dtype=np.uint8)


def invert(image: Pixels) -> Pixels:
    """Make the negative: light becomes dark. What is transparent is white before.

    Parameters
    ----------
    image : ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
    """
    if image.ndim == 3 and image.shape[2] == 4:
        alpha = image[..., 3:] / 255
        image = (image[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    negative: Pixels = 255 - image
    return negative


def blur(image: Pixels, share: float = 0.06) -> Pixels:
    """Put a picture out of focus.

    Parameters
    ----------
    image : ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
    share : float
        Standard deviation of the blur, of the shorter side.
    """
    radius = share * min(image.shape[:2])
    soft = Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, dtype=np.uint8)


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is": np.copy,
    "shift": shift,
    "rotate": rotate,
    "invert": invert,
    "blur": blur,
}
"""The changes of the robustness table, each a function of a picture that gives a new one."""
