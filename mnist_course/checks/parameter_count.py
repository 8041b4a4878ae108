"""Points for counting the parameters of a network of dense layers by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

__all__ = ["check_parameter_count"]

_FORMULA = "A dense layer has (inputs + 1) x units parameters, the 1 being the bias."


def check_parameter_count(
    counted: Any,
    *,
    sizes: Sequence[int] = (784, 128, 10),
    names: Sequence[str] = ("hidden", "output"),
    each: float = 2,
    total: float = 1,
    name: str = "my_parameters",
) -> Score:
    """Compare counted parameters with those of dense layers.

    Parameters
    ----------
    counted : mapping, sequence or number
        A number for each layer and their total: by name (what a key holds is enough), in this
        order, or the total alone.
    sizes : sequence of int
        Numbers in an image, units of each layer.
    names : sequence of str
        A word in the key of each layer.
    each, total : float
        Points for each layer, and for the total.
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if nothing is filled in.
    """
    of = each * len(names) + total
    try:
        answers = _by_name(counted, [*names, "total"], name)
    except CheckFailed as failed:
        return Score(0, of, findings=(failed.finding,))
    if all(value is None for value in answers.values()):
        return Score(
            0,
            of,
            f"`{name}` holds no number yet.",
            "What a network can learn is stored in its parameters, so it is worth knowing where "
            "they are.",
            _FORMULA,
        )
    earned, findings = 0.0, []
    expected = {}
    for layer, (inputs, units) in zip(names, pairwise(sizes), strict=True):
        expected[layer] = (inputs + 1) * units
        found = _layer(answers[layer], inputs, units, layer)
        earned += each if found is None else 0
        findings += [] if found is None else [found]
    whole = sum(expected.values())
    found = _total(answers["total"], [answers[layer] for layer in names], whole, sizes)
    earned += total if found is None else 0
    findings += [] if found is None else [found]
    if not findings:
        parts = " + ".join(f"{value:,}" for value in expected.values())
        findings = [Finding(f"{parts} = {whole:,} parameters.")]
    return Score(earned, of, findings=findings)


def _by_name(counted: Any, names: Sequence[str], name: str) -> dict[str, float | None]:
    if type(counted).__name__ == "DataFrame" and len(counted) == 1:
        counted = counted.to_dict("records")[0]
    if isinstance(counted, Mapping):
        keys = {str(key).lower(): key for key in counted}
        found = {n: next((key for low, key in keys.items() if n in low), None) for n in names}
        return {n: None if key is None else as_number(counted[key]) for n, key in found.items()}
    alone = as_number(counted)
    if alone is not None:
        return {n: alone if n == names[-1] else None for n in names}
    try:
        values = [as_number(value) for value in counted]
    except TypeError:
        values = []
    if len(values) != len(names):
        raise CheckFailed(
            f"`{name}` holds a value of type {type(counted).__name__}; expected a dict with "
            f"{', '.join(map(repr, names))}.",
            "Each part is looked at by its name.",
            f"Put your numbers in place of None in the cell that defines {name}.",
        )
    return dict(zip(names, values, strict=True))


def _layer(answer: float | None, inputs: int, units: int, layer: str) -> Finding | None:
    expected = (inputs + 1) * units
    if answer == expected:
        return None
    saw = f"The {layer} layer: you count {_shown(answer)}."
    if answer == inputs * units:
        return Finding(
            saw,
            f"These are the {inputs} x {units} weights. Each of the {units} units also has a bias "
            "that it adds to its sum.",
            _FORMULA,
        )
    if answer in (inputs * (units + 1), inputs * units + inputs):
        return Finding(
            saw,
            f"That is one bias for each of the {inputs} inputs; the biases belong to the units of "
            "the layer itself.",
            _FORMULA,
        )
    if answer == inputs * units + 1:
        return Finding(saw, "Each unit has a bias of its own, not the layer as a whole.", _FORMULA)
    if answer is None:
        return Finding(saw, "Its parameters are one part of the total.", _FORMULA)
    return Finding(
        saw,
        f"It has {inputs} inputs and {units} units, and every unit is connected with every input.",
        _FORMULA,
    )


def _total(
    answer: float | None, parts: Sequence[float | None], whole: int, sizes: Sequence[int]
) -> Finding | None:
    if answer == whole:
        return None
    saw = f"The total: you count {_shown(answer)}."
    given = [part for part in parts if part is not None]
    if answer == sum(inputs * units for inputs, units in pairwise(sizes)):
        return Finding(
            saw,
            f"These are all the weights; {sum(sizes[1:])} biases are missing.",
            _FORMULA,
        )
    if len(given) == len(parts) and answer == sum(given):
        return Finding(saw, "It is the sum of your parts, one of which is not right yet.", _FORMULA)
    return Finding(
        saw,
        "Flatten has no parameters, so the total is the sum over the dense layers.",
        "Add up the parts.",
    )


def _shown(answer: float | None) -> str:
    return "nothing" if answer is None else f"{answer:,.10g}"
