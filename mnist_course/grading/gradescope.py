"""Write a grade in Gradescope's form, ``results.json``.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/. Every test is visible,
because one hidden test hides the student's total; what is for staff goes into ``extra_data``,
which Gradescope stores and does not show to students. Items that a person grades are no tests, so
that the points of all tests add up to the automatic points.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from mnist_course import __version__
from mnist_course.atomic_write import write_text
from mnist_course.grading import wording
from mnist_course.grading.escaping import markdown_text, plain_text, student_text
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Verdict

__all__ = ["failure_results", "to_results", "write_failure", "write_results"]

# Gradescope cuts a field at 100,000 characters, from its middle, which would break our Markdown.
_FIELD_LIMIT = 90_000
_NAME_LIMIT = 200
_LIST_LIMIT = 50  # repairs, errors or findings told at most
_LEADERBOARD = (
    ("accuracy", "Accuracy", 4, "desc"),
    ("parameters", "Parameters", 0, "asc"),
    ("training_seconds", "Training seconds", 1, "asc"),
)


def to_results(grade: NotebookGrade) -> dict[str, object]:
    """Turn a grade into Gradescope's results.

    Parameters
    ----------
    grade : NotebookGrade
        With ``grader_failed`` every item earns 0 points and says that the instructor must be told.

    Returns
    -------
    dict
        What ``results.json`` holds: built-in types, finite numbers, no student's markup.
    """
    cells = grade.automatic
    results: dict[str, object] = {
        "score": 0.0 if grade.grader_failed else grade.score,
        "execution_time": round(_finite(grade.seconds), 2),
        "output": _overview(grade),
        "output_format": "md",
        "test_output_format": "md",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": _extra_data(grade),
        "tests": [_test(cell, number, grade=grade) for number, cell in enumerate(cells, start=1)],
    }
    leaderboard = [] if grade.grader_failed else _leaderboard(grade)
    if leaderboard:
        results["leaderboard"] = leaderboard
    return results


def failure_results(
    headline: str = "",
    *,
    assignment: str = "",
    cells: Sequence[CellGrade] = (),
    staff_note: str = "",
    seconds: float = 0.0,
) -> dict[str, object]:
    """Return results for a grade that the grader could not make.

    It needs nothing to be known, so it can be written before anything has been read.

    Parameters
    ----------
    headline : str
        What happened, in a sentence for the student.
    assignment : str
        Id of the assignment, if known.
    cells : sequence of CellGrade
        Its items, if known, so that the points that can be earned stay right. Their scores are
        ignored.
    staff_note : str
        What happened, for staff: it goes into ``extra_data``.
    seconds : float
        Wall time so far.
    """
    grade = NotebookGrade(
        assignment, tuple(cells), headline=headline, seconds=seconds, grader_failed=True
    )
    results = to_results(grade)
    if staff_note:
        extra = _extra_data(grade)
        extra["staff_notes"] = {
            **_staff_notes(grade),
            "grader": plain_text(staff_note, limit=8_000),
        }
        results["extra_data"] = extra
    return results


def write_results(grade: NotebookGrade, path: Path) -> None:
    """Write ``results.json`` atomically.

    Raises
    ------
    OSError
        If the folder is missing or not writable.
    """
    _write(to_results(grade), path)


def write_failure(
    path: Path,
    headline: str = "",
    *,
    assignment: str = "",
    cells: Sequence[CellGrade] = (),
    staff_note: str = "",
    seconds: float = 0.0,
) -> None:
    """Write :func:`failure_results` atomically."""
    results = failure_results(
        headline, assignment=assignment, cells=cells, staff_note=staff_note, seconds=seconds
    )
    _write(results, path)


def _write(results: dict[str, object], path: Path) -> None:
    write_text(path, json.dumps(results, indent=2, allow_nan=False) + "\n")


def _test(cell: CellGrade, number: int, *, grade: NotebookGrade) -> dict[str, object]:
    failed = grade.grader_failed
    passed = cell.verdict is Verdict.PASSED and not failed
    return {
        "name": student_text(cell.title or cell.grade_id, limit=_NAME_LIMIT),
        "name_format": "text",
        "number": str(number),
        "score": 0.0 if failed else float(cell.score or 0.0),
        "max_score": float(cell.max_score),
        "status": "passed" if passed else "failed",
        "output": wording.GRADER_FAILED if failed else _cell_output(cell),
        "output_format": "md",
        "tags": _tags(cell, grade),
        "visibility": "visible",
        "extra_data": {"grade_id": plain_text(cell.grade_id, limit=_NAME_LIMIT)},
    }


def _tags(cell: CellGrade, grade: NotebookGrade) -> list[str]:
    outcome = "grader failed" if grade.grader_failed else str(cell.verdict)
    tags = (grade.assignment, cell.grade_id, outcome.replace(" ", "-"))
    return [plain_text(tag, limit=_NAME_LIMIT) for tag in tags if tag]


def _cell_output(cell: CellGrade) -> str:
    lead = wording.NOT_GRADED if cell.verdict is Verdict.NOT_GRADED else wording.verdict(cell) + "."
    return _join([f"**{lead}**", *(_finding(finding) for finding in cell.findings[:_LIST_LIMIT])])


def _finding(finding: Finding) -> str:
    labelled = (
        ("What we saw", finding.saw),
        ("Why it matters", finding.why),
        ("Next step", finding.next_step),
    )
    return "\n\n".join(f"**{label}:** {markdown_text(text)}" for label, text in labelled if text)


def _overview(grade: NotebookGrade) -> str:
    blocks = []
    if grade.grader_failed:
        blocks.append(f"**{wording.GRADER_FAILED}**")
    if grade.headline:
        blocks.append(f"**{markdown_text(grade.headline)}**")
    if not grade.grader_failed:
        numbers = [f"{name}: {value}" for name, value in wording.measured(grade)]
        blocks += _listed("What the grader measured", numbers)
        pictures = [f"{p.title}: {p.alt}" for p in grade.pictures]
        blocks += _listed("What the pictures of your model show", pictures)
    errors = [wording.cell_error(error) for error in grade.errors]
    blocks += _listed("Cells that did not end well", errors)
    blocks += _listed("What was repaired while reading", grade.repairs)
    by_hand = wording.still_to_grade(grade.manual)
    if by_hand:
        blocks.append(markdown_text(by_hand))
    return _join(blocks)


def _listed(heading: str, items: Sequence[str]) -> list[str]:
    """Return a block of escaped items, or none when there is no item."""
    if not items:
        return []
    lines = [f"- {markdown_text(item)}" for item in items[:_LIST_LIMIT]]
    if len(items) > _LIST_LIMIT:
        lines.append(f"- and {len(items) - _LIST_LIMIT} more")
    return ["\n".join([f"**{heading}**", "", *lines])]


def _join(blocks: Sequence[str]) -> str:
    """Join whole blocks as far as Gradescope's limit allows."""
    kept: list[str] = []
    left = _FIELD_LIMIT
    for block in blocks:
        left -= len(block) + 2
        if left < 0:
            kept.append("*The rest is too long to show.*")
            break
        kept.append(block)
    return "\n\n".join(kept)


