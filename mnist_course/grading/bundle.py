"""Build the zip that an instructor uploads to Gradescope.

Its root holds ``setup.sh`` and ``run_autograder``, as Gradescope demands, the pinned requirements,
the wheel of this package, ``assignment.json`` and the instructor's notebook below ``source/``. The
same repository gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mnist_course import __version__
from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import AssignmentError, GraderError
from mnist_course.grading import container_size
from mnist_course.grading.assignment import Assignment, read_assignment
from mnist_course.grading.wheel import build_wheel, write_zip
from mnist_course.grading.wording import points

__all__ = ["BundleInfo", "build"]

_SCRIPTS = ("run_autograder", "setup.sh")


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What was built.

    ``automatic_points`` is what to set as the autograder's points on Gradescope; ``container`` is
    the sentence that says which container size to choose there.
    """

    path: Path
    sha256: str
    size: int
    files: tuple[str, ...]
    automatic_points: float
    manual_points: float
    container: str

    def __str__(self) -> str:
        lines = [
            f"{self.path}: {self.size / 1e6:.1f} MB, SHA-256 {self.sha256}",
            f"Autograder points: set {points(self.automatic_points)} on Gradescope.",
            self.container,
        ]
        if self.manual_points:
            by_hand = points(self.manual_points)
            lines.insert(2, f"Graded by a person: {by_hand} points; allow manual grading there.")
        return "\n".join(lines)


def build(
    assignment_id: str, output: Path, *, repository: Path, require_sandbox: bool = False
) -> BundleInfo:
    """Build the zip of one assignment.

    Parameters
    ----------
    assignment_id : str
        Such as ``m5``; ``source/<id>/<id>.ipynb`` is its notebook.
    output : Path
        The zip to write or replace, atomically. Its folder must exist.
    repository : Path
        A clone of the course's repository.
    require_sandbox : bool
        Refuse to grade in a container where a required layer of the sandbox is missing.

    Returns
    -------
    BundleInfo

    Raises
    ------
    AssignmentError
        If the assignment does not exist or breaks a rule of authoring.
    GraderError
        If the repository is incomplete or the wheel cannot be built.
    OSError
        If the output cannot be written.
    """
    notebook = repository / "source" / assignment_id / f"{assignment_id}.ipynb"
    assignment = read_assignment(notebook)
    measurement = container_size.find_measurement(
        assignment_id, repository / "docs" / "measurements"
    )
    entries = {name: (_read(repository / "autograder" / name), 0o755) for name in _SCRIPTS}
    for name, content in {
        "requirements.txt": _read(repository / "requirements.txt"),
        f"source/{assignment_id}/{assignment_id}.ipynb": notebook.read_bytes(),
        "assignment.json": _describe(assignment, measurement, require_sandbox),
    }.items():
        entries[name] = (content, 0o600)
    wheel_name, wheel = build_wheel(repository)
    entries[wheel_name] = (wheel, 0o600)

    names = sorted(entries)
    with tempfile.TemporaryDirectory(prefix="mnist-course-bundle-") as folder:
        made = Path(folder, "autograder.zip")
        write_zip(made, [(name, *entries[name]) for name in names])
        content = made.read_bytes()
    write_bytes(output, content)
    automatic, manual = _points(assignment)
    return BundleInfo(
        path=output,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        files=tuple(names),
        automatic_points=automatic,
        manual_points=manual,
        container=container_size.sentence(measurement),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise GraderError(
            f"cannot read {path.parent.name}/{path.name}: {error.strerror}. Run this in a clone of "
            "the course's repository."
        ) from error


def _points(assignment: Assignment) -> tuple[float, float]:
    automatic = math.fsum(cell.points for cell in assignment.grade_cells)
    manual = math.fsum(cell.points for cell in assignment.graded if cell.is_manual)
    if automatic <= 0:
        raise AssignmentError(
            f"{assignment.id}: no item is graded automatically, so Gradescope needs no autograder"
        )
    return automatic, manual


def _data_to_fetch(assignment: Assignment) -> list[str]:
    """Return the data sets that the assignment uses and that are not part of the package."""
    used = any("fashion_mnist" in c.source for c in assignment.cells if c.cell_type == "code")
    return ["fashion_mnist"] if used else []


def _describe(
    assignment: Assignment,
    measurement: container_size.Measurement | None,
    require_sandbox: bool,
) -> bytes:
    automatic, manual = _points(assignment)
    size = container_size.needed_size(measurement.peak_mb) if measurement else None
    description = {
        "id": assignment.id,
        "version": __version__,
        "automatic_points": automatic,
        "manual_points": manual,
        "total_points": automatic + manual,
        "require_sandbox": require_sandbox,
        "data": _data_to_fetch(assignment),
        "peak_memory_mb": measurement.peak_mb if measurement else None,
        "container": {"cpus": size.cpus, "memory_mb": size.memory_mb} if size else None,
        "items": [
            {"grade_id": cell.grade_id, "points": cell.points, "manual": cell.is_manual}
            for cell in assignment.graded
        ],
    }
    return (json.dumps(description, indent=2, sort_keys=True) + "\n").encode()
