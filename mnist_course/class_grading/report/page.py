"""Write one self-contained HTML page about a class, for staff.

The page has no script and loads nothing: figures stand in it as SVG, and its Content Security
Policy allows its own style sheet only. It names students, so it is not for students.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from numpy.typing import NDArray

from mnist_course import __version__
from mnist_course.atomic_write import write_text
from mnist_course.class_grading.records import GradedSubmission
from mnist_course.class_grading.report.diagnoses import Diagnosis, diagnoses
from mnist_course.class_grading.report.figures import (
    accuracy_figure,
    confusion_figure,
    points_figure,
)
from mnist_course.class_grading.report.item_statistics import FEWEST, item_statistics
from mnist_course.class_grading.report.person_needed import person_needed
from mnist_course.class_grading.report.points_summary import points_summary
from mnist_course.class_grading.report.roster import by_id, roster
from mnist_course.class_grading.report.run_costs import run_costs
from mnist_course.class_grading.report.signals_by_kind import signals_by_kind
from mnist_course.class_grading.report.similarity import (
    CODE,
    WORDS,
    Comparison,
)
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.inline_code import html_with_code
from mnist_course.grading.wording import points

__all__ = ["to_html", "write_class_report"]

_TEMPLATES = Path(__file__).parent / "templates"
_DASH = "–"
_MOST_DIAGNOSES, _MOST_GROUPS, _MOST_DETAILS = 30, 100, 200
_MOST_NAMES = 250  # in one list
_LANDMARK = 100  # rows of the table of students between two links into it


def write_class_report(
    graded: Sequence[GradedSubmission],
    path: Path,
    *,
    assignment: str,
    made: datetime | None = None,
    similar: Comparison | None = None,
    confusion: NDArray[Any] | None = None,
) -> None:
    """Write the page atomically; see `to_html`.

    Parameters
    ----------
    graded, assignment, made, similar, confusion
        As for `to_html`.
    path : Path
        The page, usually beside the folders of the students, whose feedback it links.

    Raises
    ------
    OSError
        If the folder is missing or not writable.
    ValueError
        If ``confusion`` is not a (10, 10) array of counts.
    """
    html = to_html(
        graded,
        path.parent,
        assignment=assignment,
        made=made,
        similar=similar,
        confusion=confusion,
    )
    write_text(path, html, mode=0o600)  # it names students


def to_html(
    graded: Sequence[GradedSubmission],
    folder: Path,
    *,
    assignment: str,
    made: datetime | None = None,
    similar: Comparison | None = None,
    confusion: NDArray[Any] | None = None,
) -> str:
    """Return the page; the same arguments give the same bytes.

    Parameters
    ----------
    graded : sequence of GradedSubmission
        The class, in any order. Everything in it that could come from students is escaped here.
    folder : Path
        Where the page will lie: links are relative to it.
    assignment : str
        Its id, ``m5``.
    made : datetime, optional
        The time that the page shows.
    similar : Comparison, optional
        From `similarity.compare`; None where nothing was compared.
    confusion : ndarray of int (10, 10), optional
        Sum of the students' confusion matrices; rows are true digits.

    Returns
    -------
    str
        A whole HTML document, UTF-8 when written.

    Raises
    ------
    ValueError
        If ``confusion`` is not a (10, 10) array of counts.
    """
    ordered = by_id(graded)
    grades = [one.grade for one in ordered]
    items = item_statistics(grades)
    summary = points_summary(grades)
    scatter, without_scatter = accuracy_figure(grades)
    rows = roster(ordered, [item.grade_id for item in items], folder)
    positions = {one.submission.student.id: i for i, one in enumerate(ordered)}
    kinds = diagnoses(grades)
    style = (_TEMPLATES / "class_report.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("class_report.html.j2")
        .render(
            assignment=assignment,
            made=made,
            rows=rows,
            landmarks=rows[::_LANDMARK] if len(rows) > _LANDMARK else (),
            items=items,
            titles={item.grade_id: item.title for item in items},
            summary=summary,
            person=person_needed(grades),
            points_figure=points_figure(summary),
            scatter=scatter,
            without_scatter=without_scatter,
            confusion=None if confusion is None else confusion_figure(confusion),
            diagnoses=kinds[:_MOST_DIAGNOSES],
            other_diagnoses=_rest(kinds[_MOST_DIAGNOSES:]),
            costs=run_costs(ordered),
            signals=signals_by_kind(grades),
            similar=similar,
            positions=positions,
            code=CODE,
            words=WORDS,
            most_groups=_MOST_GROUPS,
            fewest=FEWEST,
            most_names=_MOST_NAMES,
            most_details=_MOST_DETAILS,
            dash=_DASH,
            # The style sheet is a file of this package, the one text that is not escaped.
            style=Markup(style),  # noqa: S704
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            version=__version__,
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain_text
    environment.filters["with_code"] = _with_code
    environment.filters["points"] = lambda value: _DASH if value is None else points(value)
    environment.filters["percent"] = lambda value: _DASH if value is None else _percent(value)
    environment.filters["signed"] = _signed
    environment.filters["amount"] = _amount
    environment.filters["students"] = _students
    return environment


def _with_code(text: object, limit: int = 400) -> Markup:
    """Return a sentence for staff, escaped, with names between backticks as code."""
    return Markup(html_with_code(plain_text(text, limit=limit)))  # noqa: S704 - escaped there


def _percent(share: float | None) -> str:
    return _DASH if share is None else f"{100 * share:.0f} %"


def _signed(value: float | None) -> str:
    """Write a correlation: ``0.43``, with a true minus."""
    return _DASH if value is None else f"{value:.2f}".replace("-", "−")


def _amount(value: float | None) -> str:
    """Write seconds or mebibytes with three digits or more."""
    if value is None:
        return _DASH
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _students(count: int) -> str:
    return f"{count:,} student{'' if count == 1 else 's'}"


def _rest(kinds: Sequence[Diagnosis]) -> tuple[int, int]:
    """Return how many kinds are not shown, and of how many students."""
    return len(kinds), len({student for kind in kinds for student in kind.students})
