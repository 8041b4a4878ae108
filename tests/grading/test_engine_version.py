"""When a trial of yesterday is still one of today."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import mnist_course
from mnist_course.grading.autograde import autograde
from mnist_course.grading.engine_version import AFTER_THE_RUN, engine_version, run_version
from tests.proof import tiny_course

ALL_HELPERS = """
import json, sys
import keras
import numpy as np
from mnist_course.callbacks import AccuracyHistory
from mnist_course.datasets import mnist
from mnist_course.diagnosis import diagnose
from mnist_course.experiments import Claim, Configuration, ExperimentLog, run_arms
from mnist_course.numpy_nn import SGD, Dense, Sequential
from mnist_course.preprocessing import to_mnist
from mnist_course.visualization import ConfusionMatrixDisplay, LearningCurvesDisplay

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(np.zeros((1, 4)), np.zeros((1, 2)), verbose=0)


def loaded(of):
    return sorted(name for name in sys.modules if name.startswith(of))
"""
NOTEBOOK = {
    "cells": [
        tiny_course.make_cell("code", ALL_HELPERS, "m-helpers"),
        tiny_course.tests_of(
            "assert model is not None\n"
            "there = loaded('mnist_course')\n"
            "assert 'mnist_course.grading.namespace' in there\n"
            f"late = {[part.removesuffix('.py').replace('/', '.') for part in AFTER_THE_RUN]!r}\n"
            "late = tuple(f'mnist_course.{part}' for part in late)\n"
            "early = [name for name in there if name.startswith(late)]\n"
            "assert not early, early",
            "m-loaded",
            1,
        ),
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_it_changes_with_the_code_that_grades_and_with_no_other(tmp_path, monkeypatch):
    copy = tmp_path / "mnist_course"
    ignored = shutil.ignore_patterns("__pycache__", "data")
    shutil.copytree(Path(mnist_course.__file__).parent, copy, ignore=ignored)
    monkeypatch.setattr(mnist_course, "__file__", str(copy / "__init__.py"))
    before = engine_version()
    assert engine_version() == before

    for other in ("proof/page.py", "cli.py", "grading/notes.txt"):
        (copy / other).write_text("# another\n")
    assert engine_version() == before

    score = copy / "checks" / "score.py"
    score.write_text(score.read_text() + "# another\n")
    after = engine_version()
    assert after != before
    (copy / "checks" / "new.py").write_text("")
    assert engine_version() not in (before, after)


def test_what_judges_a_run_is_not_what_makes_it(tmp_path, monkeypatch):
    copy = tmp_path / "mnist_course"
    ignored = shutil.ignore_patterns("__pycache__", "data")
    shutil.copytree(Path(mnist_course.__file__).parent, copy, ignore=ignored)
    monkeypatch.setattr(mnist_course, "__file__", str(copy / "__init__.py"))
    before, engine = run_version(), engine_version()

    (copy / "checks" / "new.py").write_text("")
    assert run_version() == before and engine_version() != engine
    (copy / "grading" / "namespace.py").write_text("# another\n")
    assert run_version() != before


@pytest.mark.kernel
@pytest.mark.keras
def test_no_part_that_only_judges_is_there_while_student_code_runs(tmp_path):
    """Everything that a notebook makes this package load decides what it leaves behind."""
    notebook = tmp_path / "m.ipynb"
    notebook.write_text(json.dumps(NOTEBOOK))
    cell = autograde(notebook, notebook, deadline_seconds=200).grade.cells[0]
    assert cell.score == 1, cell
