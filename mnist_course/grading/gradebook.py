"""Let ``nbgrader autograde`` record the engine's grades.

nbgrader runs a submission in one kernel, tests included, and reads the score off what the kernel
printed. Here its converters keep their work (gradebook, late penalties, formgrader, feedback), and
the points where nbgrader can be configured, see ``nbgrader_config.py``, are used to replace the
rest:

=========================== ==================================================================
:func:`collect_renamed`     hook before conversion: a renamed notebook gets the name that
                            nbgrader looks for
:class:`SubmissionExporter` a file that is no notebook is read as an empty one
:class:`AlignSubmission`    first step of sanitizing: cells find their grade ids again
:class:`TrustedAutograde`   in place of ``Execute``: the engine grades, its verdicts become
                            outputs
:class:`SaveTrustedGrades`  ``SaveAutoGrades``, and what could not be graded goes to a person
:class:`StudentView`        feedback pages without hidden tests, marking schemes, staff notes
=========================== ==================================================================

No student code ever runs in nbgrader's process.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_locked, is_task
from traitlets import Bool, Float, List

from mnist_course.exceptions import GraderError
from mnist_course.grading.autograde import GradeOutcome, autograde
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.sandbox import SandboxOptions
from mnist_course.grading.sanitize import (
    AlignSubmission,
    SubmissionExporter,
    collect_renamed,
    grade_id_of,
    read_leniently,
    source_path,
    submitted_path,
)
from mnist_course.grading.verdict_cells import (
    for_students,
    is_not_graded,
    report_cell,
    signal_outputs,
    verdict_outputs,
)

__all__ = [
    "AlignSubmission",
    "SaveTrustedGrades",
    "StudentView",
    "SubmissionExporter",
    "TrustedAutograde",
    "collect_renamed",
]


class TrustedAutograde(NbGraderPreprocessor):  # type: ignore[misc]
    """Grade with the engine and write its verdicts as the outputs of the grade cells.

    Stands in for ``Execute``. The engine gets the file as it was submitted, so a submission has
    the same score here, on Gradescope and from ``mnist-course grade``; the student's cells receive
    the outputs of the engine's run.

    Raises
    ------
    GraderError
        If the grader itself failed; nbgrader then reports this student and goes on to the next.
    """

    deadline_seconds = Float(
        600.0, help="Seconds that grading one notebook may take, training included."
    ).tag(config=True)
    require_sandbox = Bool(
        False, help="Refuse to grade where a required layer of the sandbox is missing."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill in the outputs of all code cells."""
        # Formgrader converts within its server's event loop, where the engine's could not start:
        # hence a thread.
        with (
            tempfile.TemporaryDirectory(prefix="mnist-course-nbgrader-") as work,
            ThreadPoolExecutor(max_workers=1) as thread,
        ):
            outcome = thread.submit(
                self.grade,
                submitted_path(self, resources),
                source_path(self, resources),
                Path(work),
            ).result()
            if outcome.executed_notebook is not None:
                _take_outputs(nb, outcome.executed_notebook)
        grade = outcome.grade
        if grade.grader_failed:
            raise GraderError(
                f"the grader failed on this submission: {grade.headline or 'no reason given'}. "
                "Nothing was recorded; see the log, then run `nbgrader autograde` again."
            )
        self._write_verdicts(nb, grade, student=resources["nbgrader"]["student"])
        report = report_cell(grade)
        nb.cells = [*([report] if report else []), *nb.cells]
        return nb, resources

    def grade(self, submission: Path, assignment: Path, work: Path) -> GradeOutcome:
        """Grade a submission; ``work`` is a folder for the notebook as it ran."""
        return autograde(
            submission,
            assignment,
            deadline_seconds=self.deadline_seconds,
            work=work,
            options=SandboxOptions(require=self.require_sandbox),
        )

    def _write_verdicts(self, nb: Any, grade: NotebookGrade, *, student: str) -> None:
        verdicts = {cell.grade_id: cell for cell in grade.automatic}
        signals = signal_outputs(grade)  # below the first item, where formgrader shows them
        for signal in grade.signals:
            self.log.warning("%s, %s: %s", student, signal.kind, signal.detail)
        for cell in nb.cells:
            verdict = verdicts.pop(grade_id_of(cell), None)
            if verdict is not None:
                cell.outputs = [*verdict_outputs(verdict), *signals]
                signals = []
                if verdict.staff_note:
                    self.log.warning("%s, %s: %s", student, verdict.grade_id, verdict.staff_note)
        if verdicts:
            raise GraderError(f"these items have no cell to record them in: {', '.join(verdicts)}")


class SaveTrustedGrades(SaveAutoGrades):  # type: ignore[misc]
    """Save the scores, and mark what could not be graded for a person to look at.

    An item that is not graded has no points, and formgrader lists it under manual grading.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the scores of all cells."""
        nb, resources = super().preprocess(nb, resources)
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            for cell in nb.cells:
                if is_not_graded(cell.get("outputs", [])):
                    gradebook.find_grade(
                        grade_id_of(cell), place["notebook"], place["assignment"], place["student"]
                    ).needs_manual_grade = True
            gradebook.db.commit()
        return nb, resources


class StudentView(ClearHiddenTests):  # type: ignore[misc]
    """Keep hidden tests, marking schemes and staff notes out of a feedback page.

    ``autograded/`` keeps them: formgrader shows them to staff, and the checksums stay those that
    nbgrader knows. Only cells that hold the instructor's text are touched, since a student may
    write any marker anywhere.
    """

    # The HTML exporter sets this for every preprocessor; unknown, it would log a warning each time.
    display_data_priority: Any = List(help="Not used here.").tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Clean one cell."""
        if is_task(cell) and is_locked(cell):
            cell, resources = ClearMarkScheme().preprocess_cell(cell, resources, cell_index)
        elif is_grade(cell) and is_locked(cell):
            cell, resources = super().preprocess_cell(cell, resources, cell_index)
            cell.outputs = for_students(cell.outputs)
        return cell, resources


def _take_outputs(nb: Any, executed: Path) -> None:
    """Copy outputs from the engine's run to the same cells, found by their source, in order."""
    ran = [cell for cell in read_leniently(executed).cells if cell.cell_type == "code"]
    start = 0
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        for position in range(start, len(ran)):
            if ran[position].source == cell.source:
                cell.outputs = ran[position].outputs
                cell.execution_count = ran[position].execution_count
                start = position + 1
                break
