"""Read a picture of any kind as brightness values."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_course.exceptions import ImageError

__all__ = ["MAX_PIXELS", "read_gray"]

Gray = NDArray[np.float32]

MAX_PIXELS = 64_000_000
"""Larger pictures are refused: a file of a few kilobytes can claim any size."""

_WORK_SIDE = 640  # more detail than 20 pixels can hold, little enough to be quick
_FLAT = 0.15  # opaque parts that differ by less than this are one colour


def read_gray(image: Any) -> Gray:
    """Read a picture as brightness.

    Parameters
    ----------
    image : path, PIL.Image.Image or array
        A file of any format and mode that Pillow reads (the first frame of several; turned as
        its EXIF orientation says), or an array (h, w), (h, w, 1), grey + alpha (h, w, 2), RGB
        (h, w, 3) or RGBA (h, w, 4): bool, integers 0..255 or 0..65535, or floats 0..1 or 0..255.

    Returns
    -------
    ndarray of float32 (h, w)
        0 = black, 1 = white. The longest side is at most 640; larger pictures are averaged down.
        Transparent parts get a brightness that sets them off from the rest.

    Raises
    ------
    ImageError
        If it is missing, not an image, damaged, empty, of a wrong shape or range, or has more
        than 64 million pixels.
    """
    if isinstance(image, str | os.PathLike):
        return _read_file(Path(image))
    if isinstance(image, Image.Image):
        return _read_pil(image)
    return _read_array(image)


def _read_file(path: Path) -> Gray:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise ImageError(
            f"The image {path.name!r} {what}. Expected a file such as digit.png. "
            "Look at its name and its folder."
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of large and of half-broken files; here they are read or refused.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                _check_size(image.height, image.width)
                # JPEG can be decoded at a fraction of its size, which a large photo needs.
                image.draft(None, (_WORK_SIDE, _WORK_SIDE))
                return _read_pil(image)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_large("more than Pillow opens") from None
    except UnidentifiedImageError:
        raise ImageError(
            f"{path.name!r} is not an image that can be read. Expected PNG, JPEG, GIF, BMP, TIFF "
            "or WebP. Open it in a picture viewer and save it as PNG."
        ) from None
    except Exception as error:
        raise _damaged(error) from None


def _read_pil(image: Image.Image) -> Gray:
    _check_size(image.height, image.width)
    try:
        return _shades(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except Exception as error:
        raise _damaged(error) from None


def _damaged(error: Exception) -> ImageError:
    # On damaged data Pillow's decoders raise whatever their parsers run into.
    detail = getattr(error, "strerror", None) or error  # strerror: without the path
    return ImageError(
        f"The image cannot be read ({type(error).__name__}: {detail}). Expected an undamaged PNG, "
        "JPEG, GIF, BMP, TIFF or WebP. Open it in a picture viewer and save it as PNG."
    )


def _shades(image: Image.Image) -> Gray:
    if image.mode.startswith("I") or image.mode == "F":
        return _fit(_unit_range(np.asarray(image)))
    if image.has_transparency_data:
        both = _shrink(image.convert("RGBA"))
        alpha = _levels(both.getchannel("A"))
        return _fill(_levels(both.convert("RGB").convert("L")), alpha)
    if image.mode in {"HSV", "LAB"}:  # no direct way to brightness
        image = image.convert("RGB")
    return _levels(_shrink(image.convert("L")))


def _levels(image: Image.Image) -> Gray:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _shrink(image: Image.Image) -> Image.Image:
    factor = -(-max(image.size) // _WORK_SIDE)
    return image if factor <= 1 else image.reduce(factor)


def _fit(gray: Gray) -> Gray:
    return np.asarray(_shrink(Image.fromarray(gray)), dtype=np.float32)


def _fill(gray: Gray, alpha: Gray) -> Gray:
    """Give transparent parts a brightness.

    One colour on nothing: the shape is in the alpha channel alone, so the ground is whatever
    sets that colour off. Ink and paper on nothing: the rest of the paper continues.
    """
    opaque = gray[alpha > 0.5]
    if opaque.size == 0:
        return np.ones_like(gray)
    low, middle, high = np.quantile(opaque, (0.02, 0.5, 0.98))
    ground = middle if high - low > _FLAT else (0.0 if middle > 0.5 else 1.0)
    return (gray * alpha + np.float32(ground) * (1 - alpha)).astype(np.float32)


def _read_array(image: Any) -> Gray:
    expected = "Expected a path, a PIL image or an array of numbers (height, width)"
    if image is None or isinstance(image, bytes | bytearray | dict | set):
        raise ImageError(f"This is not an image: {expected}, got {type(image).__name__}.")
    try:
        array = np.asarray(image)
    except (TypeError, ValueError):
        raise ImageError(f"This is not an image: {expected}, got {type(image).__name__}.") from None
    if array.dtype.kind not in "buif":
        raise ImageError(f"This is not an image: {expected}, got {array.dtype} values.")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        advice = "Pass one image at a time, images[0]"
        if array.ndim == 1 and round(array.size**0.5) ** 2 == array.size:
            side = round(array.size**0.5)
            advice = f"Give a flat image its shape back, image.reshape({side}, {side})"
        raise ImageError(
            "This array does not have the shape of one image. Expected (height, width) or "
            f"(height, width, 1 to 4 channels), got {array.shape}. {advice}."
        )
    _check_size(*array.shape[:2])
    values = _unit_range(array)
    if values.ndim == 2:
        return _fit(values)
    channels = [_fit(np.ascontiguousarray(values[..., i])) for i in range(values.shape[2])]
    colour, alpha = (channels[:-1], channels[-1]) if len(channels) % 2 == 0 else (channels, None)
    gray = colour[0]
    if len(colour) == 3:
        # The weights of Pillow's own mode L (ITU-R 601-2).
        gray = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    gray = gray.astype(np.float32)
    return gray if alpha is None else _fill(gray, alpha)


def _unit_range(array: NDArray[Any]) -> Gray:
    """Scale to 0..1 by the type's range, or by the values where the type has several."""
    if array.dtype.kind == "b":
        return array.astype(np.float32)
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(
            "The image holds NaN or infinite values. Expected brightness in 0..1 or 0..255. "
            "Look at the step before."
        )
    slack = 1e-3  # interpolation overshoots by a little; anything more is another scale
    if array.dtype == np.uint8 and high > 1:
        scales: tuple[int, ...] = (255,)
    elif array.dtype.kind == "f":
        scales = (1, 255)
    else:
        scales = (1, 255, 1023, 4095, 16383, 65535)  # 1, 8, 10, 12, 14 and 16 bits
    top = next((top for top in scales if high <= top * (1 + slack)), None)
    if top is None or low < -slack * top:
        raise ImageError(
            "The values of the image have an unknown scale. Expected 0..1, 0..255 (or integers "
            f"0..65535), got {low:g}..{high:g}. Scale it first, for example to 0..1."
        )
    scaled: Gray = np.clip(array.astype(np.float32) / np.float32(top), 0, 1)
    return scaled


def _check_size(height: int, width: int) -> None:
    if not (height and width):
        raise ImageError(f"The image is empty. Expected pixels, got {height} × {width}.")
    if height * width > MAX_PIXELS:
        raise _too_large(f"{height} × {width}")


def _too_large(got: str) -> ImageError:
    return ImageError(
        f"The image is too large. Expected at most {MAX_PIXELS // 1_000_000} million pixels, got "
        f"{got}. Make it smaller, for example 1000 × 1000."
    )
