"""Proofs of the tiny assignment, graded by the real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from mnist_course.cli import main
from mnist_course.exceptions import ProofError
from mnist_course.proof.page import page_path
from mnist_course.proof.proof import Edit, Margin, Mutant, Proof
from mnist_course.proof.prove import Effort, prove
from mnist_course.proof.records import record_path
from mnist_course.proof.verdicts import Verdict
from mnist_course.proof.workers import Job, run
from tests.proof.tiny_course import CELLS, MUTANTS, Course, Heard, as_released, make_course

pytestmark = [pytest.mark.kernel, pytest.mark.slow]  # each grade starts three processes

MARGIN = Margin("tiny-mean", "mean", 0.2)


def carry_out(proof: Proof, course: Course, **effort: Any) -> tuple[Verdict, Heard]:
    heard = Heard()
    verdict = prove(proof, root=course.root, effort=Effort(**effort), listener=heard)
    assert heard.expected == len(heard.begun) == len(heard.ended)
    return verdict, heard


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Proof, Verdict, Heard]:
    """A course whose proof holds, carried out once."""
    course = make_course(tmp_path_factory.mktemp("course"))
    proof = Proof("tiny", 0.0, MUTANTS, margins=(MARGIN,), seeds=2)
    return course, proof, *carry_out(proof, course, at_once=2)


def test_a_proof_that_holds(proven):
    _, _, verdict, heard = proven
    assert verdict.problems == ()
    assert heard.begun == [
        "reference, seed 0",
        "reference, seed 1",
        "untouched",
        "subtracts + draws one number for all",
        "forgets the sign",
    ]
    adds, mean = verdict.items
    assert [(m.name, m.score, m.together) for m in adds.mutants] == [
        ("subtracts", 0, 2),
        ("forgets the sign", 2, 1),
    ]
    assert [m.score for m in mean.mutants] == [0]
    assert (adds.seeds, adds.lost, mean.lost) == (2, 0, 0)


def test_other_seeds_make_other_numbers(proven):
    (one,) = proven[2].distances
    assert 0.4 < one.mean < 0.6
    assert one.sd > 0
    assert one.in_sd is not None
    assert one.in_sd > 4


def test_what_a_grade_costs_was_measured(proven):
    cost = proven[2].cost
    assert cost is not None
    assert 0.5 < cost.cpu_seconds < 30  # a kernel and a test runner have started
    assert cost.wall_seconds > 0.5
    assert 60 < cost.peak_mb < 600
    assert cost.fit.memory == "0.5 CPU, 0.75 GB"


def test_nothing_is_graded_twice(proven, tmp_path):
    course, proof, before, _ = proven
    verdict, heard = carry_out(proof, course)
    assert heard.begun == []
    assert verdict == before


def test_more_seeds_are_kept_and_only_they_are_graded(proven):
    course, proof, *_ = proven
    verdict, heard = carry_out(proof, course, seeds=3)
    assert heard.begun == ["reference, seed 2"]
    assert verdict.items[0].seeds == 3
    verdict, heard = carry_out(proof, course, seeds=1)
    assert (heard.begun, verdict.items[0].seeds) == ([], 3)


def test_all_alone_grades_only_who_was_not_alone(proven):
    course, proof, *_ = proven
    verdict, heard = carry_out(proof, course, all_alone=True)
    assert sorted(heard.begun) == ["draws one number for all", "subtracts"]
    assert {m.together for item in verdict.items for m in item.mutants} == {1}
    assert carry_out(proof, course)[1].begun == [], "and who was alone once is not put together"


def test_nothing_is_written_when_it_must_not_be(course, tmp_path):
    proof = Proof("tiny", 0.0, MUTANTS[:1], seeds=1)
    keep = tmp_path / "kept"
    before = sorted(p for p in course.root.rglob("*") if p.is_file())
    carry_out(proof, course, write=False, keep=keep)
    after = sorted(p for p in course.root.rglob("*") if p.is_file() and keep not in p.parents)
    assert after == before
    kept = {p.relative_to(keep).as_posix() for p in keep.rglob("*.html")}
    assert kept == {
        "tiny/01-reference-seed-0/feedback.html",
        "tiny/02-untouched/feedback.html",
        "tiny/03-subtracts/feedback.html",
    }


def test_every_gap_is_reported(tmp_path):
    """A survivor, an edit that does not fit, an item without mutants, a release that gets points,
    a reference that fails, mutants that meet: all at once, because each grade takes seconds."""
    course = make_course(tmp_path)
    cells = json.loads(json.dumps(CELLS))
    cells[4]["source"] = "draws = [random.random(), add(1, 1)]"  # part 2 needs part 1
    course.write(cells, released=as_released(CELLS[:4]) + cells[4:])
    mutants = (
        Mutant("adds with words", "tiny-adds", (Edit("tiny-add", "a + b", "sum([a, b])"),)),
        Mutant("typing error", "tiny-adds", (Edit("tiny-add", "a * b", "a - b"),)),
        Mutant("raises", "tiny-adds", (Edit("tiny-add", "a + b", "a + c"),)),
    )
    verdict, heard = carry_out(Proof("tiny", 1.0, mutants, seeds=1), course)
    told = "\n".join(verdict.problems)
    assert "no mutant is aimed at tiny-mean" in told
    assert "mutant 'adds with words' survives: tiny-adds still gives 4 of 4" in told
    assert "mutant 'typing error': cell 'tiny-add' of the reference holds 'a * b' 0 times" in told
    assert "reference, seed 0: tiny-mean gave 0 of 6 points" in told
    assert "the release as it is does not run to its end (cell 5: NotImplementedError)" in told
    assert "mutant 'raises' of tiny-adds also costs points of tiny-mean" in told
    assert heard.begun == ["reference, seed 0", "untouched", "adds with words", "raises"]


def test_mutants_that_meet_are_tried_alone(course):
    """The second one hides the first one's mistake when both are in one notebook."""
    mutants = (
        Mutant("subtracts", "tiny-adds", (Edit("tiny-add", "a + b", "a - b"),)),
        Mutant(
            "overwrites",
            "tiny-mean",
            (Edit("tiny-draw", None, "draws = [9]\nadd = lambda a, b: a + b"),),
        ),
    )
    verdict, heard = carry_out(Proof("tiny", 0.0, mutants, seeds=1), course)
    assert heard.begun[2:] == ["subtracts + overwrites", "subtracts", "overwrites"]
    assert verdict.problems == ()
    assert carry_out(Proof("tiny", 0.0, mutants, seeds=1), course)[1].begun == []


