"""What an array of examples was, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording.strict_dict import Fields, describe

__all__ = ["DataPrint"]

_DIGEST = "[0-9a-f]{32}"
_DATASETS = ("", "mnist", "fashion_mnist")
_LABELS = ("integer", "one-hot", "none", "unknown")


@dataclass(frozen=True, slots=True)
class DataPrint:
    """What an array of examples looked like when it was used.

    Parameters
    ----------
    rows : int
        Number of examples.
    shape : tuple of int
        Shape of one example, ``(28, 28)`` or ``(784,)``.
    dtype : str
        NumPy's name of the type, ``float32``.
    minimum, maximum, mean : float
        Of the finite values; 0 when there is none.
    factor, offset : float or None
        ``x = factor * pixel + offset`` for the pixels 0..255 of MNIST or Fashion-MNIST; both None
        when the examples are no such scaling of their images.
    train_rows, test_rows : int
        Rows that are training images, test images of that data set, whatever the scaling.
    digest : str
        32 hexadecimal digits that name the rows, in any order.
    labels : str
        ``integer``, ``one-hot``, ``none`` or ``unknown``.
    finite : bool
        False when a value is NaN or infinite.
    dataset : str
        ``mnist`` or ``fashion_mnist``, empty when the examples are of neither.
    """

    rows: int
    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    factor: float | None
    offset: float | None
    train_rows: int
    test_rows: int
    digest: str
    labels: str
    finite: bool = True
    dataset: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"shape": list(self.shape)}

    @classmethod
    def from_dict(cls, value: object) -> DataPrint:
        """Read what `to_dict` wrote.

        Raises
        ------
        RecordError
            If anything in it has another form.
        """
        fields = Fields(value, "a description of data", cls.__slots__)
        rows = fields.whole("rows")
        factor, offset = fields.optional_number("factor"), fields.optional_number("offset")
        if (factor is None) != (offset is None) or factor == 0:
            raise RecordError(
                "a description of data must have both factor (not 0) and offset, or none"
            )
        labels = fields.text("labels")
        if labels not in _LABELS:
            raise RecordError(f"labels must be one of {_LABELS}, got {describe(labels)}")
        return cls(
            rows=rows,
            shape=fields.wholes("shape", longest=16),
            dtype=fields.text("dtype", longest=40),
            minimum=fields.number("minimum"),
            maximum=fields.number("maximum"),
            mean=fields.number("mean"),
            factor=factor,
            offset=offset,
            train_rows=fields.whole("train_rows", high=rows),
            test_rows=fields.whole("test_rows", high=rows),
            digest=fields.text("digest", pattern=_DIGEST),
            labels=labels,
            finite=fields.flag("finite"),
            dataset=fields.one_of("dataset", _DATASETS),
        )
