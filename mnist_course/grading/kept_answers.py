"""Keep what the evaluator answered: the same question about the same model is asked once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import SerializationError
from mnist_course.grading.serialization import decode, encode

__all__ = ["KeptAnswers", "question_name"]

_LARGEST = 16 << 20  # bytes of one answer that is worth its place
_DIGEST = hashlib.sha256().digest_size
_log = logging.getLogger(__name__)


def question_name(*parts: object) -> str:
    """Name a question by its content.

    Parameters
    ----------
    *parts : plain values, arrays, lists of arrays

    Returns
    -------
    str
        64 hexadecimal digits: equal for equal parts, in practice for no others.
    """
    digest = hashlib.sha256()
    for part in parts:
        for piece in _pieces(part):
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return digest.hexdigest()


def _pieces(part: object) -> Sequence[bytes | memoryview]:
    if isinstance(part, np.ndarray):
        return f"{part.dtype.str}{part.shape}".encode(), _bytes(part)
    if isinstance(part, list) and part and all(isinstance(one, np.ndarray) for one in part):
        return [piece for one in part for piece in _pieces(one)]
    return (json.dumps(part, sort_keys=True).encode(),)


def _bytes(array: npt.NDArray[Any]) -> memoryview:
    """Return the bytes of an array; no second copy of one that lies in one piece."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


class KeptAnswers:
    """Answers in a folder, one file each; without a folder nothing is kept.

    A file that is damaged is no answer: the evaluator is asked again. Answers came out of a
    sandbox and are read as data, like at first.

    Parameters
    ----------
    folder : Path or None
        Trusted and private. Need not exist.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def kept(self) -> bool:
        """Whether answers are kept at all."""
        return self._folder is not None

    def find(self, name: str) -> Any:
        """Return a kept answer; raises KeyError where there is none that can be read."""
        if self._folder is None:
            raise KeyError(name)
        path = self._folder / name
        try:
            kept = path.read_bytes()
        except OSError:
            raise KeyError(name) from None
        frame = kept[_DIGEST:]
        if hashlib.sha256(frame).digest() != kept[:_DIGEST]:
            _log.warning("a kept answer is damaged and is asked for again: %s", path.name)
            raise KeyError(name)
        try:
            return decode(frame)
        except SerializationError:
            raise KeyError(name) from None

    def keep(self, name: str, answer: Any) -> None:
        """Keep an answer; one that is very large, or cannot be written, is asked for again."""
        if self._folder is None:
            return
        try:
            frame = encode(answer)
            if len(frame) > _LARGEST:
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            digest = hashlib.sha256(frame).digest()
            write_bytes(self._folder / name, digest + frame, mode=0o600)
        except (OSError, SerializationError) as error:
            _log.warning("an answer of the evaluator could not be kept: %s", error)
