"""The m2 notebook: its structure, its release, its solution, wrong answers with what they read."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
import pytest

from examples.proofs.m2 import PROOF
from mnist_course.datasets import fashion_mnist
from mnist_course.exceptions import DatasetError
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.report import assignment_path, grade_to_folder
from mnist_course.proof.reference import edited, reference
from tests.running_notebooks import needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m2" / "m2.ipynb"
RELEASE = ROOT / "release" / "m2" / "m2.ipynb"
ITEMS = MappingProxyType(
    {
        "m2-softmax": 8, "m2-derivatives": 10, "m2-init": 4, "m2-start-loss": 4,
        "m2-gradient-w1": 6, "m2-gradient-b1": 6, "m2-gradient-w2": 6, "m2-gradient-b2": 6,
        "m2-overfit": 8, "m2-mnist": 10, "m2-held-out": 4, "m2-visual": 4, "m2-fashion": 4,
    }
)  # fmt: skip
MANUAL = MappingProxyType({"m2-bugs": 8, "m2-units": 7, "m2-organisation": 5})
NAMES = MappingProxyType(
    {
        "m2-softmax": {"softmax"},
        "m2-derivatives": {"ACTIVATIONS"},
        "m2-init": {"init_params"},
        "m2-start-loss": {"forward", "cross_entropy"},
        **{item: {"backward"} for item in ITEMS if "gradient" in item},
        "m2-overfit": {"train"},
        "m2-mnist": {"mnist_model"},
        "m2-held-out": {"evaluate", "network", "mnist_report", "fit_rows"},
        "m2-visual": {"unit_images", "unit_figure"},
        "m2-fashion": {"fashion_model"},
    }
)


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (80, 20)


def test_a_grade_cell_needs_the_names_of_its_own_part() -> None:
    assert needed_names(SOURCE) == NAMES
    for cell in read_assignment(SOURCE).grade_cells:
        assert "### BEGIN HIDDEN TESTS" in cell.source


def test_nothing_loads_keras(notebook: Any) -> None:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"\b(keras|tensorflow|torch)\b", code)


def test_every_part_has_the_whole_anatomy(notebook: Any) -> None:
    parts = re.split(r"^## (?=\d+\. )", text(notebook), flags=re.MULTILINE)[1:]
    assert len(parts) == 11
    assert all("**Goal:**" in part for part in parts)
    for part in parts[1:10]:
        for needed in (
            "plt.show()", "**Predict first.**", "### BEGIN SOLUTION", "What could go wrong",
            "**Think about it:**", "**Stretch:**",
        ):  # fmt: skip
            assert needed in part, (part[:30], needed)
        assert "from mnist_course.checks" in part or "bugs found" in part


def test_every_scaffold_says_that_it_is_not_written(notebook: Any) -> None:
    released = nbformat.read(RELEASE, as_version=4)
    raised = re.findall(
        r'raise NotImplementedError\("`(\w+)` is not written yet"\)', text(released)
    )
    defined = re.findall(
        r"^def (\w+)\(.*\n(?:    #.*\n)?    # YOUR CODE", text(released), re.MULTILINE
    )
    assert sorted(raised) == sorted(defined)
    assert len(raised) == 22
    recipe = next(cell.source for cell in notebook.cells if cell.id == "m2-recipe")
    for bug in ("np.exp(z)   ", "learning_rate * e1.sum()", "x_recipe) == y_recipe"):
        assert bug in recipe


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point(tmp_path: Path) -> None:
    notebook, expected = nbformat.read(SOURCE, as_version=4), dict(ITEMS)
    try:
        fashion_mnist.load_data()
    except DatasetError:  # then the grader cannot grade, and the notebook goes on
        expected["m2-fashion"] = 0
        for cell in notebook.cells:
            cell.source = cell.source.replace(", required=True", "")
    cells = run(notebook, tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == expected
    assert "3 of 3 bugs found" in str(cells["m2-hunt-check"].outputs)
    assert "What was loaded is what was saved" in str(cells["m2-file-check"].outputs)
    assert "given" not in str(cells["m2-evaluate-go-on"].outputs)
    told = str(cells["m2-cost"].outputs)
    right, wrong = (float(n) for n in re.findall(r"held-out rows (0\.\d+)", told))
    assert abs(right - wrong) < 0.02, "the bug of the biases hides: the reflection says so"


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "0 of 3 bugs found" in str(cells["m2-hunt-check"].outputs)
    assert "a small network is trained for you" in str(cells["m2-network"].outputs)
    for item in ITEMS:
        told = str(cells[item].outputs)
        assert any(
            w in told for w in ("not written yet", "to be written", "still None", "not on this")
        )


WRONG = MappingProxyType(
    {
        # With the most points, and words of what its student reads.
        "softmax without a shift": (2, "such as [1000, 0]"),
        "slope of sigmoid as a function of its output": (9, "It expects a, the output"),
        "weights between -0.5 and 0.5, as in the recipe's family": (3, "sure of itself"),
        "the loss is a sum": (2, "64 times the mean"),
        "b1 summed over the units, too": (0, "the sum over all units too"),
        "the last, smaller batch is left out": (5, "A batch that is not full"),
        "says how good it is, and holds no network": (0, "expected a dict"),
        "measures on the training rows": (3, "that is the accuracy on the training rows"),
        "images cut along the wrong axis": (2, "mixes the weights of all units"),
    }
)
QUICK = {"m2-cost": "", "m2-fashion-solution": "fashion_model = None", "m2-train-plot": ""}


@pytest.mark.slow
@pytest.mark.kernel
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    known = {mutant.name: mutant for mutant in PROOF.mutants}
    submission = reference(SOURCE)
    for name in WRONG:
        submission = edited(submission, known[name].edits, by=name)
    for cell in submission.cells:
        cell.source = QUICK.get(cell.id, cell.source)
    nbformat.write(submission, tmp_path / "wrong.ipynb")
    grade = grade_to_folder(tmp_path / "wrong.ipynb", assignment_path("m2", ROOT), tmp_path)
    cells = {cell.grade_id: cell for cell in grade.automatic}
    for name, (most, words) in WRONG.items():
        cell = cells[known[name].kills]
        told = " ".join(f"{f.saw} {f.why} {f.next_step}" for f in cell.findings)
        assert cell.score <= most, (name, cell.score, told)
        assert words in told
    # A wrong function is replaced by a given one: the items beside it lose nothing.
    for item in ("m2-gradient-w1", "m2-gradient-w2", "m2-gradient-b2"):
        assert cells[item].score == ITEMS[item]
    assert cells["m2-fashion"].score == 0
    assert not grade.errors
    assert not grade.grader_failed
