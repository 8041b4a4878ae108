"""Grade 10,000 stand-ins: what a class costs besides running and judging notebooks.

    python -m benchmarks.stand_ins                       # 100 and 10,000, alternating
    python -m benchmarks.stand_ins --many 1000 --rounds 1

Jobs, workers, store, audit log, class file and page are the real ones; only the grade is made by a
function that takes a moment instead of training. Reported are the seconds for each submission, the
memory of the process that gives out the jobs (the scheduler is in it), the same where as many jobs
are given out and nothing of them is kept, which is the scheduler alone, and the seconds until the
same command, started again, knows that nothing is to be done. Writes
docs/measurements/stand_ins.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import save
from mnist_course.class_grading.audit_log import AuditLine, AuditLog
from mnist_course.class_grading.class_file import read_class, write_class
from mnist_course.class_grading.grade_class import ClassSettings, grade_class
from mnist_course.class_grading.grading_job import Cost, GradingJob, file_digest, put_grade
from mnist_course.class_grading.records import Student, Submission
from mnist_course.class_grading.report.page import write_class_report
from mnist_course.class_grading.store import Store
from mnist_course.grading import feedback, gradescope
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Verdict
from mnist_course.workforce.workforce import Job, Workforce

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m5" / "m5.ipynb"
_SECONDS = 0.05  # that a stand-in takes


def stand_in(plain: dict[str, Any]) -> dict[str, Any]:
    """Do what a worker does, but for running and judging."""
    job = GradingJob(**plain)
    submission, output = Path(job.submission), Path(job.output)
    digest = file_digest(submission)
    key = job.grade_key(digest, file_digest(Path(job.assignment)))
    time.sleep(_SECONDS)
    share = int(digest[:4], 16) / 0xFFFF
    cells = tuple(
        CellGrade(cell.grade_id, cell.title, cell.points, None, Verdict.MANUAL)
        if cell.is_manual
        else _cell(cell.grade_id, cell.title, cell.points, share)
        for cell in read_assignment(Path(job.assignment)).graded
    )
    measured = {"accuracy": 0.9 + share / 10, "parameters": 1e4 + 1e5 * share}
    grade = NotebookGrade("m5", cells, measurements=measured, seconds=_SECONDS)
    output.mkdir(parents=True, exist_ok=True)
    gradescope.write_results(grade, output / "results.json")
    feedback.write_feedback(grade, output / "feedback.html")
    put_grade(Store(Path(job.store)), key, grade, Cost(_SECONDS, 10**8), output)
    return {"digest": digest, "key": key, "state": "graded", "judged": []}


def _cell(grade_id: str, title: str, points: float, share: float) -> CellGrade:
    score = round(points * share)
    verdict = Verdict.PASSED if score == points else Verdict.PARTIAL if score else Verdict.FAILED
    finding = Finding(f"{share:.2%} of the images are right.", "It could be more.", "Train longer.")
    return CellGrade(grade_id, title, points, score, verdict, (finding,))


def nothing(number: int) -> int:
    """Do what the scheduler's own memory is measured with."""
    return number


def _memory_of_the_scheduler(jobs: int, workers: int) -> int:
    """Return the most memory of this process after so many jobs whose results nobody keeps."""
    from benchmarks.stand_ins import nothing as work  # not of __main__: workers import it

    with Workforce(workers) as force:
        ended = sum(1 for _ in force.results(Job(work, (n,), str(n)) for n in range(jobs)))
    if ended != jobs:
        raise SystemExit(f"{ended} of {jobs} jobs ended")
    return _most_memory()


class _Silent:
    def plan(self, known: int, to_do: int) -> None:
        self.known = known

    def finished(self, line: AuditLine, seconds: float) -> None:
        pass


def measure(students: int, folder: Path, workers: int) -> dict[str, Any]:
    """Grade a class of stand-ins, then the same class again."""
    from benchmarks.stand_ins import stand_in as work  # not of __main__: workers import it

    handed_in = folder / "submitted"
    handed_in.mkdir(parents=True)
    submissions = []
    for number in range(students):
        path = handed_in / f"s{number:05}.ipynb"
        path.write_text(json.dumps({"cells": [], "metadata": {"number": number}}))
        submissions.append(Submission(Student(path.stem), path))
    scheduler = _memory_of_the_scheduler(students, workers)
    settings = ClassSettings(SOURCE, folder / "results", folder / "store", by="benchmark")
    listener = _Silent()
    with Workforce(workers, tries=3) as force:
        # The workers' own start is no cost of a submission.
        grade_class(submissions[:workers], settings, force=force, listener=listener, work=work)
        began = time.perf_counter()
        result = grade_class(submissions, settings, force=force, listener=listener, work=work)
        seconds = time.perf_counter() - began
        memory = _most_memory()
    if len(result.graded) != students:
        raise SystemExit(f"{len(result.graded)} of {students} have a grade: {result.failures}")
    began = time.perf_counter()
    with Workforce(workers) as force:
        again = grade_class(submissions, settings, force=force, listener=listener, work=work)
    resumed = time.perf_counter() - began
    if again.states != {"known": students} or listener.known != students:
        raise SystemExit(f"graded twice: {again.states}")
    write_class(settings.output, "m5", result.graded, result.keys, {})
    opened = {
        "class_file": _seconds(lambda: read_class(settings.output, settings.store)),
        "audit_log": _seconds(AuditLog(settings.output / "audit.jsonl").last_by_student),
        "page": _seconds(
            lambda: write_class_report(
                result.graded, settings.output / "class.html", assignment="m5"
            )
        ),
    }
    return {
        "students": students,
        "milliseconds_each": 1000 * (seconds - _SECONDS * students / workers) / students,
        "resume_seconds": resumed,
        "memory_mb": memory / 1e6,
        "scheduler_mb": scheduler / 1e6,
        "page_mb": (settings.output / "class.html").stat().st_size / 1e6,
        "open_seconds": opened,
    }


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _most_memory() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Measure few and many in turn, each in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="Where files go. Default: a temporary folder.")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.folder, arguments.workers)))
        return 0
    found: dict[str, list[dict[str, Any]]] = {"few": [], "many": []}
    for _ in range(arguments.rounds):
        for name in ("few", "many", "few"):
            folder = Path(tempfile.mkdtemp(dir=arguments.folder))
            try:
                command = [sys.executable, "-m", "benchmarks.stand_ins", "--folder", str(folder)]
                command += ["--one", str(getattr(arguments, name))]
                command += ["--workers", str(arguments.workers)]
                ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
            finally:
                shutil.rmtree(folder)
            found[name].append(json.loads(ended.stdout))
            print(name, json.dumps(found[name][-1]), flush=True)
    few = statistics.median(one["milliseconds_each"] for one in found["few"])
    many = statistics.median(one["milliseconds_each"] for one in found["many"])
    figures = {"stand_in_seconds": _SECONDS, "many_over_few": round(many / few, 3), **found}
    print(json.dumps(figures["many_over_few"]))
    command_line = f"python -m benchmarks.stand_ins --many {arguments.many}"
    save("stand_ins", f"{command_line} --rounds {arguments.rounds}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
