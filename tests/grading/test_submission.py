"""Submissions find their cells again, whatever happened to them on the way."""

from __future__ import annotations

import copy
import difflib
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading import submission
from mnist_course.grading.assignment import Assignment, read_assignment, visible_source
from mnist_course.grading.submission import AlignedNotebook, align

Cells = list[dict[str, Any]]


@pytest.fixture
def cells(cell: Any, graded_cell: Any) -> Cells:
    """The instructor's cells of a small assignment."""
    return [
        cell("markdown", "# Numbers"),
        cell("code", "numbers = [3, 1, 2]", "tiny-data", locked=True),
        cell(
            "code",
            "# Put the largest of the numbers here.\n### BEGIN SOLUTION\nlargest = max(numbers)\n"
            "### END SOLUTION\nprint(largest)",
            "tiny-largest",
            solution=True,
        ),
        graded_cell(
            "tiny-first",
            4,
            "assert largest == 3\n### BEGIN HIDDEN TESTS\nassert type(largest) is int\n"
            "### END HIDDEN TESTS",
        ),
        cell("markdown", "Now sort them without sort().", "tiny-text", locked=True),
        cell("code", "in_order = ...", "tiny-sorted", solution=True),
        graded_cell("tiny-second", 6, "assert in_order == [1, 2, 3]"),
        cell("markdown", "Why?", "tiny-why", grade=True, solution=True, points=5),
    ]


@pytest.fixture
def assignment(cells: Cells, save: Callable[..., Any]) -> Assignment:
    return read_assignment(save("tiny.ipynb", cells))


@pytest.fixture
def student(cells: Cells) -> Cells:
    """The same cells as a diligent student hands them in."""
    mine = copy.deepcopy(cells)
    for cell in mine:
        cell["source"] = visible_source(cell["source"])
    mine[2]["source"] = "largest = max(numbers)"
    mine[5]["source"] = "in_order = sorted(numbers)"
    mine[7]["source"] = "Because."
    return mine


def submit(cells: Sequence[dict[str, Any]], assignment: Assignment) -> AlignedNotebook:
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return align(json.dumps(notebook).encode(), assignment)


def run(aligned: AlignedNotebook) -> list[str]:
    return [c.source for c in aligned.cells if c.runs]


WHOLE = ["numbers = [3, 1, 2]", "largest = max(numbers)", "in_order = sorted(numbers)"]


def check_whole(aligned: AlignedNotebook, *, said: str | None = None) -> None:
    """Everything is found, once, and the student's work is run in order."""
    assert [s for s in run(aligned) if s in WHOLE] == WHOLE
    ids = [c.grade_id for c in aligned.cells if c.original and c.original.is_grade_cell]
    assert set(ids) == {"tiny-first", "tiny-second"}
    assert aligned.answer("tiny-why") == "Because."
    if said is None:
        assert aligned.repairs == ()
    else:
        assert any(said in repair for repair in aligned.repairs)
    assert not any("HIDDEN" in c.source or "type(largest)" in c.source for c in aligned.cells)


def test_as_it_should_be(student: Cells, assignment: Assignment) -> None:
    aligned = submit(student, assignment)
    check_whole(aligned)
    assert run(aligned) == WHOLE
    assert aligned.recognised == 7


def test_stripped_metadata(student: Cells, assignment: Assignment) -> None:
    for cell in student:
        cell["metadata"] = {}
    check_whole(submit(student, assignment), said="lost its nbgrader metadata")


def test_renamed_ids(student: Cells, assignment: Assignment) -> None:
    for number, cell in enumerate(student):
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = f"cell-{number}"
    check_whole(submit(student, assignment), said="found by their text")


def test_swapped_ids(student: Cells, assignment: Assignment) -> None:
    one, two = (student[i]["metadata"]["nbgrader"] for i in (3, 6))
    one["grade_id"], two["grade_id"] = two["grade_id"], one["grade_id"]
    check_whole(submit(student, assignment))


