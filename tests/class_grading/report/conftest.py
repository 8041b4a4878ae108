"""A made-up class, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.class_grading.records import GradedSubmission, Student, Submission
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Signal, Verdict

# (id, title, points, how hard it is), as m5 has them; then what a person grades.
ITEMS = [
    ("m5-log", "Log", 10, -0.6),
    ("m5-model", "Model", 5, -1.8),
    ("m5-accuracy", "Accuracy", 20, -0.4),
    ("m5-holds-up", "Holds up", 5, 0.0),
    ("m5-minimal", "Minimal", 10, 0.5),
    ("m5-evaluation", "Evaluation", 5, -1.2),
    ("m5-health", "Health", 5, 0.2),
]
MANUAL = [
    ("m5-why-bad", "Why bad", 12),
    ("m5-how-helped", "How helped", 14),
    ("m5-insight", "Insight", 8),
    ("m5-organisation", "Organisation", 6),
]
GIVEN = ["Ada", "Bo", "Chidi", "Dana", "Émile", "Fatima", "Goro", "Hana", "Ivo", "ليلى"]
FAMILY = ["Lovelace", "Nguyen", "O’Neil", "Sánchez", "Öztürk", "Petrov", "Kim", "المصري", "Quist"]


def finding(grade_id: str, rng: np.random.Generator) -> Finding:
    share, count = rng.uniform(0.1, 0.94), int(rng.integers(2, 900))
    said = {
        "m5-log": (f"{count % 3} of {count % 7 + 3} recorded fits change exactly one setting of "
                   "an earlier one; 3 are wanted.", "Change one setting at a time."),
        "m5-model": (f"`model_{count}` has {count % 9} outputs; expected 10.",
                     "End in `Dense(10, activation=\"softmax\")`."),
        "m5-accuracy": (f"{share:.2%} of the 10,000 test images are read correctly.",
                        "Change the learning rate first."),
        "m5-holds-up": (f"Trained again it reaches {share:.4f}; the first time it was "
                        f"{share + 0.02:.4f}.", "Train longer."),
        "m5-minimal": (f"The network has {count * 1000:,} parameters; at most 60,000 earn all "
                       "points.", "Halve the largest layer."),
        "m5-evaluation": (f"{count} images of the test set were used for training.",
                          "Fit on `x_train` only."),
        "m5-health": (f"Dead units in the worst hidden layer: {count % 60 + 40}%.", "Use ReLU."),
    }[grade_id]  # fmt: skip
    return Finding(said[0], "It costs points.", said[1])


def make_cell(
    item: tuple[str, str, int, float], ability: float, rng: np.random.Generator
) -> CellGrade:
    grade_id, title, top, hard = item
    drawn = ability - hard + rng.normal(0, 0.8)
    if rng.random() < 0.01:
        note = f"CannotGrade: the evaluator took {rng.uniform(60, 90):.1f} s, 60 s are allowed"
        return CellGrade(grade_id, title, top, 0, Verdict.NOT_GRADED, staff_note=note)
    if drawn > 0:
        fine = Finding("All is well with 3 of 3.")
        return CellGrade(grade_id, title, top, top, Verdict.PASSED, (fine,))
    if drawn > -1:
        score = float(rng.integers(1, top))
        return CellGrade(grade_id, title, top, score, Verdict.PARTIAL, (finding(grade_id, rng),))
    return CellGrade(grade_id, title, top, 0, Verdict.FAILED, (finding(grade_id, rng),))


def make_class(folder: Path, count: int, seed: int = 0) -> list[GradedSubmission]:
    rng = np.random.default_rng(seed)
    graded = []
    for number in rng.permutation(count):
        ability = rng.normal()
        cells = [make_cell(item, ability, rng) for item in ITEMS]
        cells += [CellGrade(i, t, p, None, Verdict.MANUAL) for i, t, p in MANUAL]
        measured = {}
        if rng.random() > 0.06:
            size = float(np.exp(rng.uniform(np.log(7_850), np.log(1_500_000)))) // 1
            accuracy = 1 / (1 + np.exp(-3 - 0.6 * ability - 0.5 * rng.normal()))
            measured = {"accuracy": float(accuracy), "parameters": size}
        signals = ()
        if rng.random() < 0.02:
            text = f"{rng.integers(1, 9)} of 9 fits were trained on test images."
            signals = (Signal("fit on test rows", text),)
        if rng.random() < 0.01:
            signals += (Signal("data pasted in", "Cell 12 holds 9,412 letters without a space."),)
        student = Student(
            f"student{number:04d}", GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
        )
        grade = NotebookGrade(
            "m5", tuple(cells), measurements=measured, signals=signals,
            seconds=float(rng.gamma(6, 8)), grader_failed=bool(rng.random() < 0.004),
        )  # fmt: skip
        graded.append(
            GradedSubmission(
                Submission(student, folder / f"{student.id}.ipynb"), "0" * 64, grade,
                folder / student.id, float(rng.gamma(6, 15)), int(rng.gamma(9, 9e7)),
            )
        )  # fmt: skip
    return graded


def make_one(
    folder: Path, student: Student, cells: tuple[CellGrade, ...], **fields: Any
) -> GradedSubmission:
    grade = NotebookGrade("m5", cells, **fields)
    return GradedSubmission(
        Submission(student, folder / "hidden.ipynb"), "0" * 64, grade, folder / student.id
    )


@pytest.fixture
def some_class(tmp_path: Path) -> Callable[..., list[GradedSubmission]]:
    """Make a class with m5's items: how many students, the seed."""
    return lambda count, seed=0: make_class(tmp_path, count, seed)


@pytest.fixture
def one(tmp_path: Path) -> Callable[..., GradedSubmission]:
    """Make one graded submission: id, its cells, fields of its grade."""
    return lambda name, cells, **fields: make_one(tmp_path, Student(name), tuple(cells), **fields)
