"""The words in which every report speaks about a grade.

The sentences here are plain text; whoever shows them escapes them for its own format.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from mnist_course.grading.results import CellError, CellGrade, NotebookGrade, SandboxLayer, Verdict
from mnist_course.grading.sandbox_layers import missing_layers

__all__ = [
    "GRADER_FAILED",
    "NOT_GRADED",
    "cell_error",
    "is_number",
    "isolation",
    "measured",
    "points",
    "still_to_grade",
    "verdict",
]

GRADER_FAILED = (
    "The grader itself broke while it graded this notebook, so the points here say nothing about "
    "your work. Please tell your instructor: the notebook has to be graded again."
)
NOT_GRADED = (
    "The grader could not decide this item, so it gives no points for now. Your instructor sees "
    "why and can grade it by hand."
)

_VERDICTS = {
    Verdict.PASSED: "Full points",
    Verdict.PARTIAL: "Some points",
    Verdict.FAILED: "No points",
    Verdict.NOT_GRADED: "Not graded",
    Verdict.MANUAL: "Graded by a person",
}

_FOR_STAFF = "_rows_accuracy"


def verdict(cell: CellGrade) -> str:
    """Return the verdict in the words that a student reads."""
    return _VERDICTS[cell.verdict]


def points(number: float) -> str:
    """Return points with at most two decimals: ``16``, ``16.5``, ``17.33``."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def is_number(value: float) -> bool:
    """Tell whether a measurement can be shown: finite, of a size that a number has."""
    return -1e100 < value < 1e100


def measured(grade: NotebookGrade) -> tuple[tuple[str, str], ...]:
    """Return what the checks measured as (name, value with unit), the well-known ones first.

    What was measured to find lookups and the like is left out: it is for staff.
    """
    known = {
        "accuracy": ("Test accuracy", "{:.2%}"),
        "parameters": ("Parameters", "{:,.0f}"),
        "training_seconds": ("Training time", "{:.1f} s"),
        "fashion_accuracy": ("Accuracy on Fashion-MNIST", "{:.2%}"),
        "drawings_accuracy": ("Accuracy on drawings", "{:.1%}"),
        "pixels_off_centre": ("Farthest from the centre", "{:.2f} pixels"),
    }
    finite = {name: value for name, value in grade.measurements.items() if is_number(value)}
    shown = [
        (known[name][0], known[name][1].format(finite[name])) for name in known if name in finite
    ]
    rest = sorted(n for n in finite.keys() - known.keys() if not n.endswith(_FOR_STAFF))
    shown += [(name.replace("_", " ").capitalize(), f"{finite[name]:.4g}") for name in rest]
    return tuple((name, value.replace("%", " %")) for name, value in shown)


def cell_error(error: CellError) -> str:
    """Say in a sentence how a cell ended."""
    if error.kind == "TimeoutError":
        return f"Cell {error.cell} ran out of time. {error.message}".rstrip()
    if error.kind == "DeadKernelError":
        return f"Cell {error.cell} ended the Python process. {error.message}".rstrip()
    return f"Cell {error.cell} stopped with {error.kind}: {error.message}".rstrip(": ")


def still_to_grade(cells: Iterable[CellGrade]) -> str:
    """Say in a sentence what a person still grades; empty when that is nothing."""
    manual = [(cell.title or cell.grade_id, cell.max_score) for cell in cells]
    if not manual:
        return ""
    total = points(math.fsum(score for _, score in manual))
    items = ", ".join(f"{title} ({points(score)})" for title, score in manual)
    return f"A person still grades {total} points: {items}."


def isolation(layers: Iterable[SandboxLayer]) -> str:
    """Say in one line, without details, how the student's code was kept apart."""
    layers = tuple(layers)
    if not layers:
        return ""
    if not missing_layers(layers):
        return "Your code ran in a sandbox, apart from the tests."
    return "Your code ran in a process of its own, apart from the tests."
