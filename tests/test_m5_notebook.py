"""The M5 notebook: its structure, its release, its solution, the examples made from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.submissions import DESCRIPTIONS, EXPECTED, ITEMS, make, write_all
from mnist_course.grading.assignment import free_names, read_assignment, visible_source
from tests.running_notebooks import points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m5" / "m5.ipynb"
RELEASE = ROOT / "release" / "m5" / "m5.ipynb"
MANUAL = {"m5-why-bad": 12, "m5-how-helped": 14, "m5-insight": 8, "m5-organisation": 6}


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (60, 40)


def test_a_grade_cell_needs_the_model_and_the_log_alone() -> None:
    for cell in read_assignment(SOURCE).grade_cells:
        assert free_names(cell.source) <= {"model", "log"}
        # What students see is a check of its own, with no name that only the hidden part binds.
        assert free_names(visible_source(cell.source)) <= {"model", "log"}


@pytest.mark.parametrize(
    "topic",
    [
        "70,000",
        "28 × 28",
        "60,000",
        "10,000",
        "en.wikipedia.org/wiki/MNIST_database",
        "Feed forward",
        "Propagate back",
        r"\sum_i w_i x_i + b",
        "youtube.com/watch?v=aircAruvnKk",
        "3blue1brown.com/lessons/neural-networks",
        "Hyperparameters",
        "Sigmoid",
        "ReLU",
        "Softmax",
        "Learning rate",
        "Sequential",
        "Dense",
        "model.add",
        "compile",
        "sparse_categorical_crossentropy",
        "Gradescope",
        "95 %",
        "Predict first",
        "What could go wrong",
        "Stretch",
    ],
)
def test_every_topic_has_its_place(notebook: Any, topic: str) -> None:
    assert topic.lower() in text(notebook).lower()


def test_all_items_use_one_ramp(notebook: Any) -> None:
    ramps = re.findall(r"^points = (\{.*?\})", text(notebook), re.MULTILINE)
    assert set(ramps) == {"{0.90: 8, 0.93: 12, 0.94: 16, 0.95: 20}"}
    assert len(ramps) == 4


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict(ITEMS)
    overview = str(cells["m5-check"].outputs)
    assert re.search(r"total\s+60 / 60", overview)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    scores = {item: points(cells[item]) for item in ITEMS}
    assert scores == {item: 5 if item == "m5-model" else 0 for item in ITEMS}
    assert "still the given network" in str(cells["m5-final"].outputs)
    assert "still None" in str(cells["m5-guess-picture"].outputs)


@pytest.mark.parametrize("name", EXPECTED)
def test_examples_are_notebooks_without_outputs(name: str) -> None:
    example = make(name, seed=3)
    nbformat.validate(example)
    code = [cell for cell in example.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert "set_random_seed(0)" not in text(example)
    assert set(ITEMS) <= {cell.id for cell in code}
    assert json.dumps(example, sort_keys=True) == json.dumps(make(name, seed=3), sort_keys=True)


def test_every_item_is_earned_by_one_example_and_failed_by_another(tmp_path: Path) -> None:
    assert set(EXPECTED) == set(DESCRIPTIONS)
    for item, of in ITEMS.items():
        assert any(bounds[item] == (of, of) for bounds in EXPECTED.values())
        assert any(bounds[item][1] < of for bounds in EXPECTED.values())
    assert all(path.is_file() for path in write_all(tmp_path).values())


def test_an_unknown_example_is_named() -> None:
    with pytest.raises(KeyError, match="no example 'perfect'"):
        make("perfect")
