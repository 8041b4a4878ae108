"""Write a grade as one self-contained HTML page for the student.

The page has no script and loads nothing: pictures are ``data:`` URIs, and its Content Security
Policy allows these and its own style sheet only. Staff notes never appear on it.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from mnist_course import __version__
from mnist_course.atomic_write import write_text
from mnist_course.grading import wording
from mnist_course.grading.escaping import student_text
from mnist_course.grading.inline_code import html_with_code
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

__all__ = ["to_html", "write_feedback"]

_TEMPLATES = Path(__file__).parent / "templates"
_MOST = 50  # repairs, errors or findings that are shown


def to_html(grade: NotebookGrade) -> str:
    """Return the page.

    Parameters
    ----------
    grade : NotebookGrade
        Everything in it that could come from the student is escaped here.

    Returns
    -------
    str
        A whole HTML document, UTF-8 when written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = student_text
    environment.filters["with_code"] = _with_code
    environment.filters["points"] = wording.points
    style = (_TEMPLATES / "feedback.css").read_text(encoding="utf-8")
    return environment.get_template("feedback.html.j2").render(
        grade=grade,
        items=[_Item(cell, grade) for cell in grade.cells],
        pictures=[
            (p.title, p.alt, "data:image/png;base64," + base64.b64encode(p.png).decode("ascii"))
            for p in grade.pictures
        ],
        errors=_some([wording.cell_error(error) for error in grade.errors]),
        repairs=_some(grade.repairs),
        measured=wording.measured(grade),
        manual_points=math.fsum(cell.max_score for cell in grade.manual),
        still_to_grade=wording.still_to_grade(grade.manual),
        isolation=wording.isolation(grade.layers),
        grader_failed=wording.GRADER_FAILED,
        not_graded=wording.NOT_GRADED,
        share=_percent(grade.score, grade.max_score),
        # The style sheet is a file of this package, the one text that is not escaped.
        style=Markup(style),  # noqa: S704
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        version=__version__,
    )


def write_feedback(grade: NotebookGrade, path: Path) -> None:
    """Write the page atomically.

    Raises
    ------
    OSError
        If the folder is missing or not writable.
    """
    write_text(path, to_html(grade))


class _Item:
    """What the template shows of one item."""

    def __init__(self, cell: CellGrade, grade: NotebookGrade) -> None:
        self.title = cell.title or cell.grade_id
        self.verdict = wording.verdict(cell)
        self.state = str(cell.verdict).replace(" ", "-")
        self.is_manual = cell.verdict is Verdict.MANUAL
        self.is_undecided = cell.verdict is Verdict.NOT_GRADED
        self.max_score = cell.max_score
        self.score = cell.score or 0.0
        self.share = _percent(self.score, cell.max_score)
        self.findings = cell.findings[:_MOST]
        if grade.grader_failed and not self.is_manual:
            self.verdict, self.state = "Grade again", "not-graded"
            self.score, self.share, self.findings = 0.0, 0.0, ()


def _some(sentences: Sequence[str]) -> list[str]:
    """Return as many as somebody reads, and how many more there are."""
    more = len(sentences) - _MOST
    return [*sentences[:_MOST], *([f"And {more} more."] if more > 0 else [])]


def _with_code(text: object) -> Markup:
    """Return what `student_text` gives, escaped, with names between backticks as code."""
    return Markup(html_with_code(student_text(text)))  # noqa: S704 - escaped there


def _percent(score: float, max_score: float) -> float:
    return round(100 * score / max_score, 2) if max_score else 100.0
