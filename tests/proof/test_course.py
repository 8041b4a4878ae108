"""The proofs of the course: every one fits its notebook, and those that are fast hold."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.report import assignment_path
from mnist_course.proof.page import page_path, write_page
from mnist_course.proof.proof_file import read_proof, source_ids
from mnist_course.proof.prove import Effort, prove
from mnist_course.proof.records import record_path
from mnist_course.proof.submissions import Submissions, check_items
from tests.proof.tiny_course import Heard

ROOT = Path(__file__).parents[2]
ALL = source_ids(ROOT)
FAST = [name for name in ALL if name in ("m1", "m2", "m3", "m4")]  # m5 takes an hour


@pytest.mark.parametrize("name", ALL)
def test_a_proof_fits_its_notebook_and_aims_at_every_item(name):
    proof = read_proof(name, ROOT)
    submissions = Submissions(proof, ROOT)
    items = [cell.grade_id for cell in read_assignment(assignment_path(name, ROOT)).grade_cells]
    assert check_items(proof, items) == []
    assert submissions.unfit() == {}
    if proof.seeded:
        assert submissions.reference(1).content != submissions.reference(0).content


@pytest.mark.parametrize("name", ALL)
def test_everything_was_proven_when_it_was_last_tried(name):
    verdict = json.loads(record_path(name, ROOT).read_text(encoding="utf-8"))["verdict"]
    assert verdict["problems"] == []
    tried = {mutant["name"] for item in verdict["items"] for mutant in item["mutants"]}
    assert tried == {mutant.name for mutant in read_proof(name, ROOT).mutants}


def test_the_page_shows_what_is_stored(tmp_path):
    stored = tmp_path / "docs" / "measurements"
    shutil.copytree(ROOT / "docs" / "measurements", stored)
    assert write_page(tmp_path).read_text() == page_path(ROOT).read_text()


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("name", FAST)
def test_a_proof_holds(name, tmp_path):
    """With one seed and one mutant of each item; the command tries all of them."""
    whole = read_proof(name, ROOT)
    one_each = {mutant.kills: mutant for mutant in reversed(whole.mutants)}  # the first of each
    proof = dataclasses.replace(whole, mutants=tuple(one_each.values()))
    effort = Effort(seeds=1, at_once=2, again=True, write=False, keep=tmp_path)
    verdict = prove(proof, root=ROOT, effort=effort, listener=Heard())
    assert list(verdict.problems) == []
