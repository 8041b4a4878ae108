"""Wrong gradients that students often write, each with the words for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.formulas import ACTIVATIONS

__all__ = ["Example", "Mistake", "mistakes"]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A small network with rows to learn, in float64."""

    parameters: dict[str, Array]
    x: Array
    labels: Array
    activation: str

    @property
    def arguments(self) -> tuple[dict[str, Array], Array, Array, str]:
        """In the order in which ``backward`` takes them."""
        return self.parameters, self.x, self.labels, self.activation


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known wrong gradient, with the words for it; ``form`` when only factor or form is wrong."""

    wrong: Any
    saw: str
    why: str
    step: str
    form: bool = False


def mistakes(name: str, network: Example, expected: Array) -> Iterator[Mistake]:
    """Yield known mistakes for this gradient, the frequent ones first."""
    yield from _of_a_bias(name, network, expected)
    yield from _of_form(expected, len(network.x))
    yield from _of_the_chain(name, network)


def _of_a_bias(name: str, network: Example, expected: Array) -> Iterator[Mistake]:
    if expected.ndim != 1:
        return
    yield Mistake(
        expected[None, :],
        f"its shape is {(1, expected.size)}; expected {expected.shape}.",
        "b -= learning_rate * gradient cannot take a result of another shape.",
        "Leave keepdims away: .sum(axis=0).",
        form=True,
    )
    yield from _of_a_wrong_axis(name, network)


def _of_a_wrong_axis(name: str, network: Example) -> Iterator[Mistake]:
    rows = []
    for i in range(len(network.x)):
        one = formulas.gradients(
            network.parameters, network.x[[i]], network.labels[[i]], network.activation
        )
        rows.append(one[name] / len(network.x))
    per_picture = np.array(rows)
    for wrong in (per_picture, len(network.x) * per_picture):
        yield Mistake(
            wrong.sum(axis=1),
            f"it has one entry for each of the {len(network.x)} pictures.",
            "It has to have one for each unit: what all pictures together ask of its bias.",
            "Sum over the pictures: axis=0.",
        )
        yield Mistake(
            wrong,
            "it still has one row for each picture.",
            "A bias is one number for a unit, shared by all pictures.",
            "Sum over the pictures: axis=0.",
        )


def _of_form(expected: Array, rows: int) -> Iterator[Mistake]:
    forms = {"": expected} | ({" and stands on its side": expected.T} if expected.ndim == 2 else {})
    size = "With it, the learning rate that suits one batch size does not suit another."
    for side, gradient in forms.items():
        if side:
            yield Mistake(
                gradient,
                f"it stands on its side, {gradient.shape} instead of {expected.shape}.",
                "Pictures are rows here: W1 has one row for each input.",
                "Swap the factors and transpose the other one: (A.T @ B).T is B.T @ A.",
                form=True,
            )
        yield Mistake(
            rows * gradient,
            f"it is {rows} times too large{side}, for {rows} pictures.",
            f"The loss is a mean, so its gradient is one, too. {size}",
            "Divide by the number of pictures, once: where softmax and loss are derived.",
            form=True,
        )
        yield Mistake(
            gradient / rows,
            f"it is {rows} times too small{side}, for {rows} pictures.",
            f"The mean was taken twice. {size}",
            "Divide by the number of pictures once, and use sums elsewhere.",
            form=True,
        )
        yield Mistake(
            -gradient,
            f"its sign is turned{side}.",
            "A step against it climbs up the loss.",
            "The derivative of the loss by z2 is (probabilities - one_hot) / n.",
            form=True,
        )


def _of_the_chain(name: str, network: Example) -> Iterator[Mistake]:
    arguments, slope = network.arguments, ACTIVATIONS[network.activation].slope
    rows = len(network.x)
    for factor in (1, rows):
        kinds: Mapping[str, tuple[dict[str, Array], str, str, str]] = {
            "slope": (
                formulas.gradients(*arguments, slopes_of=lambda found: np.ones_like(found.z1)),
                "the slope of the activation function is missing.",
                "What flows back through a unit is multiplied by the slope at its sum z1.",
                "d_z1 = (d_z2 @ W2.T) * slope(z1)",
            ),
            "at a1": (
                formulas.gradients(*arguments, slopes_of=lambda found: slope(found.a1)),
                "the slope is taken at the output a1 of the hidden layer.",
                "slope() is a function of the weighted sum; with ReLU you do not see the "
                "difference, "
                "with others you do.",
                "Use slope(z1).",
            ),
            "value": (
                formulas.gradients(*arguments, slopes_of=lambda found: found.a1),
                "it is multiplied by the output a1 in place of the slope.",
                "What flows back through a unit is multiplied by the slope at its sum z1.",
                "d_z1 = (d_z2 @ W2.T) * slope(z1)",
            ),
            "labels": (
                formulas.gradients(*arguments, minus_labels=False),
                "the labels do not take part.",
                "The error of the output is probability minus 1 for the right class, "
                "probability for "
                "the others.",
                "d_z2 = (probabilities - one_hot) / n",
            ),
        }
        for gradient, saw, why, step in kinds.values():
            yield Mistake(factor * gradient[name], saw, why, step)
    if name == "W2":
        found = formulas.forward(network.parameters, network.x, network.activation)
        per_row = found.probabilities.copy()
        per_row[np.arange(rows), network.labels] -= 1
        for part in (1.0, 1 / rows):
            yield Mistake(
                part * (found.z1.T @ per_row),
                "it is made with the sums z1 of the hidden layer.",
                "The second layer sees a1, what the activation function makes of z1.",
                "Use a1.T @ d_z2.",
            )
