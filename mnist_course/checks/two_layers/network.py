"""A trained network that left the student's notebook as a dict of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import numbers
from mnist_course.checks.two_layers.formulas import ACTIVATIONS, NAMES
from mnist_course.grading.results import Finding

__all__ = ["MOST_UNITS", "Network", "is_network", "read_network"]

MOST_UNITS = 2_000
"""Hidden units of a network that is still measured in a second."""

_BLOCK = 2_000  # rows at a time: a block of hidden outputs stays small

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Network:
    """Parameters in float32 with the name of an activation function."""

    parameters: dict[str, Array]
    activation: str

    @property
    def hidden(self) -> int:
        """Number of hidden units."""
        return int(self.parameters["W1"].shape[1])

    def probabilities(self, x: Array) -> Array:
        """Return the probabilities for rows of pixels / 255, shape (n, 10)."""
        blocks = [
            formulas.forward(self.parameters, x[i : i + _BLOCK], self.activation).probabilities
            for i in range(0, len(x), _BLOCK)
        ]
        return np.concatenate(blocks)


def is_network(value: Any) -> bool:
    """Tell whether a value of the notebook is a network that can be used."""
    return isinstance(read_network(value, "network"), Network)


def read_network(value: Any, name: str) -> Network | Finding:
    """Read ``{"activation": ..., "params": {"W1": ..., ...}}``.

    Parameters
    ----------
    value : object
        From the student's notebook.
    name : str
        Of the variable.

    Returns
    -------
    Network or Finding
        The network, or why it cannot be used.
    """
    if value is None:
        return Finding(
            f"`{name}` is still None.",
            "There is no network to look at yet.",
            f"Train one, and keep it: {name} = {{'activation': 'relu', 'params': params}}.",
        )
    if not isinstance(value, dict) or not isinstance(value.get("params"), dict):
        return Finding(
            f"`{name}` is a {type(value).__name__} without 'params'; expected a dict.",
            "The grader does the forward pass itself, so it needs the parameters.",
            f"{name} = {{'activation': 'relu', 'params': params}}",
        )
    activation = value.get("activation")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        return Finding(
            f"The activation function of `{name}` is {str(activation)[:40]!r}.",
            "The grader computes with the functions of part 3, and looks them up by name.",
            f"One of {', '.join(ACTIVATIONS)}.",
        )
    missing = [key for key in NAMES if key not in value["params"]]
    if missing:
        return Finding(
            f"`{name}['params']` lacks {', '.join(missing)}.",
            "Two layers have two arrays of weights and two of biases.",
            "Keep the dict that `train` gives.",
        )
    read = {key: numbers(value["params"][key]) for key in NAMES}
    if any(array is None or not np.isfinite(array).all() for array in read.values()):
        broken = [k for k, a in read.items() if a is None or not np.isfinite(a).all()]
        return Finding(
            f"{', '.join(broken)} of `{name}` holds NaN, infinity or no numbers.",
            "Every output of such a network is NaN, and the answer is always class 0.",
            "Make the learning rate smaller, and start again from new parameters.",
        )
    arrays = {key: array.astype(np.float32) for key, array in read.items() if array is not None}
    found = _misshapen(arrays, name)
    return Network(arrays, activation) if found is None else found


def _misshapen(arrays: dict[str, Array], name: str) -> Finding | None:
    shapes = {key: array.shape for key, array in arrays.items()}
    hidden = shapes["b1"][0] if len(shapes["b1"]) == 1 else 0
    if shapes == {"W1": (784, hidden), "b1": (hidden,), "W2": (hidden, 10), "b2": (10,)}:
        if 1 <= hidden <= MOST_UNITS:
            return None
        return Finding(
            f"`{name}` has {hidden:,} hidden units.",
            f"Up to {MOST_UNITS:,} are measured; far fewer are enough.",
            "Try 64.",
        )
    told = ", ".join(f"{key} {shape}" for key, shape in shapes.items())
    turned = shapes["W1"] == (hidden, 784)
    return Finding(
        f"The shapes of `{name}` are {told}; expected W1 (784, hidden), b1 (hidden,), "
        "W2 (hidden, 10), b2 (10,).",
        "Pictures are rows here, so x @ W1 needs one row of W1 for each pixel."
        if turned
        else "784 pixels go in, and ten classes come out.",
        "Store W1.T and W2.T." if turned else "Begin with init_params(784, hidden, 10, seed).",
    )
