"""Gradients of a network against the slopes measured by moving one weight at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.gradients import BatchGradient

if TYPE_CHECKING:
    from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["GradientCheck", "WeightCheck", "gradient_check"]

# Where a whole array's gradient is smaller than this, rounding decides what is measured.
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class WeightCheck:
    """The check of one weight array.

    Attributes
    ----------
    name : str
        ``dense_1/kernel``.
    difference : float
        Largest distance between gradient and measured slope, as a share of the largest gradient
        of the array (of 1e-6 if that is larger).
    index : tuple of int
        Where that was.
    gradient, slope : float
        What backpropagation says there, and what was measured.
    checked : int
        How many weights were tried.
    skipped : int
        Weights left out, because their move takes a unit across a kink of its activation (ReLU at
        0), where there is no slope to measure.
    """

    name: str
    difference: float
    index: tuple[int, ...]
    gradient: float
    slope: float
    checked: int
    skipped: int


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """The check of all weight arrays of a model."""

    weights: tuple[WeightCheck, ...]

    @property
    def difference(self) -> float:
        """Largest difference of all arrays."""
        return max((check.difference for check in self.weights), default=0.0)

    @property
    def checked(self) -> int:
        """How many weights were compared."""
        return sum(check.checked for check in self.weights)

    def passed(self, tolerance: float = 1e-5) -> bool:
        """Return True when every array is within ``tolerance`` and at least one was checked."""
        return self.checked > 0 and self.difference <= tolerance

    def __str__(self) -> str:
        lines = [f"{'weights':<20} {'difference':>10} {'gradient':>12} {'slope':>12}  checked"]
        for check in self.weights:
            kinks = f" ({check.skipped} at kinks)" if check.skipped else ""
            lines.append(
                f"{check.name:<20} {check.difference:>10.1e} {check.gradient:>12.4e} "
                f"{check.slope:>12.4e}  {check.checked}{kinks}"
            )
        return "\n".join(lines)


def gradient_check(
    model: Sequential,
    x: ArrayLike,
    y: ArrayLike,
    epsilon: float = 1e-4,
    samples: int | None = 50,
    seed: int = 0,
) -> GradientCheck:
    """Compare the gradients of backpropagation with slopes measured from the loss alone.

    The slope for a weight w is measured with four losses, at w ± epsilon and w ± 2 epsilon. In
    float32 the loss has too few digits for that, so a copy of the model with float64 weights is
    checked: the same layers, losses and passes, with other numbers of digits. The model itself is
    left as it is.

    Parameters
    ----------
    model : Sequential
        Compiled.
    x, y : array-like
        Some examples; a few dozen are enough.
    epsilon : float
        How far a weight is moved.
    samples : int or None
        How many weights of each array are tried, drawn with ``seed``; None: all.

    Returns
    -------
    GradientCheck
        ``.passed()`` says whether all are within 1e-5; printing it shows a table.
    """
    if not 0 < epsilon <= 0.1:
        raise NetworkError(f"Expected an epsilon above 0 and up to 0.1, got {epsilon!r}.")
    model.prepare(x, y)  # a model without Input learns its shape here
    twin = model.astype(np.float64)
    examples, targets = twin.prepare(x, y)
    with BatchGradient(twin) as gradient:
        gradient(examples, targets)
    values, gradients = twin.parameters.values, twin.parameters.gradients.copy()
    rng = np.random.default_rng(seed)

    def look() -> tuple[float, list[NDArray[Any]]]:
        return _loss_and_sides(twin, examples, targets)

    checks = []
    for layer in twin.layers:
        for name, slot in layer.slots.items():
            size = slot.stop - slot.start
            chosen = np.arange(size)
            if samples is not None and samples < size:
                chosen = np.sort(rng.choice(size, samples, replace=False))
            slopes = np.array([_slope(values, slot.start + int(i), epsilon, look) for i in chosen])
            checks.append(
                _compare(
                    f"{layer.name}/{name}",
                    slot.shape,
                    gradients[slot.start : slot.stop],
                    chosen,
                    slopes,
                )
            )
    return GradientCheck(tuple(checks))


def _compare(
    name: str,
    shape: tuple[int, ...],
    gradient: NDArray[Any],
    chosen: NDArray[np.intp],
    slopes: NDArray[np.float64],
) -> WeightCheck:
    """Compare one array; a slope that could not be measured is NaN."""
    measured = ~np.isnan(slopes)
    if not measured.any():
        return WeightCheck(name, 0.0, (), 0.0, 0.0, 0, len(chosen))
    scale = max(float(np.abs(gradient).max()), float(np.abs(slopes[measured]).max()), _SMALLEST)
    distances = np.where(measured, np.abs(gradient[chosen] - slopes), -1.0) / scale
    worst = int(distances.argmax())
    return WeightCheck(
        name,
        float(distances[worst]),
        tuple(int(i) for i in np.unravel_index(chosen[worst], shape)),
        float(gradient[chosen[worst]]),
        float(slopes[worst]),
        int(measured.sum()),
        int((~measured).sum()),
    )


def _slope(
    values: NDArray[Any],
    index: int,
    epsilon: float,
    look: Callable[[], tuple[float, list[NDArray[Any]]]],
) -> float:
    """Return the slope of the loss along one weight, NaN where a kink lies in between."""
    start, seen = values[index], []
    for step in (-2, -1, 1, 2):
        values[index] = start + step * epsilon
        seen.append(look())
    values[index] = start
    far_below, below, above, far_above = (loss for loss, _ in seen)
    for sides in zip(*(sides for _, sides in seen), strict=True):
        if not all(np.array_equal(sides[0], other) for other in sides[1:]):
            return float("nan")
    # The errors of both distances cancel each other up to epsilon⁴.
    return (8 * (above - below) - (far_above - far_below)) / (12 * epsilon)


def _loss_and_sides(
    model: Sequential, x: NDArray[Any], y: NDArray[Any]
) -> tuple[float, list[NDArray[Any]]]:
    """Return the mean loss, with the side of each kink on which every unit is."""
    activate = not model.trains_on_logits
    sides = []
    current = x
    for layer in model.layers:
        activation = getattr(layer, "activation", None)
        for kink in activation.kinks if activation is not None else ():
            z, _ = layer.forward(current, activate=False)
            sides.append(z > kink)
        last = layer is model.layers[-1]
        current, _ = layer.forward(current, activate=activate or not last)
    gradient = np.empty_like(current)
    return model.working_loss.sum_and_gradient(y, current, gradient, 1.0) / len(x), sides
