"""Carry out the proof of one assignment: grade what it needs, then judge."""

from __future__ import annotations

import dataclasses
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.engine_version import engine_version
from mnist_course.grading.report import assignment_path
from mnist_course.proof import shown_trials
from mnist_course.proof.machine import machine
from mnist_course.proof.mutant_verdicts import Outcome, as_expected
from mnist_course.proof.proof import Proof
from mnist_course.proof.records import Records, record_path
from mnist_course.proof.rounds import rounds
from mnist_course.proof.submissions import Submission, Submissions
from mnist_course.proof.trial import Trial
from mnist_course.proof.verdicts import Verdict, judge
from mnist_course.proof.workers import Job, run

__all__ = ["Effort", "Listener", "prove"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to try, and how.

    Parameters
    ----------
    seeds : int, optional
        Of the reference; by default what the proof says.
    at_once : int
        Grades at the same time.
    all_alone : bool
        A notebook for each mutant, instead of one for mutants of different items.
    again : bool
        Also grade what was graded before.
    write : bool
        Store the trials and the verdict in docs/measurements/.
    keep : Path, optional
        A folder for every submission with its results; by default they are removed.
    """

    seeds: int | None = None
    at_once: int = 1
    all_alone: bool = False
    again: bool = False
    write: bool = True
    keep: Path | None = None


class Listener(Protocol):
    """Hears how the work goes on."""

    def expect(self, more: int) -> None:
        """So many more submissions are to be graded."""

    def begin(self, what: str) -> None:
        """One is being graded now."""

    def end(self, what: str) -> None:
        """One has been graded."""


def prove(proof: Proof, *, root: Path, effort: Effort, listener: Listener) -> Verdict:
    """Grade what a proof needs and return what it shows.

    What was graded before is taken from docs/measurements/, so that an interrupted proof goes on
    where it was; more seeds or single mutants that are stored there count too.

    Parameters
    ----------
    proof : Proof
    root : Path
        The course.
    effort : Effort
    listener : Listener

    Raises
    ------
    AssignmentError
        If the instructor's notebook cannot be read.
    ProofError
        If the notebook has no place for the seed, there is no release, or the stored trials
        cannot be read.
    """
    source = assignment_path(proof.id, root)
    items = {cell.grade_id: cell.points for cell in read_assignment(source).grade_cells}
    submissions = Submissions(proof, root)
    unfit = submissions.unfit()
    engine = engine_version()
    records = Records(record_path(proof.id, root), source=source.read_bytes(), engine=engine)
    with tempfile.TemporaryDirectory(prefix="mnist-course-proof-") as scratch:
        folder = effort.keep / proof.id if effort.keep is not None else Path(scratch)
        bench = _Bench(proof, source, folder, records, engine, effort, listener)
        outcomes = bench.grade(
            [
                *_references(proof, submissions, records, effort),
                submissions.untouched(),
                *_mutated(proof, submissions, unfit, records, effort),
            ]
        )
        # Mutants that met in a notebook are tried alone before anything is said about them.
        apart = [
            submissions.mutated(mutant)
            for outcome in outcomes
            if len(outcome.submission.mutants) > 1 and not as_expected(outcome, items)
            for mutant in outcome.submission.mutants
        ]
        outcomes += bench.grade(apart)
    verdict = judge(proof, items, outcomes, unfit=unfit)
    if effort.write:
        cost = verdict.cost
        records.write(
            command=f"mnist-course release --check {proof.id}",
            date=time.strftime("%Y-%m-%d"),
            machine=machine(),
            **({"peak_mb": cost.peak_mb} if cost and cost.peak_mb else {}),
            verdict=dataclasses.asdict(verdict),
        )
    return verdict


def _references(
    proof: Proof, submissions: Submissions, records: Records, effort: Effort
) -> Iterator[Submission]:
    wanted = range((effort.seeds or proof.seeds) if proof.seeded else 1)
    yield from map(submissions.reference, wanted)
    if not effort.again:
        for seed in records.seeds:
            if seed not in wanted:
                submission = submissions.reference(seed)
                if records.find(submission.content) is not None:
                    yield submission


def _mutated(
    proof: Proof, submissions: Submissions, unfit: Iterable[str], records: Records, effort: Effort
) -> Iterator[Submission]:
    waiting = []
    for mutant in proof.mutants:
        if mutant.name not in unfit:
            single = submissions.mutated(mutant)
            if not effort.again and records.find(single.content) is not None:
                yield single
            else:
                waiting.append(mutant)
    for together in rounds(waiting, all_alone=effort.all_alone):
        yield submissions.mutated(*together)


@dataclass(slots=True)
class _Bench:
    """Grades submissions of one assignment, or finds their trials."""

    proof: Proof
    assignment: Path
    folder: Path
    records: Records
    engine: str
    effort: Effort
    listener: Listener
    count: int = 0

    def grade(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Return an outcome for each submission, in order."""
        found: dict[int, Trial] = {}
        for number, submission in enumerate(submissions):
            trial = None if self.effort.again else self.records.find(submission.content)
            if trial is not None:
                found[number] = trial
        todo = [number for number in range(len(submissions)) if number not in found]
        self.listener.expect(len(todo))
        if self.proof.trials and any(submissions[number].mutants for number in todo):
            at_once = self.effort.at_once
            shown_trials.prepare(self.proof.trials, self._shown(), at_once=at_once)
        jobs = [self._job(submissions[number]) for number in todo]
        for place, trial in run(jobs, at_once=self.effort.at_once):
            submission = submissions[todo[place]]
            if trial is None:
                self.listener.begin(submission.what)
                continue
            found[todo[place]] = trial
            if engine_version() == self.engine:  # nobody edited it meanwhile
                self.records.add(submission.content, trial, seed=submission.seed)
            if self.effort.write:
                self.records.write()
            self.listener.end(submission.what)
        return [Outcome(one, found[number]) for number, one in enumerate(submissions)]

    def _job(self, submission: Submission) -> Job:
        self.count += 1
        words = re.sub(r"[^a-z0-9]+", "-", submission.what.lower()).strip("-")[:60]
        folder = self.folder / f"{self.count:02d}-{words}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "submission.ipynb"
        path.write_bytes(submission.content)
        shown = self._shown() if self.proof.trials and submission.mutants else None
        return Job(path, self.assignment, folder, shown)

    def _shown(self) -> Path:
        return shown_trials.folder_of(self.proof.id)