def test_a_missing_seed_or_release_stops_before_anything_is_graded(course, proof):
    heard = Heard()
    with pytest.raises(ProofError, match="no cell holds 'RANDOM = 0'"):
        prove(proof(seeded=("RANDOM = {}",)), root=course.root, effort=Effort(), listener=heard)
    (course.root / "release" / "tiny" / "tiny.ipynb").unlink()
    with pytest.raises(ProofError, match="mnist-course release tiny"):
        prove(proof(), root=course.root, effort=Effort(), listener=heard)
    assert heard.begun == []


def test_a_grade_that_breaks_is_told_and_tried_again(course, proof, monkeypatch):
    one = proof(seeds=1, mutants=MUTANTS[:1])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    verdict, _ = carry_out(one, course, write=True)
    broken = [problem for problem in verdict.problems if "there is no grade" in problem]
    assert len(broken) == 3
    assert "exit status 1" in broken[0]
    assert verdict.cost is None
    monkeypatch.undo()
    assert carry_out(one, course)[1].begun == ["reference, seed 0", "untouched", "subtracts"]


def test_leaving_early_ends_what_runs(course, tmp_path):
    cells = json.loads(json.dumps(CELLS))
    cells[1]["source"] = "import time\ntime.sleep(300)"
    course.write(cells, released=cells)
    others = set(psutil.Process().children(recursive=True))  # other tests share this process
    work = run([Job(course.source, course.source, tmp_path / "work")] * 1, at_once=1)
    assert next(work) == (0, None)
    time.sleep(3)  # until the kernel runs
    below = set(psutil.Process().children(recursive=True)) - others
    assert below
    work.close()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not alive


