"""Mistakes that the range of the numbers going into a network shows."""

from __future__ import annotations

import math

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.network import Network

__all__ = ["LARGEST", "check_inputs"]

LARGEST = 10.0  # pixels divided by 255 reach 1, standardised ones about 3
_OF_225 = 255 / 225  # 1.1333
_TWICE = 1 / 255  # 0.0039
_NORMALISES = ("Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization")


def check_inputs(
    minimum: float, maximum: float, *, network: Network | None = None, finite: bool = True
) -> list[Finding]:
    """Look at the range of the inputs as the first layer with weights gets them.

    Parameters
    ----------
    minimum, maximum : float
        Over all examples, as they are passed to the network.
    network : Network, optional
        Its ``Rescaling`` layers are taken into account; a normalisation layer before the first
        weights makes any range right.
    finite : bool
        False when the data hold NaN or infinity.
    """
    if not (finite and math.isfinite(minimum) and math.isfinite(maximum)):
        return [
            Finding(
                "input-not-finite",
                "The images hold NaN or infinite values.",
                "One NaN spreads through every sum it enters and turns all weights into NaN at "
                "the first update.",
                "Look for a division by 0 in the preparation of the data and check with "
                "np.isfinite(x_train).all().",
            )
        ]
    for layer in () if network is None else network.layers:
        if layer.class_name == "Rescaling" and layer.scale is not None:
            ends = [value * layer.scale + (layer.offset or 0.0) for value in (minimum, maximum)]
            minimum, maximum = min(ends), max(ends)
        elif layer.class_name in _NORMALISES:
            return []
        elif layer.class_name == "Rescaling" or layer.class_name == "Lambda":
            return []  # what it does to the range is not known
        elif layer.units is not None:
            break
    return _check_range(minimum, maximum)


def _check_range(minimum: float, maximum: float) -> list[Finding]:
    # Standardised pixels have negative values; a rarely inked pixel can reach far beyond 10 then.
    if minimum >= 0 and maximum > LARGEST:
        return [
            Finding(
                "input-not-scaled",
                f"The pixels reach {maximum:g}.",
                "The network starts with weights made for inputs around 1. Inputs 255 times as "
                "large make every sum 255 times as large: the loss starts far above ln 10 = "
                "2.303, and sigmoid or tanh units sit at their ends from the first image.",
                "Divide by 255 before training and testing: x = x.astype('float32') / 255.",
            )
        ]
    if math.isclose(maximum, _OF_225, abs_tol=5e-4):
        return [
            Finding(
                "divided-by-225",
                f"The largest pixel is {maximum:.3f} = 255/225.",
                "The images were divided by 225, a slip of the finger for 255. It does little "
                "harm by itself, but the pixels are not in 0 to 1 as you will say they are.",
                "Divide by 255, in the training set and in the test set.",
            )
        ]
    if math.isclose(maximum, _TWICE, rel_tol=5e-3):
        return [
            Finding(
                "divided-twice",
                f"The largest pixel is {maximum:.4f} = 1/255.",
                "The images were divided by 255 twice, as happens when a cell runs a second "
                "time. Every image is now almost black, so the network learns very slowly.",
                "Load the data again and divide once; then run the notebook from the top.",
            )
        ]
    return []
