"""A class is graded once, whoever is killed on the way."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_course.class_grading.audit_log import AuditLine, AuditLog
from mnist_course.class_grading.grade_class import TRIES, ClassResult, ClassSettings, grade_class
from mnist_course.class_grading.grading_job import GradingJob, grade_submission
from mnist_course.exceptions import WorkforceError
from mnist_course.grading.autograde import autograde
from mnist_course.grading.results import Verdict
from mnist_course.workforce.workforce import Workforce
from tests.class_grading.tiny_class import ADDS, CLASS, TinyClass
from tests.workforce.dask_cluster import LONG, dask_cluster, wait_for

pytestmark = pytest.mark.kernel
POINTS = {"ada": 10.0, "bob": 6.0, "cleo": 4.0, "dan": 6.0}
CALLS = "right += add(-7, 5) == -2"


class Ears:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.planned = (-1, -1)
        self.lines: list[AuditLine] = []

    def plan(self, known: int, to_do: int) -> None:
        self.planned = (known, to_do)

    def finished(self, line: AuditLine, seconds: float) -> None:
        self.lines.append(line)


def settings_of(tiny: TinyClass, **others: object) -> ClassSettings:
    settings = ClassSettings(tiny.course.source, tiny.root / "results", tiny.root / "store")
    return replace(settings, deadline_seconds=120.0, by="the test", **others)


def grade(tiny: TinyClass, *, workers: int = 2, scheduler: str | None = None, **others: object):
    ears = Ears()
    with Workforce(workers, scheduler, tries=TRIES) as force:
        result = grade_class(
            tiny.submissions, settings_of(tiny, **others), force=force, listener=ears
        )
    return result, ears


def points(result: ClassResult) -> dict[str, float]:
    return {one.submission.student.id: one.grade.score for one in result.graded}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyClass, ClassResult, Ears]:
    """A class that was graded by two workers."""
    tiny = TinyClass(tmp_path_factory.mktemp("class"))
    return tiny, *grade(tiny)


@pytest.fixture
def copied(graded: tuple[TinyClass, ClassResult, Ears], tmp_path: Path) -> TinyClass:
    """The same class with its results, for a test that changes it."""
    shutil.copytree(graded[0].root, tmp_path / "class")
    tiny = TinyClass.__new__(TinyClass)
    tiny.root = tmp_path / "class"
    tiny.course = replace(graded[0].course, root=tiny.root)
    return tiny


def test_every_submission_has_the_score_that_it_has_alone(
    graded: tuple[TinyClass, ClassResult, Ears],
):
    tiny, result, ears = graded
    assert points(result) == POINTS and result.states == {"graded": 4} and not result.failures
    assert ears.planned == (0, 4) and {line.student for line in ears.lines} == set(CLASS)
    for one in result.graded:
        alone = autograde(one.submission.path, tiny.course.source, deadline_seconds=120).grade
        assert [(c.grade_id, c.score) for c in alone.cells] == [
            (c.grade_id, c.score) for c in one.grade.cells
        ]
        assert one.cpu_seconds > 0.3 and one.peak_bytes > 20e6
        written = json.loads((one.folder / "results.json").read_text())
        assert written["score"] == one.grade.score
        assert {p.name for p in one.folder.iterdir()} == {
            "results.json", "feedback.html", "executed.ipynb",
        }  # fmt: skip


def test_the_log_says_who_what_when_and_with_which_test(
    graded: tuple[TinyClass, ClassResult, Ears],
):
    tiny, _, _ = graded
    lines = AuditLog(tiny.root / "results" / "audit.jsonl").lines()
    assert sorted(line.student for line in lines) == sorted(CLASS)
    assert {line.by for line in lines} == {"the test"} and {line.of for line in lines} == {10.0}
    assert len({line.items[ADDS].test for line in lines}) == 1
    assert all(line.time.endswith("+00:00") and len(line.submission) == 64 for line in lines)


def test_what_is_known_is_not_graded_again(copied: TinyClass):
    before = tree(copied.root / "results")
    result, ears = grade(copied)
    assert result.states == {"known": 4} and points(result) == POINTS and ears.planned == (4, 0)
    assert tree(copied.root / "results") == before  # the log, too


def test_pages_that_were_removed_or_changed_are_written_again(copied: TinyClass):
    before = tree(copied.root / "results")
    (copied.root / "results" / "ada" / "feedback.html").unlink()
    (copied.root / "results" / "bob" / "results.json").write_text("{}")
    grade(copied)
    assert tree(copied.root / "results") == before


def test_another_file_is_another_submission(copied: TinyClass):
    copied.hand_in("bob", CLASS["ada"])
    result, ears = grade(copied)
    # The same file as ada's: known.
    assert points(result) == {**POINTS, "bob": 10.0} and ears.planned == (4, 0)
    change = result.changes[0]
    assert (change.student, change.before, change.after) == ("bob", 6.0, 10.0)
    assert "submission is another one" in change.items[0].why
    copied.hand_in("bob", {"tiny-draw": "draws = [.1]"})
    result, ears = grade(copied)
    assert ears.planned == (3, 1) and points(result)["bob"] == 4.0
    log = AuditLog(copied.root / "results" / "audit.jsonl")
    assert [line.score for line in log.lines() if line.student == "bob"] == [6.0, 10.0, 4.0]


def test_after_a_change_to_a_test_only_that_test_runs(copied: TinyClass):
    mean = "6 if 0.2 < mean < 0.8 else 0"
    copied.change_test(mean, "6 if 0.2 < mean < 0.95 else 0")
    shown, _ = grade(copied, what_if=True)
    assert shown.states == {"judged": 4}
    before = tree(copied.root / "results")
    assert [(c.student, c.before, c.after) for c in shown.changes] == [("cleo", 4.0, 10.0)]
    item = shown.changes[0].items[0]
    assert (item.grade_id, item.before, item.after) == ("tiny-mean", 0.0, 6.0)
    assert "test is another one" in item.why and "0.90" in item.why
    assert tree(copied.root / "results") == before  # nothing was written

    result, ears = grade(copied)
    assert points(result) == {**POINTS, "cleo": 10.0}
    assert result.states == {"known": 4}  # what-if has worked it out
    lines = AuditLog(copied.root / "results" / "audit.jsonl").lines()
    assert len(lines) == 8 and lines[-1].items["tiny-mean"].test != lines[0].items["tiny-mean"].test
    assert lines[-1].items[ADDS].test == lines[0].items[ADDS].test
    assert {line.student for line in ears.lines} == set(CLASS)


def test_a_test_that_calls_a_function_finds_it_without_the_other_tests(copied: TinyClass):
    copied.change_test(CALLS, CALLS + " and add(1, 1) != 0")
    result, _ = grade(copied)
    assert result.states == {"judged": 4} and points(result) == POINTS
    assert all(
        c.verdict is not Verdict.NOT_GRADED for one in result.graded for c in one.grade.cells
    )


def test_again_runs_the_notebook_again(copied: TinyClass):
    result, ears = grade(copied, again=frozenset({"ada"}))
    assert result.states == {"known": 3, "graded": 1} and ears.planned == (3, 1)
    assert points(result) == POINTS


def test_what_is_damaged_in_the_store_is_worked_out_again(copied: TinyClass):
    before = tree(copied.root / "results")
    for number, path in enumerate(sorted((copied.root / "store").rglob("*"))):
        if path.is_file() and path.name != "mark":
            content = bytearray(path.read_bytes())
            content[number % len(content)] ^= 1
            path.write_bytes(content)
    result, ears = grade(copied)
    assert result.states == {"graded": 4} and points(result) == POINTS and ears.planned == (0, 4)
    after = tree(copied.root / "results")
    assert after.keys() == before.keys()
    assert not result.changes


COMMAND = [sys.executable, "-m", "mnist_course", "grade-class", "tiny", "--workers", "1"]


def test_killed_in_the_middle_it_goes_on(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    log = AuditLog(tmp_path / "results" / "tiny" / "audit.jsonl")
    (tmp_path / "results" / "tiny").mkdir(parents=True)
    process = subprocess.Popen(
        COMMAND, cwd=tiny.root, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: len(log.lines()) >= 2)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait(LONG)
    finally:
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=LONG)
    assert not alive, "workers outlive their command"
    done = {line.student for line in log.lines()}
    ended = subprocess.run(
        COMMAND, check=False, cwd=tiny.root, capture_output=True, text=True, timeout=LONG
    )
    assert ended.returncode == 0, ended.stderr
    lines = log.lines()
    # One may have been finished when nobody wrote it down any more: it is known, not graded.
    assert sorted(line.student for line in lines) == sorted(CLASS)
    assert {line.state for line in lines if line.student in done} == {"graded"}
    assert {line.student: line.score for line in lines} == POINTS


def test_ctrl_c_stops_cleanly(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    log = AuditLog(tmp_path / "results" / "tiny" / "audit.jsonl")
    process = subprocess.Popen(
        COMMAND,
        cwd=tiny.root,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(log.lines)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped. Every finished grade is kept: the same command goes on." in err
    assert "Traceback" not in out + err
    _, alive = psutil.wait_procs(workers, timeout=LONG)
    assert not alive
    assert len(log.lines()) < len(CLASS)


def _own_process() -> psutil.Process | None:
    """Return the process of our only worker; what it starts looks like it for a moment."""
    name = "mnist_course.workforce.own_process"
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = child.parent()
            if name in child.cmdline() and parent and name not in parent.cmdline():
                return child
    return None


def test_a_submission_that_costs_three_workers_is_put_aside(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    tiny.hand_in("bob", {"tiny-add": "import time\ntime.sleep(20)"})
    target = tmp_path / "results" / "bob"
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        """End the process that grades bob's notebook, whenever one does."""
        while not over.wait(0.05):
            if not target.exists() or len(killed) == TRIES:
                continue
            worker = _own_process()
            if worker is None:
                continue
            if len(killed) < TRIES - 1:
                shutil.rmtree(target)  # the next try makes it again
            worker.send_signal(signal.SIGKILL)
            killed.append(worker.pid)
            worker.wait(LONG)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        result, _ = grade(tiny, workers=1)
    finally:
        over.set()
        killer.join()
    assert len(killed) == TRIES
    assert result.states == {"graded": 3, "lost": 1}
    put_aside = next(one for one in result.graded if one.submission.student.id == "bob")
    automatic = put_aside.grade.automatic
    assert {cell.verdict for cell in automatic} == {Verdict.NOT_GRADED}
    assert put_aside.grade.score == 0 and "A person will look" in put_aside.grade.headline
    assert "ended 3 workers" in automatic[0].staff_note
    assert json.loads((target / "results.json").read_text())["score"] == 0
    assert points(result) == {**POINTS, "bob": 0.0}
    again, _ = grade(tiny, workers=1)
    assert again.states == {"known": 4}


