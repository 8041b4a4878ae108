"""Whether the code that grades is still the code that graded."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

import mnist_course

__all__ = ["AFTER_THE_RUN", "engine_version", "run_version"]

# Neither grades nor is used by a notebook.
_WITHOUT = (
    "class_grading/",
    "proof/",
    "commands/",
    "workforce/",
    "cli.py",
    "command_options.py",
    "__main__.py",
    "without_iri_checks.py",
)
# Judges, or tells, what a notebook left behind; no part of it is there while student code runs.
AFTER_THE_RUN = (
    "checks/",
    "grading/answers_seen.py",
    "grading/bundle.py",
    "grading/doctor.py",
    "grading/evaluator.py",
    "grading/feedback.py",
    "grading/function_proxy.py",
    "grading/fused_adam.py",
    "grading/grade_cells.py",
    "grading/gradebook.py",
    "grading/gradescope",
    "grading/integrity.py",
    "grading/kept_answers.py",
    "grading/keras_backend.py",
    "grading/known.py",
    "grading/model_facade.py",
    "grading/nbgrader_pages.py",
    "grading/pictures.py",
    "grading/release",
    "grading/remote_backend.py",
    "grading/report.py",
    "grading/staff_facts.py",
    "grading/student_line.py",
    "grading/templates/",
    "grading/test_runner.py",
    "grading/transcript.py",
    "grading/verdict_cells.py",
    "grading/wording.py",
)
_PACKAGES = ("keras", "nbclient", "numpy", "scikit-learn", "scipy", "tensorflow")


def engine_version() -> str:
    """Return a digest of this package's code and of the versions of what it computes with."""
    return _digest(_WITHOUT)


def run_version() -> str:
    """Return a digest of what decides what a notebook leaves behind when it is run.

    What judges it afterwards is left out: after a change there, the same runs are judged again.
    """
    return _digest(_WITHOUT + AFTER_THE_RUN)


def _digest(without: tuple[str, ...]) -> str:
    root = Path(mnist_course.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(without):
            digest.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for package in _PACKAGES:
        digest.update(f"{package} {importlib.metadata.version(package)}\n".encode())
    return digest.hexdigest()
