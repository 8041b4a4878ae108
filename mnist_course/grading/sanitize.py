"""Prepare submissions for nbgrader's converters.

The first half of :mod:`mnist_course.grading.gradebook`, which says where each part is configured.
Everything here treats the notebook as foreign text and runs none of it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from mnist_course.exceptions import GraderError, SubmissionError
from mnist_course.grading.assignment import Assignment, AssignmentCell, read_assignment
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.notebook_file import pasted_pictures, read
from mnist_course.grading.submission import AlignedCell, align
from mnist_course.grading.submitted_file import choose_notebook

__all__ = [
    "AlignSubmission",
    "SubmissionExporter",
    "collect_renamed",
    "grade_id_of",
    "read_leniently",
    "source_path",
    "submitted_path",
]

_MISSING = (
    "No cell of the submission was recognised as this answer. If it is not in a neighbouring "
    "cell, the item was not answered."
)

_log = logging.getLogger(__name__)


def collect_renamed(
    *, assignment: str, notebooks: list[str], student: str = "*", source: Path = Path("source")
) -> None:
    """Give a renamed submission the name that nbgrader looks for.

    nbgrader skips ``submitted/alice/m5/Copy of m5 (1).ipynb`` as unknown and then finds nothing to
    grade. This is a ``pre_convert_hook``, the one supported place that nbgrader calls before it
    compares names: the file is renamed, and the list that nbgrader goes on with is changed in
    place. A subclass of ``Autograde`` would do the same, but neither ``nbgrader autograde`` nor
    formgrader can be told to use one. Among several notebooks the one is taken that Gradescope's
    run would take (:func:`~mnist_course.grading.submitted_file.choose_notebook`). Nothing happens
    when a notebook already has the right name.

    Parameters
    ----------
    assignment : str
        Id of the assignment.
    notebooks : list of str
        Paths of one student's notebooks; changed in place.
    student : str
        As nbgrader was asked, ``*`` for everybody; not used, the paths know better.
    source : Path
        The instructor's notebooks. nbgrader calls hooks with the course as working folder.
    """
    expected = f"{assignment}.ipynb"
    if not notebooks or any(Path(path).name == expected for path in notebooks):
        return
    folder = Path(notebooks[0]).parent
    try:
        wanted = read_assignment(source / assignment / expected)
        ids = [cell.grade_id for cell in wanted.graded]
        choice = choose_notebook(folder, assignment_id=assignment, grade_ids=ids)
        choice.path.rename(folder / expected)
    except (OSError, ValueError) as error:
        # nbgrader would mention a failed hook at a level that nobody sees.
        _log.error("%s: no notebook could be taken as %s: %s", folder, expected, error)
        return
    _log.warning("%s: took %r as %s. %s", folder, choice.path.name, expected, choice.note)
    others = [path for path in notebooks if Path(path) != choice.path]
    notebooks[:] = [str(folder / expected), *others]


class SubmissionExporter(NotebookExporter):
    """Begin with a notebook that holds nothing of a submission but the pictures in its text.

    nbgrader's own reader gives up on a student whose file is no notebook (no grade, no feedback),
    waits at a pipe, and holds saved outputs in memory that it then drops. ``AlignSubmission`` reads
    the file as the engine does; when it cannot be read, the engine says so in a sentence.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Convert a file, whatever it is."""
        path = Path(filename)
        course = _course(self)
        if path.is_relative_to(course.format_path(course.autograded_directory, ".", ".")):
            # nbgrader's second half reads what the first has written.
            as_usual: Callable[..., tuple[Any, Any]] = super().from_filename
            return as_usual(filename, resources=resources, **kw)
        resources = ResourcesDict() if resources is None else resources
        place = resources.setdefault("metadata", ResourcesDict())
        place["name"], place["path"] = path.stem, str(path.parent)
        nb = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
        for source, pictures in pasted_pictures(path).items():
            cell = _new_cell("markdown", source)
            cell["attachments"] = nbformat.from_dict(pictures)  # type: ignore[no-untyped-call]
            nb.cells.append(cell)
        convert: Callable[..., tuple[Any, Any]] = self.from_notebook_node
        return convert(nb, resources=resources, **kw)


class AlignSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Find the assignment's cells in a submission and give them their metadata back.

    Colab, VS Code and careless editing lose nbgrader's metadata, delete test cells or duplicate
    them. Afterwards every graded cell of the assignment is there exactly once, which is what
    ``OverwriteCells`` and ``SaveAutoGrades`` need; metadata, tags and outputs of the student are
    gone. An answer that is missing comes back as it was released, with a notice: nbgrader then
    leaves the item to a person, who may find the answer in another cell. In place of a file that
    is no notebook there is no notice, and nbgrader counts the items as not answered.

    Raises
    ------
    GraderError
        If the gradebook knows other items or points than ``source/``.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace the cells of the notebook."""
        assignment = read_assignment(source_path(self, resources))
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            known = gradebook.find_notebook(place["notebook"], place["assignment"])
            _compare_points(assignment, [*known.grade_cells, *known.task_cells])
            released = {cell.name: cell.source for cell in known.source_cells}
        try:
            # Read again as the engine reads it, which trusts less than nbformat does.
            aligned = align(read(submitted_path(self, resources)), assignment)
        except SubmissionError as error:
            self.log.warning("%s: %s", place["student"], plain_text(error))
            nb.cells, notice = [], ""
        else:
            for repair in aligned.repairs:
                self.log.warning("%s: %s", place["student"], plain_text(repair))
            nb.cells, notice = list(_align_cells(aligned.cells, nb.cells)), _MISSING
        _add_missing(nb, assignment, released, notice=notice)
        nb.nbformat, nb.nbformat_minor = 4, 5
        for number, cell in enumerate(nb.cells, start=1):
            cell.id = f"cell-{number:03d}"
        return nb, resources


