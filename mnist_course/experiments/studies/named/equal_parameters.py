"""Widths of dense networks that have as many parameters as others."""

from __future__ import annotations

from mnist_course.exceptions import ConfigurationError

__all__ = ["dense_parameters", "width_for"]

_PIXELS = 784
_CLASSES = 10


def dense_parameters(depth: int, units: int) -> int:
    """Count the parameters of 784 - units - ... - units - 10 with so many hidden layers."""
    between = (depth - 1) * (units**2 + units)
    return _PIXELS * units + units + between + _CLASSES * units + _CLASSES


def width_for(depth: int, parameters: int) -> int:
    """Return the units of each hidden layer that come nearest to a number of parameters.

    Raises
    ------
    ConfigurationError
        If even one unit a layer has more.
    """
    if depth < 1 or dense_parameters(depth, 1) > parameters:
        raise ConfigurationError(
            f"{parameters:,} parameters are too few for {depth} hidden layers: expected at least "
            f"{dense_parameters(max(depth, 1), 1):,}."
        )
    units = 1
    while dense_parameters(depth, units + 1) <= parameters:
        units += 1
    return min((units, units + 1), key=lambda m: abs(dense_parameters(depth, m) - parameters))
