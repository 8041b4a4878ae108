"""A figure in the prose of a notebook is one that code knows.

Results are left to the cells that compute them. What the text may say is a setting or a limit that
stands in the notebook's own code, a share that follows from the data, or a constant that is listed
here with its reason.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.datasets import mnist

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.glob("source/m*/m*.ipynb"))

# A share or a percentage: 0.95, .1135, 98.8 %, 10 %.
FIGURE = re.compile(r"(?<![\w.,$])(?:(\d{0,2}\.\d+|\d{1,3})(?= ?%)|(0?\.\d{2,})(?![\d.]*\w))")

KNOWN = {
    "m1": {
        "0.1": "a tenth: equal shares of ten digits",
        "0.95": "an example of an accuracy, in the formula of its standard error",
    },
    "m2": {
        "0.25": "the largest slope of the sigmoid",
        "0.23": "ln 10 / 10: a mean over ten classes of which one counts",
        "0.1": "chance among ten classes",
        "0.92": "the goal: the top of the ramp in the grade cell",
    },
    "m3": {
        "0.11": "the share of ones, in short",
        "0.9": "a level of sureness that the student looks at",
        "0.99": "the same",
    },
    "m4": {"0.95": "a share of digits to keep, in a stretch"},
    "m5": {
        "0.96": "an example of what to write",
        "0.91": "an example of what to write",
        "0.25": "the largest slope of the sigmoid",
    },
    "m6": {"0.11": "the share of ones, in short"},
    "m7": {
        "0.95": "the level of a confidence interval",
        "0.8": "a share of weights to set to 0, in a stretch",
        "0.01": "a weight decay to try, in a stretch",
    },
    "m8": {
        "0.1": "chance among ten classes; ten percent more or fewer parameters",
        "0.98": "an accuracy that nothing honest reaches on clothes",
        "0.14": "4 of 28 pixels",
        "0.15": "a layer to try, in a stretch",
    },
    "m9": {"0.02": "another limit of the rule, to try"},
}


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [
        {"id": cell["id"], "source": "".join(cell["source"])}
        for cell in notebook["cells"]
        if cell["cell_type"] == kind
    ]


def numbers_in_code(path: Path) -> set[float]:
    found: set[float] = set()
    for cell in cells(path, "code"):
        for token in tokenize.generate_tokens(io.StringIO(cell["source"]).readline):
            if token.type == tokenize.NUMBER and "j" not in token.string.lower():
                found.add(float(token.string.replace("_", "")) if "x" not in token.string else 0.0)
    return found


def shares_of_classes() -> set[float]:
    (_, y_train), (_, y_test) = mnist.load_data()
    return {
        round(count / len(y), 4) for y in (y_train, y_test) for count in np.bincount(y).tolist()
    }


def said(text: str) -> list[float]:
    return [
        round(float(percent) / 100, 10) if percent else float(share)
        for percent, share in FIGURE.findall(text)
    ]


def test_the_figures_of_a_text_are_found() -> None:
    text = "98.8 % of them, .1135 and 0.95; 10 % or 25 m, 3.14.1, x.50, 1.2e-3, step 0.2"
    assert said(text) == [0.988, 0.1135, 0.95, 0.1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_knows_every_figure_of_the_prose(path: Path) -> None:
    code, shares = numbers_in_code(path), shares_of_classes()
    constants = {float(number) for number in KNOWN.get(path.stem, {})}
    unknown = [
        f"{cell['id']}: {figure:g}"
        for cell in cells(path, "markdown")
        for figure in said(cell["source"])
        if not {figure, round(figure * 100, 10)} & code
        and figure not in shares
        and figure not in constants
    ]
    assert unknown == []


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_listed_constant_is_needed(name: str) -> None:
    path = ROOT / "source" / name / f"{name}.ipynb"
    figures = {figure for cell in cells(path, "markdown") for figure in said(cell["source"])}
    assert {float(number) for number in KNOWN[name]} <= figures