def read_leniently(file: Any) -> Any:
    """Return a notebook as nbformat reads it, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat warns of what is repaired here
        return nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]


def _course(preprocessor: Any) -> CourseDirectory:
    """Return the course directory of the converter that runs this preprocessor."""
    owner = preprocessor.parent
    while owner is not None:
        if isinstance(getattr(owner, "coursedir", None), CourseDirectory):
            return owner.coursedir
        owner = owner.parent
    raise GraderError(
        f"{type(preprocessor).__name__} runs in `nbgrader autograde` only, where the folders of "
        "the course are known."
    )


def _notebook(preprocessor: Any, resources: Any, *, step: str, student: str) -> Path:
    place = resources["nbgrader"]
    folder = _course(preprocessor).format_path(step, student, place["assignment"])
    return Path(folder) / f"{place['notebook']}.ipynb"


def submitted_path(preprocessor: Any, resources: Any) -> Path:
    """Return the submission that a preprocessor of ``Autograde`` is working on."""
    step = _course(preprocessor).submitted_directory
    student = resources["nbgrader"]["student"]
    return _notebook(preprocessor, resources, step=step, student=student)


def source_path(preprocessor: Any, resources: Any) -> Path:
    """Return the instructor's notebook for the submission that is being worked on."""
    step = _course(preprocessor).source_directory
    return _notebook(preprocessor, resources, step=step, student=".")


def grade_id_of(cell: Any) -> str:
    """Return nbgrader's id of a cell, empty where there is none."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _compare_points(assignment: Assignment, recorded: Sequence[Any]) -> None:
    """Raise if ``source/`` was edited since the gradebook was filled from it."""
    there = {cell.name: float(cell.max_score) for cell in recorded}
    wanted = {cell.grade_id: cell.points for cell in assignment.graded}
    different = sorted({name for name, _ in there.items() ^ wanted.items()})
    if different:
        raise GraderError(
            f"source/{assignment.id} and the gradebook disagree on {', '.join(different)}: "
            f"run `nbgrader generate_assignment {assignment.id}` after an edit of the source."
        )


def _align_cells(cells: Iterable[AlignedCell], originals: Sequence[Any]) -> Iterator[NotebookNode]:
    there: set[str] = set()
    for cell in cells:
        known = cell.original
        if known is None:
            made = _new_cell(cell.cell_type, cell.source)
        elif cell.number == 0 or known.grade_id in there:
            continue  # one put back at the end finds its place later; a copied test is no answer
        else:
            # OverwriteCells restores what is locked anyway, with a warning for each difference.
            fixed = known.is_grade_cell or known.is_given
            made = _known_cell(known, known.source if fixed else cell.source)
            there.add(known.grade_id)
        if made.cell_type == "markdown":
            _keep_attachments(made, originals)
        yield made


def _known_cell(known: AssignmentCell, source: str) -> NotebookNode:
    made = _new_cell(known.cell_type, source)
    made.metadata["nbgrader"] = NotebookNode(  # type: ignore[no-untyped-call]
        grade_id=known.grade_id,
        grade=known.grade,
        solution=known.solution,
        locked=known.locked,
        task=known.task,
        schema_version=3,
    )
    if known.grade or known.task:
        made.metadata.nbgrader["points"] = known.points
    return made


def _new_cell(cell_type: str, source: str) -> NotebookNode:
    make: dict[str, Callable[..., NotebookNode]] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    return make[cell_type](source)


def _keep_attachments(made: NotebookNode, originals: Sequence[Any]) -> None:
    """Keep the pictures that a student pasted into an answer."""
    for original in originals:
        if original.source == made.source and original.get("attachments"):
            made["attachments"] = original["attachments"]
            return


def _add_missing(nb: Any, assignment: Assignment, released: dict[str, str], *, notice: str) -> None:
    """Put every graded cell that is missing behind the cell that precedes it in the assignment."""
    behind = 0
    for known in assignment.cells:
        places = [i for i, cell in enumerate(nb.cells) if grade_id_of(cell) == known.grade_id]
        if known.grade_id and places:
            behind = places[0] + 1
        elif known in assignment.graded:
            # A solution of the source must not get here: the gradebook has the released text.
            source = released[known.grade_id] if known.solution else known.source
            if notice and known.solution:
                told = f"# {notice}" if known.cell_type == "code" else f"*{notice}*"
                source = f"{told}\n\n{source}"
            nb.cells.insert(behind, _known_cell(known, source))
            behind += 1
