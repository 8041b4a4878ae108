"""Write a grade into the cells of a notebook, in the form that nbgrader reads.

nbgrader takes the score of a grade cell from the cell's outputs: an error is 0, a number that is
the cell's result is that many points, and anything else, nothing included, is full marks. So each
item gets exactly one of the first two, whatever its verdict.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from mnist_course.grading import wording
from mnist_course.grading.escaping import markdown_text, plain_text, student_text
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Verdict

__all__ = [
    "for_students",
    "is_not_graded",
    "report_cell",
    "signal_outputs",
    "verdict_outputs",
]

_STAFF = {"mnist_course": {"audience": "staff"}}
_FAILED, _NOT_GRADED = "CheckFailed", "NotGraded"
_MOST = 50  # repairs, errors or findings that are told
_COLOURS = {Verdict.PASSED: "#2e7d32", Verdict.PARTIAL: "#b26a00"}


def verdict_outputs(grade: CellGrade) -> list[NotebookNode]:
    """Return the outputs from which nbgrader reads exactly this score.

    Parameters
    ----------
    grade : CellGrade
        An item that the engine grades, never ``Verdict.MANUAL``.

    Returns
    -------
    list of NotebookNode
        First the verdict: the score as the cell's result with a card of findings, or an error that
        holds them. Then, when there is a staff note, an output that :func:`for_students` removes.
        No traceback, so no line of a test.

    Raises
    ------
    ValueError
        If a person grades the item.
    """
    if grade.verdict is Verdict.MANUAL or grade.score is None:
        raise ValueError(f"{grade.grade_id}: a manual item has no verdict to write")
    if grade.verdict in _COLOURS:
        # The number alone is the text: with any other word nbgrader would give full marks.
        data = {"text/plain": repr(float(grade.score)), "text/html": _card(grade)}
        outputs = [_output("execute_result", data=data)]
    else:
        outputs = [_error(grade)]
    if grade.staff_note:
        note = f"For staff: {plain_text(grade.staff_note, limit=10_000)}"
        outputs.append(_output("display_data", data={"text/plain": note}, metadata=_STAFF))
    return outputs


def signal_outputs(grade: NotebookGrade) -> list[NotebookNode]:
    """Return what staff should look at, in an output that :func:`for_students` removes."""
    if not grade.signals:
        return []
    lines = [f"{signal.kind}: {signal.detail}" for signal in grade.signals[:_MOST]]
    told = [f"For staff, please look at: {plain_text(line)}" for line in lines]
    return [_output("display_data", data={"text/plain": "\n".join(told)}, metadata=_STAFF)]


def for_students(outputs: list[Any]) -> list[Any]:
    """Return the outputs without those that :func:`verdict_outputs` wrote for staff."""
    return [output for output in outputs if output.get("metadata") != _STAFF]


def is_not_graded(outputs: list[Any]) -> bool:
    """Return whether the outputs say that the grader could not decide."""
    return any(output.get("ename") == _NOT_GRADED for output in outputs)


def report_cell(grade: NotebookGrade) -> NotebookNode | None:
    """Return what the whole submission has to be told, as a Markdown cell.

    Parameters
    ----------
    grade : NotebookGrade
        Headline, repairs, errors of cells, measurements and pictures of it are shown.

    Returns
    -------
    NotebookNode or None
        None when there is nothing to say. Text of the student is escaped.
    """
    told = "\n\n".join(_report(grade))
    if not told:
        return None
    cell: NotebookNode = new_markdown_cell(  # type: ignore[no-untyped-call]
        f"### What the grader saw\n\n{told}", id="grader-report"
    )
    return cell


def _report(grade: NotebookGrade) -> Iterator[str]:
    if grade.headline:
        yield f"**{markdown_text(grade.headline)}**"
    told = [*map(wording.cell_error, grade.errors[:_MOST]), *grade.repairs[:_MOST]]
    told += [f"{name}: {value}" for name, value in wording.measured(grade)]
    if told:
        yield "\n".join(f"- {markdown_text(line)}" for line in told)
    for picture in grade.pictures:
        png = base64.b64encode(picture.png).decode("ascii")
        alt = escape(student_text(picture.alt))
        image = f'<img alt="{alt}" src="data:image/png;base64,{png}">'
        yield f"**{markdown_text(picture.title)}**\n\n{image}"


def _output(kind: str, **content: Any) -> NotebookNode:
    made: NotebookNode = new_output(kind, **content)  # type: ignore[no-untyped-call]
    return made


def _error(grade: CellGrade) -> NotebookNode:
    lines = [line for finding in grade.findings[:_MOST] for line in _lines(finding)]
    if grade.verdict is Verdict.NOT_GRADED:
        name, lines = _NOT_GRADED, [wording.NOT_GRADED, *lines]
    else:
        name, lines = _FAILED, lines or [wording.verdict(grade)]
    return _output("error", ename=name, evalue=lines[0], traceback=lines)


def _lines(finding: Finding) -> Iterator[str]:
    labelled = (
        ("Not yet: ", finding.saw),
        ("Why it matters: ", finding.why),
        ("Next: ", finding.next_step),
    )
    for label, text in labelled:
        if text:
            yield label + student_text(text)


def _card(grade: CellGrade) -> str:
    reached = f"{wording.points(grade.score or 0.0)} / {wording.points(grade.max_score)} points"
    rows = "".join(f"<li>{_row(finding)}</li>" for finding in grade.findings[:_MOST])
    return (
        f'<div style="border-left:6px solid {_COLOURS[grade.verdict]};padding:.5em 1em">'
        f"<b>{reached}</b>{f'<ul>{rows}</ul>' if rows else ''}</div>"
    )


def _row(finding: Finding) -> str:
    saw, why, next_step = (
        escape(student_text(text)) for text in (finding.saw, finding.why, finding.next_step)
    )
    following = f"<i>Next: {next_step}</i>" if next_step else ""
    return " ".join(part for part in (f"<b>{saw}</b>", why, following) if part)
