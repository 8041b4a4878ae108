"""The M4 notebook: its structure, its release, its solution, its hidden drawings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from examples.conversion import steps
from examples.proofs.m4 import PROOF
from mnist_course.drawings import draw, drawings, practice_drawings, supplied_drawings
from mnist_course.grading.assignment import free_names, read_assignment, visible_source
from mnist_course.grading.autograde import autograde
from mnist_course.grading.results import Verdict
from tests.running_notebooks import points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m4" / "m4.ipynb"
RELEASE = ROOT / "release" / "m4" / "m4.ipynb"
ITEMS = {"m4-contract": 15, "m4-polarity": 15, "m4-centring": 20, "m4-accuracy": 15, "m4-table": 15}
MANUAL = {"m4-shift": 8, "m4-confidence": 6, "m4-own": 6}
STEPS = {"m4-gray", "m4-ink", "m4-crop", "m4-fit", "m4-centre", "m4-accuracies"}


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (80, 20)


def test_a_grade_cell_needs_the_function_and_the_table_alone() -> None:
    for cell in read_assignment(SOURCE).grade_cells:
        expected = {"to_mnist", "robustness"} if cell.grade_id == "m4-table" else {"to_mnist"}
        assert free_names(cell.source) == expected
        assert free_names(visible_source(cell.source)) == expected


def test_nothing_of_keras_is_imported(notebook: Any) -> None:
    assert not re.search(r"\b(?:keras|tensorflow)\b", text(notebook), re.IGNORECASE)


@pytest.mark.parametrize(
    "topic",
    [
        "distribution shift",
        "centre of mass",
        "20 pixels",
        "28 × 28",
        "0.299",
        "alpha",
        "negatives",
        "Predict first",
        "What could go wrong",
        "Ablation",
        "just_resize",
        "SYNTHETIC",
        "softmax",
        "letters",
        "noise",
        "Gradescope",
        "Stretch",
    ],
)
def test_every_topic_has_its_place(notebook: Any, topic: str) -> None:
    assert topic.lower() in text(notebook).lower()


def test_every_step_has_a_goal_a_guess_a_scaffold_and_a_try(notebook: Any) -> None:
    cells = {cell.id: cell.source for cell in notebook.cells}
    for name in ("gray", "ink", "crop", "fit", "centre"):
        assert cells[f"m4-{name}-text"].split("\n")[2].startswith("**Goal:**")
        assert "**Predict first.**" in cells[f"m4-{name}-guess"]
        assert "wanted" in cells[f"m4-{name}-try"]
        released = visible_source(cells[f"m4-{name}"])
        assert re.search(
            r"raise NotImplementedError\(\"`\w+` is not written yet: .+\.\"\)", released
        )


def hidden_seeds() -> dict[str, int]:
    found = {}
    for cell in read_assignment(SOURCE).grade_cells:
        hidden = cell.source.replace(visible_source(cell.source), "")
        for seed in re.findall(r"seed=([\d_]+)", hidden.partition("BEGIN HIDDEN TESTS")[2]):
            found[cell.grade_id] = int(seed.replace("_", ""))
    return found


def test_hidden_seeds_cannot_be_guessed_and_are_not_released() -> None:
    seeds = hidden_seeds()
    assert set(seeds) == set(ITEMS) - {"m4-table"}  # whose drawings everybody has
    assert len(set(seeds.values())) == 4
    released = RELEASE.read_text(encoding="utf-8").replace("_", "")
    for seed in seeds.values():
        assert 2**60 < seed < 2**63
        assert str(seed) not in released


def test_hidden_drawings_are_none_that_students_have() -> None:
    own = [one.image for one in (*practice_drawings(), *supplied_drawings())]
    own += [one.image for seed in range(1, 5) for one in drawings(40, seed=seed)]
    known = {image.tobytes() for image in own}
    for seed in hidden_seeds().values():
        assert not known & {one.image.tobytes() for one in drawings(40, seed=seed)}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+80 / 80", str(cells["m4-check"].outputs))
    assert "SYNTHETIC, not a photo" in str(cells["m4-own-picture"].outputs)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")
def test_a_photo_beside_the_notebook_is_used(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(draw(8, paper="photo", seed=1).image).save(tmp_path / "my_digit.jpg")
    notebook = nbformat.read(SOURCE, as_version=4)
    for cell in notebook.cells:
        if cell.id == "m4-own-picture":
            cell.source += "\nprint(kind, mine.shape, answers)"
        elif cell.metadata.get("nbgrader", {}).get("grade"):
            cell.cell_type = "raw"
    said = str(run(notebook, tmp_path)["m4-own-picture"].outputs)
    assert "your photo (280, 280, 3)" in said
    assert re.search(r"your photo .*\[\d 8\]", said)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path, allow_errors=True)
    failed = {
        name: output
        for name, cell in cells.items()
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    }
    # A check of what is not written yet says so in three sentences; nothing else stops.
    assert set(failed) == set(ITEMS)
    assert {output.ename for output in failed.values()} == {"CheckFailed"}
    assert "`to_gray` is not written yet" in str(failed["m4-contract"])
    assert "table is empty" in str(failed["m4-table"])
    assert "just_resize stands in for it" in str(cells["m4-robust-picture"].outputs)
    assert "still empty" in str(cells["m4-table-picture"].outputs)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")
def test_graded_as_a_submission(tmp_path: Path) -> None:
    """Photo, seeds and labels stay outside: the same points from pictures alone."""
    outcome = autograde(SOURCE, SOURCE, deadline_seconds=400, pictures=False)
    graded = {item.grade_id: item for item in outcome.grade.cells}
    assert {item: graded[item].score for item in ITEMS} == ITEMS
    assert all(graded[item].verdict is Verdict.PASSED for item in ITEMS)
    assert outcome.grade.measurements["drawings_accuracy"] >= 0.95


def test_every_item_is_proven() -> None:
    killed = {mutant.kills for mutant in PROOF.mutants}
    assert killed == set(ITEMS)
    for item in ITEMS:
        assert sum(mutant.kills == item for mutant in PROOF.mutants) >= 3
    sources = {cell.id: cell.source for cell in nbformat.read(SOURCE, as_version=4).cells}
    for mutant in PROOF.mutants:
        for edit in mutant.edits:
            assert edit.old is None or sources[edit.cell].count(edit.old) == 1


def test_the_reference_functions_are_those_of_the_notebook() -> None:
    functions = steps()
    image = functions["to_mnist"](supplied_drawings()[0].image)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert set(functions) == {"to_gray", "only_ink", "crop", "fit", "centre", "to_mnist"}
