"""Put the grades of a class into nbgrader's gradebook: one writer, one student after another.

nbgrader's own converters do it, so that formgrader shows what it shows after ``nbgrader
autograde``, and manual grades, comments and late penalties stay what they are. The engine's place
is taken by the store: nothing is run and nothing is judged.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, GradeCell, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy.exc import SAWarning
from traitlets import Dict, Unicode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from mnist_course.atomic_write import write_bytes, write_text
from mnist_course.class_grading.grading_job import GRADES, grade_of
from mnist_course.class_grading.people import Decided
from mnist_course.class_grading.records import Student
from mnist_course.class_grading.store import Store
from mnist_course.exceptions import GraderError
from mnist_course.grading.autograde import GradeOutcome
from mnist_course.grading.gradebook import TrustedAutograde

__all__ = ["RecordStoredGrade", "decided_by_people", "write_gradebook"]

_SETTINGS = "nbgrader_config.py"
_log = logging.getLogger(__name__)


class RecordStoredGrade(TrustedAutograde):
    """Write the verdicts of a grade that is in the store; in place of ``TrustedAutograde``."""

    store = Unicode(help="Folder of the store.").tag(config=True)
    keys = Dict(help="Key of the grade in the store, by the path of the submission.").tag(
        config=True
    )

    def grade(self, submission: Path, assignment: Path, work: Path) -> GradeOutcome:
        """Return the stored grade.

        Raises
        ------
        GraderError
            If it is not in the store.
        """
        key = self.keys.get(str(submission.resolve()), "")
        entry = Store(Path(self.store)).get(GRADES, key) if key else None
        if entry is None:
            raise GraderError(f"the grade of {submission.name} is not in the store: grade it again")
        executed = None
        if "executed.ipynb" in entry.files:
            executed = work / "executed.ipynb"
            write_bytes(executed, entry.files["executed.ipynb"].read_bytes())
        return GradeOutcome(grade_of(entry), executed)


def write_gradebook(
    root: Path,
    assignment: str,
    graded: Sequence[tuple[Student, Path, str]],
    *,
    store: Path,
    recorded: Path,
) -> dict[str, str]:
    """Record in the gradebook of a course what it does not have yet.

    Parameters
    ----------
    root : Path
        The course's folder, with ``nbgrader_config.py`` and ``submitted/``.
    assignment : str
        Its id.
    graded : sequence of (Student, Path, str)
        Who, the file in ``submitted/``, the key of its grade in the store.
    store : Path
    recorded : Path
        A JSON file that says which grades the gradebook has; made if it is not there.

    Returns
    -------
    dict of str to str
        By student, why nothing was recorded; empty when all went well.

    Raises
    ------
    GraderError
        If the folder has no settings of nbgrader, or the assignment was never released.
    OSError
        If ``recorded`` cannot be written.
    """
    api = _api(_settings(root, graded, store))
    known = _recorded(recorded) if _has_students(api, assignment) else {}
    todo = [(student, key) for student, _, key in graded if known.get(student.id) != key]
    if not todo:
        return {}
    # nbgrader knows an assignment once its release was made; else it would make one that is empty.
    if not _is_known(api, assignment):
        raise GraderError(
            f"The gradebook does not know {assignment!r}. Make its release first: "
            f"nbgrader generate_assignment {assignment}"
        )
    failed = {}
    _name_students(api, [student for student, _ in todo])
    for student, key in ((student.id, key) for student, key in todo):
        with _quiet():
            told = api.autograde(assignment, student, force=True, create=True)
        if told["success"]:
            known[student] = key
            write_text(recorded, json.dumps(known, indent=1, sort_keys=True) + "\n", mode=0o600)
        else:
            words = str(told.get("error") or told.get("log") or "no reason given")
            failed[student] = words.strip().splitlines()[-1][:500]
            _log.warning("%s is not in the gradebook: %s", student, words)
    return failed


def decided_by_people(root: Path, assignment: str) -> dict[str, Decided]:
    """Return what people decided in formgrader.

    Parameters
    ----------
    root : Path
        The course's folder; where it has no gradebook nobody decided anything.
    assignment : str

    Returns
    -------
    dict of str to Decided
        By student. A written answer that was left as it was released has the 0 that nbgrader gives.
    """
    if not (root / _SETTINGS).is_file():
        return {}
    api = _api(_settings(root, (), root))
    if not (root / "gradebook.db").exists() or not _is_known(api, assignment):
        return {}
    with Gradebook(api.coursedir.db_url) as gradebook:
        return {
            submission.student.id: _decided(submission)
            for submission in gradebook.assignment_submissions(assignment)
        }


def _decided(submission: Any) -> Decided:
    points: dict[str, float] = {}
    extra = 0.0
    for grade in (grade for book in submission.notebooks for grade in book.grades):
        extra += grade.extra_credit or 0.0
        by_engine = isinstance(grade.cell, GradeCell) and grade.cell.cell_type == "code"
        if grade.manual_score is not None:
            points[grade.name] = float(grade.manual_score)
        elif not by_engine and grade.auto_score is not None and not grade.needs_manual_grade:
            points[grade.name] = float(grade.auto_score)
    return Decided(points, extra)


def _recorded(path: Path) -> dict[str, str]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # all are recorded again
        return {}
    return {str(student): str(key) for student, key in plain.items()} if plain else {}


def _has_students(api: Any, assignment: str) -> bool:
    """Tell whether this gradebook ever had a grade: it may be a new one."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        try:
            return bool(gradebook.assignment_submissions(assignment))
        except MissingEntry:
            return False


def _name_students(api: Any, students: Sequence[Student]) -> None:
    """Tell the gradebook what students are called, where somebody said."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        for student in students:
            facts = {
                "first_name": student.first_name,
                "last_name": student.last_name,
                "email": student.email,
            }
            if said := {name: fact for name, fact in facts.items() if fact}:
                gradebook.update_or_create_student(student.id, **said)


def _settings(root: Path, graded: Sequence[tuple[Student, Path, str]], store: Path) -> Config:
    if not (root / _SETTINGS).is_file():
        raise GraderError(
            f"There is no {_SETTINGS} in {root}. Expected the folder of an nbgrader course; name "
            "it with --root, or grade without the gradebook."
        )
    config = PyFileConfigLoader(_SETTINGS, path=str(root)).load_config()
    ours = f"{RecordStoredGrade.__module__}.{RecordStoredGrade.__qualname__}"
    engine = f"{TrustedAutograde.__module__}.{TrustedAutograde.__qualname__}"
    config.Autograde.autograde_preprocessors = [
        ours if name == engine else name for name in config.Autograde.autograde_preprocessors
    ]
    config.RecordStoredGrade.store = str(store.absolute())
    config.RecordStoredGrade.keys = {str(path.resolve()): key for _, path, key in graded}
    return config


def _api(config: Config) -> Any:
    with _quiet():  # it misses an exchange that nobody here needs
        return NbGraderAPI(config=config)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what nbgrader tells about each file; when it fails, its log is in the answer."""
    logger = logging.getLogger("traitlets")
    passed_on, logger.propagate = logger.propagate, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of how nbgrader fills its tables
            yield
    finally:
        logger.propagate = passed_on


def _is_known(api: Any, assignment: str) -> bool:
    with Gradebook(api.coursedir.db_url) as gradebook:
        try:
            gradebook.find_assignment(assignment)
        except MissingEntry:
            return False
    return True
