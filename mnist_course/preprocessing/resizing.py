"""The first thing that comes to mind: make the picture 28 × 28, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["just_resize"]


def just_resize(image: Any) -> NDArray[np.float32]:
    """Turn a picture into 28 × 28 grey values, whatever is on it.

    It is what most first attempts do, and the baseline that `to_mnist` is measured against.

    Parameters
    ----------
    image : PIL.Image.Image or ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
        Transparent parts are taken for what their colour says.

    Returns
    -------
    ndarray of float32 (28, 28)
        0 = black, 1 = white.
    """
    picture = image if isinstance(image, Image.Image) else Image.fromarray(np.asarray(image))
    return np.asarray(picture.convert("L").resize((28, 28)), dtype=np.float32) / np.float32(255)
