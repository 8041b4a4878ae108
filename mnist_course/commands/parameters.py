"""What can be written behind an option: data sets, sizes of layers, activations."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["ACTIVATION", "DATA_SET", "DATA_SET_NAMES", "UNITS", "layer_sizes"]

DATA_SET_NAMES = ("mnist", "fashion_mnist")
"""As in `mnist_course.datasets.by_name`, which is not imported here: it loads NumPy."""

_MOST_UNITS = 10_000


class _DataSet(click.ParamType[str]):
    """A data set by its name; with ``-`` or ``_``, as people write it."""

    name = "data set"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return f"[{'|'.join(DATA_SET_NAMES)}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        known = value.strip().lower().replace("-", "_")
        if known not in DATA_SET_NAMES:
            self.fail(f"there is no data set {value!r}: expected {' or '.join(DATA_SET_NAMES)}.")
        return known


class _Units(click.ParamType[tuple[int, ...]]):
    """Units of hidden layers, ``64`` or ``64,32``; ``none`` for no hidden layer."""

    name = "units"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        text = str(value).strip().lower()
        if text == "none":
            return ()
        sizes = []
        for part in text.split(","):
            digits = part.strip()
            if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= _MOST_UNITS):
                self.fail(
                    f"{value!r} is no size of a layer: expected whole numbers from 1 to "
                    f"{_MOST_UNITS:,}, such as 64 or 64,32, or none."
                )
            sizes.append(int(digits))
        return tuple(sizes)


class _Activation(click.ParamType[str]):
    """An activation of `mnist_course.numpy_nn`."""

    name = "activation"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from mnist_course.numpy_nn import ACTIVATIONS

        known = value.strip().lower()
        if known not in ACTIVATIONS:
            self.fail(
                f"there is no activation {value!r}: expected one of {', '.join(ACTIVATIONS)}."
            )
        return known


DATA_SET = _DataSet()
UNITS = _Units()
ACTIVATION = _Activation()


def layer_sizes(given: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """Return the units of all hidden layers, from every time that the option was written.

    Raises
    ------
    click.UsageError
        If ``none`` was written together with a size.
    """
    if len(given) > 1 and () in given:
        raise click.UsageError("--hidden none means no hidden layer: leave it or the others out.")
    return tuple(size for sizes in given for size in sizes)