PROOF_FILE = """\
from mnist_course.proof.proof import Edit, Mutant, Proof

PROOF = Proof(
    "tiny",
    0.0,
    (
        Mutant("subtracts", "tiny-adds", (Edit("tiny-add", "a + b", "a - b"),)),
        Mutant("the same", "tiny-mean", (Edit("tiny-draw", "range(50)", "range(60)"),)),
    ),
    seeds=1,
)
"""


def test_the_command(course):
    course.prove_with(PROOF_FILE)
    runner = CliRunner()
    root = ["--root", str(course.root)]
    made = runner.invoke(main, ["release", *root])
    assert made.exit_code == 0, made.output

    static = runner.invoke(main, ["release", "--check", "--static", *root])
    assert static.exit_code == 0, static.output
    assert not page_path(course.root).exists()

    failed = runner.invoke(main, ["release", "--check", "tiny", *root])
    assert failed.exit_code == 1
    words = "tiny: mutant 'the same' survives: tiny-mean still gives 6 of 6 points"
    assert words in failed.output
    page = page_path(course.root).read_text()
    assert "| tiny | 10 | 1 | 0/1 (≤ 95%) | 0 (≤ 0) | 1/2 |" in page
    assert "- **Not proven:** mutant 'the same' survives" in page
    assert "**survived**" in page

    course.prove_with(PROOF_FILE.replace("[random.random()", "[0").replace("range(60)", "[1]"))
    right = runner.invoke(main, ["release", "--check", *root])
    assert right.exit_code == 0, right.output
    page = page_path(course.root).read_text()
    assert "Not proven" not in page
    assert "| 2/2 |" in page
    assert str(course.root) not in page + record_path("tiny", course.root).read_text()

    course.source.write_text(course.source.read_text().replace("a tiny", "another tiny"))
    text = course.source.read_text().replace("tiny-intro", "tiny-setup")
    course.source.write_text(text)
    twice = runner.invoke(main, ["release", "--check", *root])
    assert twice.exit_code == 1
    assert "The cell id 'tiny-setup' is used twice" in twice.output


def test_options_of_the_proof_need_the_proof(course):
    done = CliRunner().invoke(main, ["release", "--seeds", "3", "--root", str(course.root)])
    assert done.exit_code == 2
    assert "Add --check" in done.output


def test_an_assignment_without_a_proof_is_named(course):
    runner = CliRunner()
    root = ["--root", str(course.root)]
    assert runner.invoke(main, ["release", *root]).exit_code == 0
    done = runner.invoke(main, ["release", "--check", *root])
    assert done.exit_code == 0, done.output
    assert "tiny has no proof: examples/proofs/tiny.py is not there." in done.output


def test_an_interrupted_proof_goes_on_where_it_was(course):
    course.prove_with(PROOF_FILE.replace("range(60)", "[1]"))
    assert CliRunner().invoke(main, ["release", "--root", str(course.root)]).exit_code == 0
    command = [sys.executable, "-m", "mnist_course", "release", "--check", "tiny"]
    record = record_path("tiny", course.root)
    process = subprocess.Popen(
        command,
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until = time.monotonic() + 120
    while not (record.exists() and json.loads(record.read_text())["trials"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=90)
    assert process.returncode == 130, told
    assert "The same command goes on where it was." in told
    before = json.loads(record.read_text())["trials"]
    assert 1 <= len(before) < 3

    proof = Proof("tiny", 0.0, MUTANTS, seeds=1)  # the reference is the same
    assert "reference, seed 0" not in carry_out(proof, course)[1].begun
