"""An activation of the user's own, whose derivative is checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.activations import ActivationFunction, FloatArray

__all__ = ["CustomActivation"]

Function = Callable[[NDArray[Any]], Any]

_STEP = 1e-5
_TOLERANCE = 1e-5
# From -6 to 6, and no round number among them: kinks lie at round numbers.
_POINTS = np.linspace(-6.0, 6.0, 241) + 0.0031415926


class CustomActivation(ActivationFunction):
    """An activation made of a function and its derivative.

    Parameters
    ----------
    function : callable
        Takes an array ``z`` of any shape, float32 or float64, and returns ``f(z)``: each number by
        itself, the same shape.
    derivative : callable
        The same for ``f'(z)``.
    name : str, optional
        Under which :meth:`Sequential.save` writes it and ``custom_objects`` of
        :func:`load_model` finds it; by default the function's own name.
    kinks : sequence of float, optional
        Where the slope jumps, 0 for a leaky ReLU: :func:`gradient_check` keeps away from there.

    Raises
    ------
    NetworkError
        If one of them changes the shape, gives NaN or infinity, treats an array in another way
        than its numbers one by one, or if the derivative is not the slope of the function. The
        slope is measured at 241 points from -6 to 6.

    Examples
    --------
    >>> leaky = CustomActivation(lambda z: np.where(z > 0, z, 0.1 * z),
    ...                          lambda z: np.where(z > 0, 1.0, 0.1), name="leaky", kinks=[0])
    >>> Dense(64, activation=leaky)
    """

    keeps_input = True

    def __init__(
        self,
        function: Function,
        derivative: Function,
        name: str | None = None,
        kinks: Sequence[float] = (),
    ) -> None:
        self.function = function
        self.slope = derivative
        self.name = name if name is not None else str(getattr(function, "__name__", "custom"))
        self.kinks = tuple(float(kink) for kink in kinks)
        self._check()

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        """Write ``f(z)`` into ``out``."""
        out[...] = self.function(z)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        """Multiply ``gradient`` by ``f'(z)``, in place."""
        gradient *= np.asarray(self.slope(z)).astype(gradient.dtype, copy=False)

    def _check(self) -> None:
        z = _POINTS
        self._values("function", self.function, z)
        given = self._values("derivative", self.slope, z)
        above = self._values("function", self.function, z + _STEP)
        below = self._values("function", self.function, z - _STEP)
        measured = (above - below) / (2 * _STEP)
        difference = np.abs(given - measured) / np.maximum(1, np.abs(measured))
        worst = int(difference.argmax())
        if difference[worst] > _TOLERANCE:
            raise NetworkError(
                f"The derivative of the activation {self.name!r} is not the slope of its function. "
                f"Expected {measured[worst]:.6g} at z = {z[worst]:.4g}, as measured from the "
                f"function itself, got {given[worst]:.6g}. Derive the function again, or "
                "look whether the two arguments are swapped."
            )

    def _values(self, what: str, function: Function, z: NDArray[np.float64]) -> NDArray[Any]:
        """Return the values at ``z`` after trying another shape and type."""
        with np.errstate(all="ignore"):
            values = np.asarray(function(z.copy()))
            as_rows = np.asarray(function(z.reshape(1, -1).astype(np.float32)))
            some = np.asarray(function(z[::7].copy()))
        if values.shape != z.shape or as_rows.shape != (1, *z.shape):
            raise NetworkError(
                f"The {what} of the activation {self.name!r} changes the shape. Expected "
                f"{z.shape} for {z.shape} and {(1, *z.shape)} for {(1, *z.shape)}, got "
                f"{values.shape} and {as_rows.shape}. Write it with NumPy functions that take each "
                "number by itself, such as np.exp and np.where."
            )
        if not (np.isfinite(values).all() and np.isfinite(as_rows).all()):
            where = z[~(np.isfinite(values) & np.isfinite(as_rows[0]))][0]
            raise NetworkError(
                f"The {what} of the activation {self.name!r} gives NaN or infinity. Expected a "
                f"number everywhere from -6 to 6, got none at z = {where:.4g}. Look for a division "
                "by zero, a logarithm or a root of negative numbers."
            )
        if not (
            np.allclose(values, as_rows[0], rtol=1e-4, atol=1e-4)
            and some.shape == values[::7].shape
            and np.allclose(values[::7], some, rtol=1e-9, atol=1e-9)
        ):
            raise NetworkError(
                f"The {what} of the activation {self.name!r} depends on more than each number by "
                "itself. Expected the same values for the same numbers in another array, got "
                "others. Use no axis, no sum, mean or max, and no random numbers in it."
            )
        return values
