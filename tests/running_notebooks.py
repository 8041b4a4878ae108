"""What the tests of all notebooks do: run one, grade one, read the points and what they need."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mnist_course.grading.assignment import free_names, read_assignment, visible_source
from mnist_course.grading.report import grade_to_folder
from mnist_course.grading.sandbox import SandboxOptions
from mnist_course.grading.shared_forkserver import with_shared_forkserver
from mnist_course.proof.proof import Edit
from mnist_course.proof.reference import as_bytes, edited, reference


def run(notebook: Any, folder: Path, *, allow_errors: bool = False) -> dict[str, Any]:
    """Run a notebook; return its cells by id, outputs in place."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return {cell.id: cell for cell in notebook.cells}


def points(cell: Any) -> float:
    """Return the number that a grade cell shows, as nbgrader reads it."""
    (result,) = [o for o in cell.outputs if o.output_type == "execute_result"]
    assert "text/html" in result.data
    return float(result.data["text/plain"])


def points_given(source: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Return the points of the automatic and of the manual items by their ids."""
    assignment = read_assignment(source)
    return (
        {cell.grade_id: cell.points for cell in assignment.grade_cells},
        {cell.grade_id: cell.points for cell in assignment.graded if cell.is_manual},
    )


def needed_names(source: Path) -> dict[str, set[str]]:
    """Return the names that each grade cell takes from the student.

    What students see is a check of its own, with no name that only the hidden part binds.
    """
    found = {}
    for cell in read_assignment(source).grade_cells:
        found[cell.grade_id] = set(free_names(cell.source))
        assert set(free_names(visible_source(cell.source))) == found[cell.grade_id]
    return found


def as_in_a_class(source: Path) -> SandboxOptions:
    """Return options of a class's worker: packages are loaded once for all these grades."""
    return with_shared_forkserver(SandboxOptions(), source)


def findings_of(
    source: Path, edits: Iterable[Edit], folder: Path, **limits: float
) -> dict[str, tuple[float, str]]:
    """Grade the solution with these edits by the real engine: points and words of each item."""
    submission = folder / "mine.ipynb"
    submission.write_bytes(as_bytes(edited(reference(source), edits, by="this test")))
    options = as_in_a_class(source)
    grade = grade_to_folder(submission, source, folder / "out", options=options, **limits)
    assert not grade.grader_failed
    assert (folder / "out" / "results.json").is_file()
    return {
        cell.grade_id: (
            float(cell.score or 0),
            " ".join(f"{f.saw} {f.why} {f.next_step}" for f in cell.findings),
        )
        for cell in grade.automatic
    }
