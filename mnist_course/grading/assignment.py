"""Read an instructor's notebook: grade cells, points and the names each one needs.

Only trusted files are read here, and nothing is run. A student's submission never comes this way
(see ``submission.py``).
"""

from __future__ import annotations

import builtins
import json
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

from mnist_course.exceptions import AssignmentError

__all__ = [
    "GIVEN_NAMES",
    "Assignment",
    "AssignmentCell",
    "free_names",
    "read_assignment",
    "visible_source",
]

# Names that the test runner provides itself; they never come from the student.
GIVEN_NAMES = frozenset({"execution"})

# Words of grade ids, which are lower case, that a title writes in another way.
_SPELLINGS = {"knn": "kNN", "svm": "SVM", "mnist": "MNIST", "w1": "W1", "w2": "W2"}

_KERAS = re.compile(r"\b(?:keras|tensorflow)\b")
_HEADER = re.compile(
    r"^#\s*(?P<id>[A-Za-z0-9_-]+)\s*\((?P<points>[0-9]{1,6}(?:\.[0-9]{1,6})?) points?\)"
)


def _region(begin: str, end: str) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t]*### {begin}[^\n]*\n.*?^[ \t]*### {end}[^\n]*\n?", re.DOTALL | re.MULTILINE
    )


# nbgrader's regions that a student never sees.
_INVISIBLE = (
    _region("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
    _region("BEGIN SOLUTION", "END SOLUTION"),
    _region("BEGIN MARK SCHEME", "END MARK SCHEME"),
)


@dataclass(frozen=True, slots=True)
class AssignmentCell:
    """One cell of the instructor's notebook.

    ``grade_id`` is empty for a cell that nbgrader does not know. ``source`` is the instructor's
    text, hidden tests and solutions included.
    """

    index: int
    cell_type: str
    source: str
    grade_id: str = ""
    points: float = 0.0
    grade: bool = False
    solution: bool = False
    locked: bool = False
    task: bool = False

    @property
    def is_grade_cell(self) -> bool:
        """True for a cell of tests: graded by the engine, never run beside student code."""
        return self.grade and not self.solution and self.cell_type == "code"

    @property
    def is_manual(self) -> bool:
        """True for an answer or task that a person grades."""
        return self.task or (self.grade and (self.solution or self.cell_type != "code"))

    @property
    def is_given(self) -> bool:
        """True for a locked cell that is run as the instructor wrote it."""
        return self.locked and not self.grade and not self.solution

    @property
    def title(self) -> str:
        """A few words for a person: the id without the assignment's prefix."""
        first, *others = self.grade_id.split("-", 1)[-1].replace("_", "-").split("-")
        words = [_SPELLINGS.get(first, first[:1].upper() + first[1:])]
        return " ".join([*words, *(_SPELLINGS.get(word, word) for word in others)])


@dataclass(frozen=True, slots=True)
class Assignment:
    """An instructor's notebook as data."""

    id: str
    cells: tuple[AssignmentCell, ...]

    @property
    def graded(self) -> tuple[AssignmentCell, ...]:
        """Every cell with points, in order."""
        return tuple(c for c in self.cells if c.is_grade_cell or c.is_manual)

    @property
    def grade_cells(self) -> tuple[AssignmentCell, ...]:
        """The cells that the engine judges, in order."""
        return tuple(c for c in self.cells if c.is_grade_cell)

    @property
    def by_grade_id(self) -> dict[str, AssignmentCell]:
        """Cells by nbgrader's id."""
        return {c.grade_id: c for c in self.cells if c.grade_id}

    @property
    def wants_keras(self) -> bool:
        """Whether any of its code is about Keras: then a grade loads TensorFlow."""
        return any(c.cell_type == "code" and _KERAS.search(c.source) for c in self.cells)

    def names_needed(self) -> frozenset[str]:
        """Return the student's names that any grade cell uses."""
        return frozenset().union(*(free_names(c.source) for c in self.grade_cells)) - GIVEN_NAMES


def visible_source(source: str) -> str:
    """Return what a student sees of a cell: no hidden tests, solution or mark scheme."""
    for region in _INVISIBLE:
        source = region.sub("", source)
    return source


def header_id(source: str) -> tuple[str, float] | None:
    """Return (grade id, points) of a first line such as ``# m5-accuracy (20 points)``."""
    match = _HEADER.match(source.lstrip())
    return (match["id"], float(match["points"])) if match else None


def free_names(source: str) -> frozenset[str]:
    """Return the names that a cell reads but neither binds nor imports.

    Parameters
    ----------
    source : str
        Python source of one cell.

    Returns
    -------
    frozenset of str
        What the student's notebook has to provide. Built-ins are left out, and so is a name that
        the cell binds anywhere at its top level.

    Raises
    ------
    AssignmentError
        If the source is not Python.
    """
    try:
        top = symtable.symtable(source, "<grade cell>", "exec")
    except SyntaxError as error:
        message = f"a grade cell is not Python: {error.msg} (line {error.lineno})"
        raise AssignmentError(message) from error
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    read: set[str] = set()
    scopes = [top]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        read |= {
            s.get_name()
            for s in scope.get_symbols()
            if s.is_referenced() and (scope is top or s.is_global())
        }
    return frozenset(read - bound - set(dir(builtins)))


def _cell(index: int, raw: dict[str, object], where: str) -> AssignmentCell:
    metadata = raw.get("metadata")
    known = metadata.get("nbgrader", {}) if isinstance(metadata, dict) else {}
    source = raw.get("source", "")
    text = "".join(source) if isinstance(source, list) else str(source)
    cell = AssignmentCell(
        index=index,
        cell_type=str(raw.get("cell_type")),
        source=text,
        grade_id=str(known.get("grade_id", "")),
        points=float(known.get("points") or 0.0),
        grade=bool(known.get("grade")),
        solution=bool(known.get("solution")),
        locked=bool(known.get("locked")),
        task=bool(known.get("task")),
    )
    if cell.is_grade_cell:
        header = header_id(text)
        if header != (cell.grade_id, cell.points):
            raise AssignmentError(
                f"{where}: the first line of grade cell {cell.grade_id!r} must be "
                f"'# {cell.grade_id} ({cell.points:g} points)', got {text.splitlines()[:1]}. "
                "Notebooks lose their metadata in Colab; this line is how the cell is found again."
            )
    return cell


def read_assignment(path: Path) -> Assignment:
    """Read an instructor's notebook.

    Parameters
    ----------
    path : Path
        ``source/<id>/<id>.ipynb``; the file's name is the assignment's id.

    Returns
    -------
    Assignment

    Raises
    ------
    AssignmentError
        If the file is missing, is no notebook, repeats a grade id, or holds a grade cell whose
        first line does not name its id and points.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AssignmentError(
            f"cannot read the assignment {path.name}: {error.strerror}. "
            "Expected source/<id>/<id>.ipynb; check the id."
        ) from error
    except ValueError as error:
        raise AssignmentError(f"the assignment {path.name} is not a notebook: {error}") from error
    cells = tuple(
        _cell(i, raw, path.name)
        for i, raw in enumerate(notebook.get("cells", []))
        if isinstance(raw, dict)
    )
    ids = [c.grade_id for c in cells if c.grade_id]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise AssignmentError(f"{path.name}: grade ids occur twice: {', '.join(twice)}")
    assignment = Assignment(path.stem, cells)
    if not assignment.graded:
        raise AssignmentError(f"{path.name}: no cell has points, so there is nothing to grade")
    for cell in assignment.grade_cells:
        free_names(cell.source)
    return assignment
