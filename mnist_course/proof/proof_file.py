"""Where the proof of an assignment lies, and how it is read."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_course.exceptions import ProofError
from mnist_course.proof.proof import Proof

__all__ = ["proof_path", "read_proof", "source_ids"]


def source_ids(root: Path) -> list[str]:
    """Return the ids of a course's assignments, sorted."""
    found = root.glob("source/*/*.ipynb")
    return sorted(path.stem for path in found if path.stem == path.parent.name)


def proof_path(assignment: str, root: Path) -> Path:
    """Return where the proof of an assignment is written: ``examples/proofs/<id>.py``."""
    return root / "examples" / "proofs" / f"{assignment}.py"


def read_proof(assignment: str, root: Path) -> Proof:
    """Run an assignment's proof file and return what it calls ``PROOF``.

    Parameters
    ----------
    assignment : str
        ``m1``.
    root : Path
        The course; its proofs are the instructor's own code and trusted as such.

    Raises
    ------
    ProofError
        If the file is missing, cannot be run, or holds no proof of this assignment.
    """
    path = proof_path(assignment, root)
    where = f"examples/proofs/{assignment}.py"
    if not path.is_file():
        raise ProofError(f"there is no {where}. Write the proof of {assignment} there.")
    spec = importlib.util.spec_from_file_location(f"mnist_course_proof_of_{assignment}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with _importable(root):
            spec.loader.exec_module(module)
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        raise ProofError(f"{where} cannot be read: {words}") from error
    proof = getattr(module, "PROOF", None)
    if not isinstance(proof, Proof) or proof.id != assignment:
        got = f"one of {proof.id}" if isinstance(proof, Proof) else type(proof).__name__
        raise ProofError(f"{where}: expected PROOF, a Proof of {assignment!r}, got {got}")
    return proof


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Let the file import ``examples`` from its course, whatever the current folder is."""
    sys.path.insert(0, str(root.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(root.resolve()))