def test_deleted_tests_are_put_back(student: Cells, assignment: Assignment) -> None:
    aligned = submit([c for i, c in enumerate(student) if i not in (3, 6)], assignment)
    check_whole(aligned, said="missing and were put back: tiny-first, tiny-second")
    assert [c.number for c in aligned.cells[-2:]] == [0, 0]


def test_a_missing_answer_is_an_empty_one(student: Cells, assignment: Assignment) -> None:
    aligned = submit(student[:7], assignment)
    assert aligned.answer("tiny-why") == ""
    assert aligned.answer("tiny-what") is None


def test_duplicated_tests_are_not_run(student: Cells, assignment: Assignment) -> None:
    worked_in = copy.deepcopy(student[3])
    worked_in["source"] += "\nlargest = 99"
    aligned = submit([*student[:3], worked_in, *student[3:]], assignment)
    check_whole(aligned, said="tiny-first is there 2 times")
    assert run(aligned) == WHOLE


def test_moved_cells(student: Cells, assignment: Assignment) -> None:
    moved = [student[i] for i in (3, 6, 0, 1, 2, 7, 4, 5)]
    check_whole(submit(moved, assignment))


def test_extra_cells_stay_where_they_are(student: Cells, assignment: Assignment, cell: Any) -> None:
    mine = [cell("code", f"extra = {i}") for i in range(3)]
    aligned = submit([mine[0], *student[:3], mine[1], *student[3:], mine[2]], assignment)
    check_whole(aligned)
    assert [s for s in run(aligned) if "extra" in s] == ["extra = 0", "extra = 1", "extra = 2"]
    assert run(aligned)[0] == "extra = 0" and run(aligned)[-1] == "extra = 2"


def test_changed_given_cells_are_undone_with_a_word(student: Cells, assignment: Assignment) -> None:
    student[1]["source"] = "numbers = [1, 2, 3]"
    student[3]["source"] = "# tiny-first (4 points)\nassert True"
    aligned = submit(student, assignment)
    check_whole(aligned, said="(tiny-data) is given; your change was undone")
    assert any("(tiny-first) is given" in repair for repair in aligned.repairs)


def test_white_space_is_no_change(student: Cells, assignment: Assignment) -> None:
    for cell in student:
        cell["source"] = cell["source"].replace("\n", "  \r\n") + "\n\n"
    assert submit(student, assignment).repairs == ()


def test_code_under_the_id_of_a_test_is_the_students(
    student: Cells, assignment: Assignment, cell: Any
) -> None:
    copied = copy.deepcopy(student[3])
    copied["source"] = "helper = 5"
    aligned = submit([copied, *student], assignment)
    check_whole(aligned)
    assert "helper = 5" in run(aligned)


def test_forged_points_types_and_tags_are_not_read(student: Cells, assignment: Assignment) -> None:
    for cell in student:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {
                "points": 1000, "grade": False, "solution": True, "locked": False, "task": True,
                "cell_type": "markdown",
            }  # fmt: skip
    aligned = submit(student, assignment)
    check_whole(aligned)
    assert [c.original.points for c in aligned.cells if c.original] == [0, 0, 4, 0, 0, 6, 5]
    student[3]["cell_type"] = "markdown"  # a test that says it is text is still a test
    check_whole(submit(student, assignment))


def test_an_extra_grade_cell_is_code_of_the_student(
    student: Cells, assignment: Assignment, graded_cell: Any
) -> None:
    aligned = submit([*student, graded_cell("tiny-gift", 100, "gift = 1")], assignment)
    check_whole(aligned)
    assert aligned.cells[-1].original is None


def test_an_answer_rewritten_whole_without_metadata(student: Cells, assignment: Assignment) -> None:
    student[7]["source"] = "Some words that have nothing to do with the question's."
    for cell in student:
        cell["metadata"] = {}
    aligned = submit(student, assignment)
    assert aligned.answer("tiny-why") == student[7]["source"]


