"""Write the notebook as it ran in the grader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_text
from mnist_course.grading.clean_outputs import OutputCleaner
from mnist_course.grading.escaping import student_text
from mnist_course.grading.execution import Execution
from mnist_course.grading.results import CellGrade, NotebookGrade
from mnist_course.grading.submission import AlignedNotebook

__all__ = ["build_executed", "write_executed"]

_MOST_FINDINGS = 50


def build_executed(
    aligned: AlignedNotebook, execution: Execution, grade: NotebookGrade
) -> dict[str, Any]:
    """Return a notebook of format 4.5: the student's cells with what they gave in the grader.

    Grade cells hold their visible text, with the verdict as output. The other outputs are cleaned:
    they show text, tables and pictures, and run nothing.
    """
    cleaner = OutputCleaner()
    grades = {c.grade_id: c for c in grade.automatic}
    cells: list[dict[str, Any]] = []
    for position, cell in enumerate(aligned.cells):
        record: dict[str, Any] = {
            "cell_type": cell.cell_type,
            "id": f"cell-{position + 1}",
            "metadata": {},
            "source": cell.source,
        }
        if cell.cell_type == "code":
            if cell.grade_id in grades:
                outputs = [_verdict(grades[cell.grade_id])]
            else:
                outputs = cleaner.clean(execution.outputs.get(cell.number, []))
            record |= {"execution_count": None, "outputs": outputs}
        cells.append(record)
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _verdict(grade: CellGrade) -> dict[str, Any]:
    points = "" if grade.score is None else f"{grade.score:g} of {grade.max_score:g} points: "
    lines = [f"{points}{grade.verdict}"]
    for finding in grade.findings[:_MOST_FINDINGS]:
        lines += [student_text(s) for s in (finding.saw, finding.why, finding.next_step) if s]
    return {"output_type": "stream", "name": "stdout", "text": "\n".join(lines) + "\n"}


def write_executed(
    aligned: AlignedNotebook, execution: Execution, grade: NotebookGrade, folder: Path
) -> Path:
    """Write ``executed.ipynb`` into ``folder`` and return its path."""
    path = folder / "executed.ipynb"
    notebook = build_executed(aligned, execution, grade)
    # As ASCII: whoever looks at the file in a terminal sees escapes, not their effect.
    write_text(path, json.dumps(notebook, indent=1) + "\n")
    return path