def test_a_cluster_gives_the_same_grades_and_its_end_is_said(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    with dask_cluster(tmp_path, workers=2) as address:
        result, _ = grade(tiny, scheduler=address)
        assert points(result) == POINTS and result.states == {"graded": 4}
        for student in CLASS:
            tiny.hand_in(student, {**CLASS[student], "tiny-draw": "import time\ntime.sleep(60)"})
        scheduler = next(
            child
            for child in psutil.Process().children(recursive=True)
            if "scheduler" in child.cmdline()
        )
        threading.Timer(5, scheduler.send_signal, [signal.SIGKILL]).start()
        with pytest.raises(WorkforceError, match=r"scheduler is gone.*kept"):
            grade(tiny, scheduler=address)
    wait_for(lambda: not _still_grading(tmp_path))


def _still_grading(folder: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd"])
        if "own_process" in " ".join(process.info["cmdline"] or ())
        and process.info["cwd"] == str(folder)
    ]


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    job = GradingJob(
        str(tiny.path("ada")), str(tiny.course.source), str(tmp_path / "out"),
        str(tmp_path / "elsewhere"), "a mark",
    )  # fmt: skip
    with pytest.raises(WorkforceError, match="does not see the folder"):
        grade_submission(job.to_dict())
    assert not (tmp_path / "elsewhere").exists() and not (tmp_path / "out").exists()


def test_a_grade_without_all_layers_is_none_where_they_are_asked_for(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    job = GradingJob(str(tiny.path("ada")), str(tiny.course.source), "out", "store", "a mark")
    strict = replace(job, require_sandbox=True)
    assert job.grade_key("0", "1") != strict.grade_key("0", "1")
    assert job.limits() != strict.limits()


def test_a_submission_that_is_no_notebook_has_a_grade(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    tiny.path("ada").write_text("this is no notebook")
    tiny.path("bob").unlink()
    tiny.path("bob").symlink_to("/etc/passwd")
    result, _ = grade(tiny, workers=1)
    assert points(result) == {**POINTS, "ada": 0.0, "bob": 0.0}
    assert result.states == {"graded": 4}
    assert all(one.grade.headline for one in result.graded[:2])


def test_time_that_jumps_back_costs_nothing(tmp_path: Path):
    """The clock is for the log alone."""
    from datetime import UTC, datetime, timedelta

    tiny = TinyClass(tmp_path)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moments = iter(now - timedelta(days=number) for number in range(1000))
    ears = Ears()
    with Workforce(1, tries=TRIES) as force:
        result = grade_class(
            tiny.submissions,
            settings_of(tiny),
            force=force,
            listener=ears,
            clock=lambda: next(moments),
        )
    assert points(result) == POINTS
    result, _ = grade(tiny)
    assert result.states == {"known": 4}


@pytest.mark.skipif(
    subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0,
    reason="a small disk of its own needs the right to mount one",
)
def test_a_full_disk_is_said_and_what_was_finished_is_kept(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    store = tmp_path / "small"
    store.mkdir()
    # A file that fills the disk but for room for one or two grades.
    small = (
        f"mount -t tmpfs -o size=400k tmpfs {store} && head -c 330k /dev/zero > {store}/filler && "
        f"exec {' '.join(COMMAND)} --store {store}"
    )
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", small],
        check=False,
        cwd=tiny.root,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert ended.returncode in (1, 3), ended.stdout + ended.stderr
    assert "No space left on device" in ended.stderr and "Traceback" not in ended.stderr
    log = AuditLog(tmp_path / "results" / "tiny" / "audit.jsonl")
    states = [line.state for line in log.lines()]
    assert states.count("failed") >= 1
    # With room again everybody has a grade, and the log has gone on.
    ended = subprocess.run(
        [*COMMAND, "--store", str(store)],
        check=False,
        cwd=tiny.root,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert ended.returncode == 0, ended.stderr
    assert {s: line.score for s, line in log.last_by_student().items()} == POINTS
    assert len(log.lines()) > len(states)


def test_a_notebook_without_an_end_costs_its_time_and_nothing_else(tmp_path: Path):
    tiny = TinyClass(tmp_path)
    tiny.hand_in("bob", {"tiny-draw": "draws = [.5]\nwhile True:\n    pass"})
    result, _ = grade(tiny, cell_seconds=3.0)
    assert points(result) == {**POINTS, "bob": 10.0}
    assert result.graded[1].grade.errors[0].kind == "TimeoutError"


def _replays(tiny: TinyClass, student: str, caplog: pytest.LogCaptureFixture) -> tuple[Any, int]:
    """Grade one submission in this process; return what the job says, and how many kernels ran."""
    caplog.clear()
    (tiny.root / "store").mkdir(exist_ok=True)
    (tiny.root / "store" / "mark").write_text("a mark")
    job = GradingJob(
        str(tiny.path(student)), str(tiny.course.source), str(tiny.root / "out" / student),
        str(tiny.root / "store"), "a mark", deadline_seconds=120.0,
    )  # fmt: skip
    with caplog.at_level("INFO", "mnist_course"):
        done = grade_submission(job.to_dict())
    again = sum("run again for its functions" in record.message for record in caplog.records)
    return done, again


@pytest.mark.parametrize("student", ["ada", "bob"])
def test_a_changed_test_that_makes_the_same_calls_starts_no_kernel(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, student: str
) -> None:
    tiny = TinyClass(tmp_path)
    assert _replays(tiny, student, caplog)[0]["state"] == "graded"
    before = json.loads((tmp_path / "out" / student / "results.json").read_text())
    tiny.change_test(CALLS, CALLS + "  # looked at again")
    done, again = _replays(tiny, student, caplog)
    assert (done["state"], done["judged"], again) == ("judged", [ADDS], 0)
    after = json.loads((tmp_path / "out" / student / "results.json").read_text())
    assert before["tests"] == after["tests"]
    tiny.change_test(CALLS, CALLS.replace("add", "add(1, 1) > -9 and add", 1))
    done, again = _replays(tiny, student, caplog)
    assert (done["state"], done["judged"], again) == ("judged", [ADDS], 1)