def test_another_assignment(student: Cells, assignment: Assignment) -> None:
    for cell in student:
        cell["source"] = f"something else {random.Random(cell['source']).random()}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = "m4-photo"
    with pytest.raises(SubmissionError, match="notebook of assignment m4, but tiny is graded"):
        submit(student, assignment)


def test_another_assignment_whose_author_named_no_cell(assignment: Assignment, cell: Any) -> None:
    """nbgrader calls such cells cell-0123abcd, which is no assignment's name."""
    theirs = [
        cell("code", "x = 1", "cell-8c1d0b9e2f3a4b5c"),
        cell("code", "y = 2", "cell-0123abcd"),
    ]
    with pytest.raises(
        SubmissionError, match=r"another assignment: none .* is one of tiny"
    ) as raised:
        submit(theirs, assignment)
    assert "assignment cell" not in str(raised.value)
    theirs.append(cell("code", "z = 3", "m4-photo"))
    with pytest.raises(SubmissionError, match="notebook of assignment m4, but tiny is graded"):
        submit(theirs, assignment)


def test_the_name_of_another_assignment_is_a_students_text(
    assignment: Assignment, cell: Any
) -> None:
    odd = [cell("code", "x = 1", f"\u202e<b>\ud800{n}-x") for n in range(2000)]
    with pytest.raises(SubmissionError, match="1997 more") as raised:
        submit(odd, assignment)
    assert str(raised.value).isprintable() and len(str(raised.value)) < 300


def test_no_code_at_all(assignment: Assignment, cell: Any) -> None:
    with pytest.raises(SubmissionError, match="no code"):
        submit([cell("markdown", "Hello")], assignment)
    with pytest.raises(SubmissionError, match="no code"):
        submit([], assignment)


def test_code_without_any_cell_of_ours_is_run_all_the_same(
    assignment: Assignment, cell: Any
) -> None:
    aligned = submit([cell("code", "largest = 3; in_order = [1, 2, 3]")], assignment)
    assert run(aligned) == ["largest = 3; in_order = [1, 2, 3]"]
    assert any("right file" in repair for repair in aligned.repairs)


@pytest.mark.parametrize("points", ["1.2.3", ".", "9" * 400, "", "-4", "4e9"])
def test_strange_headers_are_text(
    student: Cells, assignment: Assignment, cell: Any, points: str
) -> None:
    odd = cell("code", f"# tiny-first ({points} points)\nmine = 1", "tiny-first")
    aligned = submit([odd, *student], assignment)
    assert odd["source"] in run(aligned) or points == "9" * 400
    check_whole(aligned)


def test_thousands_of_cells_take_work_in_proportion(
    student: Cells, assignment: Assignment, cell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    normal = submission._normal

    def counting(text: str) -> str:
        nonlocal calls
        calls += 1
        return normal(text)

    monkeypatch.setattr(submission, "_normal", counting)

    def work(count: int) -> int:
        nonlocal calls
        calls = 0
        copies = [copy.deepcopy(student[3]) for _ in range(count // 2)]
        others = [cell("code", f"extra = {n}") for n in range(count // 2)]
        submit([*copies, *others, *student], assignment)
        return calls

    few = work(400)
    assert work(4000) < 12 * few


def test_comparing_nearly_equal_cells_comes_to_an_end(
    assignment: Assignment, cell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = 0

    class Counting(difflib.SequenceMatcher[str]):
        def ratio(self) -> float:
            nonlocal compared
            compared += len(self.a) * len(self.b)
            return super().ratio()

    monkeypatch.setattr(submission.difflib, "SequenceMatcher", Counting)
    shuffle = random.Random(0)
    many = []
    for _ in range(4000):
        letters = list("numbers = largest in_order assert sorted" * 15)
        shuffle.shuffle(letters)
        many.append(cell("code", "".join(letters).lstrip("# ")))
    submit(many, assignment)
    assert compared <= submission._MOST_COMPARISONS