def _leaderboard(grade: NotebookGrade) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for key, name, digits, order in _LEADERBOARD:
        value = grade.measurements.get(key)
        if value is not None and wording.is_number(value):
            number = round(value, digits) if digits else round(value)
            rows.append({"name": name, "value": number, "order": order})
    return rows


def _extra_data(grade: NotebookGrade) -> dict[str, object]:
    return {
        "version": __version__,
        "assignment": plain_text(grade.assignment, limit=_NAME_LIMIT),
        "grader_failed": grade.grader_failed,
        "verdicts": {_key(cell): str(cell.verdict) for cell in grade.cells},
        "judging_seconds": {
            _key(cell): round(_finite(cell.seconds), 3) for cell in grade.automatic
        },
        "measurements": {
            plain_text(name, limit=_NAME_LIMIT): value
            for name, value in grade.measurements.items()
            if wording.is_number(value)
        },
        "sandbox": [
            {
                "name": plain_text(layer.name, limit=_NAME_LIMIT),
                "active": layer.active,
                "detail": plain_text(layer.detail),
            }
            for layer in grade.layers
        ],
        "repairs": [plain_text(repair) for repair in grade.repairs[:_LIST_LIMIT]],
        "errors": [
            {
                "cell": error.cell,
                "kind": plain_text(error.kind),
                "message": plain_text(error.message),
            }
            for error in grade.errors[:_LIST_LIMIT]
        ],
        "staff_notes": _staff_notes(grade),
        "signals": [
            {
                "kind": plain_text(signal.kind, limit=_NAME_LIMIT),
                "detail": plain_text(signal.detail),
            }
            for signal in grade.signals[:_LIST_LIMIT]
        ],
    }


def _staff_notes(grade: NotebookGrade) -> dict[str, str]:
    return {
        _key(cell): plain_text(cell.staff_note, limit=8_000)
        for cell in grade.cells
        if cell.staff_note
    }


def _key(cell: CellGrade) -> str:
    return plain_text(cell.grade_id, limit=_NAME_LIMIT)


def _finite(number: float) -> float:
    return number if math.isfinite(number) else 0.0
