"""The reference submission, its seeds and its edits."""

from __future__ import annotations

import json

import pytest
from nbformat import NotebookNode

from mnist_course.exceptions import ProofError
from mnist_course.proof.proof import Edit, Margin, Mutant, Proof
from mnist_course.proof.reference import as_bytes, edited, reference, reseeded
from mnist_course.proof.submissions import Submissions, check_items


def sources(notebook: NotebookNode) -> dict[str, str]:
    return {cell["id"]: cell.source for cell in notebook.cells}


def test_it_keeps_the_solutions_and_drops_what_students_never_see(course):
    found = sources(reference(course.source))
    assert found["tiny-add"] == (
        'def add(a, b):\n    return a + b\n    raise NotImplementedError("add is not written yet")'
    )
    assert "-7" not in found["tiny-adds"]
    assert "###" not in "".join(found.values())
    assert found["tiny-adds"].startswith("# tiny-adds (4 points)\n")


def test_a_mark_scheme_goes_and_outputs_go(course):
    raw = json.loads(course.source.read_text())
    raw["cells"][0]["source"] = "Look.\n### BEGIN MARK SCHEME\nsecret\n### END MARK SCHEME\nDone."
    raw["cells"][1] |= {"execution_count": 3}
    raw["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    course.source.write_text(json.dumps(raw))
    notebook = reference(course.source)
    assert notebook.cells[0].source == "Look.\nDone."
    assert (notebook.cells[1].outputs, notebook.cells[1].execution_count) == ([], None)


def test_no_notebook_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "tiny.ipynb"
    path.write_text("not JSON")
    with pytest.raises(ProofError, match=r"tiny\.ipynb cannot be read"):
        reference(path)


def test_another_seed_changes_the_line_of_the_seed_alone(course):
    notebook = reference(course.source)
    other = reseeded(notebook, ["SEED = {}"], 17)
    changed = {k for k, v in sources(other).items() if v != sources(notebook)[k]}
    assert changed == {"tiny-setup"}
    assert "SEED = 17\n" in sources(other)["tiny-setup"]
    assert "SEED = 0\n" in sources(notebook)["tiny-setup"], "the original stays"


@pytest.mark.parametrize("line", ["MYSEED = 0", "SEED = 01", "SEED = 0.5", "SEED = 3"])
def test_only_the_whole_text_with_zero_is_a_place_of_the_seed(course, line):
    notebook = edited(
        reference(course.source), [Edit("tiny-setup", "SEED = 0", line)], by="the test"
    )
    with pytest.raises(ProofError, match="no cell holds 'SEED = 0'"):
        reseeded(notebook, ["SEED = {}"], 1)


def test_a_seed_in_a_grade_cell_is_the_graders(course):
    raw = json.loads(course.source.read_text())
    raw["cells"][1]["source"] = "import random"
    raw["cells"][3]["source"] += "\nSEED = 0"
    course.source.write_text(json.dumps(raw))
    with pytest.raises(ProofError, match="no cell holds"):
        reseeded(reference(course.source), ["SEED = {}"], 1)


def test_edits_apply_in_order(course):
    edits = [Edit("tiny-add", "a + b", "a - b"), Edit("tiny-add", "a - b", "b - a")]
    notebook = reference(course.source)
    assert "return b - a" in sources(edited(notebook, edits, by="it"))["tiny-add"]
    assert "return a + b" in sources(notebook)["tiny-add"], "the original stays"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("tiny-ad", "a + b", "a - b"), "no cell 'tiny-ad'. There are tiny-ad"),
        (Edit("xyz", "a", "b"), "no cell 'xyz'. Give the cell's id"),
        (Edit("tiny-add", "a * b", "a"), "holds 'a * b' 0 times, expected once"),
        (Edit("tiny-add", "a", "z"), "times, expected once"),
        (Edit("tiny-adds", "right = 0", "right = 2"), "its own copy of 'tiny-adds'"),
        (
            Edit("tiny-setup", None, "import random\n\nSEED = 0\nrandom.seed(SEED)"),
            "change nothing",
        ),
    ],
)
def test_an_edit_that_does_not_fit_says_what_is_there(course, edit, words):
    with pytest.raises(ProofError, match="mutant 'm': ") as caught:
        edited(reference(course.source), [edit], by="mutant 'm'")
    assert words in str(caught.value)


def test_the_same_cells_are_the_same_bytes(course):
    first, second = as_bytes(reference(course.source)), as_bytes(reference(course.source))
    assert first == second
    assert json.loads(first)["nbformat"] == 4


def test_a_proof_says_which_mutants_do_not_fit_and_which_items_have_none(course, proof):
    right = proof()
    wrong = Mutant("typo", kills="tiny-typo", edits=(Edit("tiny-add", "a ** b", "a"),))
    bad = proof(mutants=(*right.mutants[:2], wrong), margins=(Margin("tiny-x", "mean", 0.2),))
    assert Submissions(right, course.root).unfit() == {}
    assert check_items(right, ["tiny-adds", "tiny-mean"]) == []
    assert list(Submissions(bad, course.root).unfit()) == ["typo"]
    first, second, third = check_items(bad, ["tiny-adds", "tiny-mean"])
    assert "no mutant is aimed at tiny-mean" in first
    assert "'tiny-typo', which is no item" in second
    assert "'tiny-x', which is no item" in third


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Edit("", "a", "b"), "empty id"),
        (lambda: Edit("c", "", "b"), "looks for a text"),
        (lambda: Edit("c", "a", "a"), "changes nothing"),
        (lambda: Mutant("", "i", (Edit("c", "a", "b"),)), "a name and an item"),
        (lambda: Mutant("m", "i", ()), "there is no edit"),
        (lambda: Mutant("m", "i", (Edit("c", "a", "b"),), at_most=-1), "a number of points"),
        (lambda: Margin("i", "accuracy", float("nan")), "finite threshold"),
        (lambda: Proof("", 0.0, ()), "empty id"),
        (lambda: Proof("m", -1.0, ()), "a number of points"),
        (lambda: Proof("m", 0.0, (), seeds=0), "at least 1"),
        (lambda: Proof("m", 0.0, (), seeded=("SEED = 0",)), "holds {} once"),
        (
            lambda: Proof("m", 0.0, (Mutant("a", "i", (Edit("c", "a", "b"),)),) * 2),
            "more than one mutant is called a",
        ),
    ],
)
def test_a_proof_that_means_nothing_cannot_be_written(make, words):
    with pytest.raises(ValueError, match=words):
        make()
