"""Execute grade cells on captured values: the trusted process.

``python -I -m mnist_course.grading.test_runner JOB`` reads the job file that ``grade_cells.py``
wrote, and writes its report beside it. Each cell runs in a fork of this process, in a namespace
that holds the student's values as plain data and nothing else of the student's, so a cell sees
neither what another one did, nor a student's code.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_course.checks import backend as backends
from mnist_course.checks import measurement
from mnist_course.exceptions import StudentError
from mnist_course.grading import answers_seen
from mnist_course.grading.assignment import GIVEN_NAMES
from mnist_course.grading.call_errors import judging
from mnist_course.grading.captured_values import Builders, read_values
from mnist_course.grading.channel import Channel
from mnist_course.grading.control import Control
from mnist_course.grading.deadline import Deadline
from mnist_course.grading.function_proxy import StudentFunction
from mnist_course.grading.kept_answers import KeptAnswers, question_name
from mnist_course.grading.model_facade import ModelFacade, RemoteModelFacade
from mnist_course.grading.remote_backend import RemoteBackend
from mnist_course.grading.serialization import Opaque
from mnist_course.grading.staff_facts import staff_facts
from mnist_course.grading.student_line import KernelGone, StudentLine

__all__ = ["judge", "main"]

_CALLS_AT_LEAST = 20.0  # seconds that the calls of one item may take together
_BROKEN = {"line broken": True}  # a fork that was ended may have left half a question

_UNDECIDED = (
    "This item could not be decided automatically. It counts 0 until a person has looked at it."
)


def judge(cell: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Run one grade cell and return its verdict as plain data.

    Parameters
    ----------
    cell : mapping
        ``id``, ``source``, ``points``, ``needs`` (names).
    values : mapping
        The student's values by name.

    Returns
    -------
    dict
        With ``"kernel gone"`` when a function could not be called because there was no kernel.
    """
    from mnist_course.checks import score

    missing = _missing(cell, values)
    if missing is not None:
        return missing
    # Exactly the names that the cell asks for: the captured file may hold others, such as
    # ``__builtins__``.
    names = {*cell["needs"], *(GIVEN_NAMES & values.keys())}
    namespace = {name: values[name] for name in names}
    score.clear()
    answers_seen.forget()
    printed = io.StringIO()
    name = f"<{cell['id']}>"
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            judging(name, cell["source"]),
        ):
            value = _run(cell["source"], name, namespace)
        verdict = _verdict_of(value, float(cell["points"]))
    except StudentError as error:  # before AssertionError, which it may be, too
        verdict = _of_a_call(error)
    except score.CheckFailed as failed:
        found = failed.finding
        verdict = _failed(found.saw, found.why, found.next_step)
    except AssertionError as failed:
        words = str(failed) or "A check of this item does not hold for your notebook."
        verdict = _failed(words)
    except KernelGone as gone:
        verdict = _undecided(str(gone)) | {"kernel gone": True}
    except score.CannotGrade as undecided:
        verdict = _undecided(str(undecided))
    except Exception:
        verdict = _undecided(traceback.format_exc(limit=-4))
    noted = score.collected()
    notes = [note for note in (verdict["staff_note"], *noted.staff) if note]
    return {
        **verdict,
        "staff_note": "\n".join(dict.fromkeys(notes)),
        "signals": [[found.kind, found.detail] for found in answers_seen.signals()],
        **_measured(noted),
    }


def _missing(cell: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    for name in cell["needs"]:
        if name not in values:
            return _failed(
                f"Your notebook has no `{name}` after all its cells have run.",
                "This item looks at it.",
                f"Define `{name}`, use Kernel > Restart & Run All, and save.",
            )
        value = values[name]
        if isinstance(value, Opaque):
            if "model" in value.reason:
                return _undecided(f"`{name}` ({value.type_name}): {value.reason}") | {
                    "findings": [
                        [f"`{name}` cannot be graded yet: {value.reason}.", _UNDECIDED, ""]
                    ]
                }
            return _failed(
                f"`{name}` is a {value.type_name}, which cannot be graded: {value.reason}.",
                "This item looks at it.",
                "Do not use this name for something else.",
            )
    return None


def _run(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Execute a cell and return the value of its last expression, as a notebook shows it."""
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    namespace["__name__"] = "__main__"
    exec(compile(tree, name, "exec"), namespace)  # noqa: S102 - the instructor's own test
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    expression = ast.Expression(last.value)
    return eval(compile(expression, name, "eval"), namespace)  # noqa: S307 - likewise


def _verdict_of(value: Any, points: float) -> dict[str, Any]:
    """Turn the value of a cell that raised nothing into a verdict.

    A ``Score`` is what our cells end in; a bare number is nbgrader's way of partial credit.
    """
    import numpy as np

    from mnist_course.checks.score import Score

    findings: list[list[str]] = []
    if isinstance(value, Score):
        if value.of != points:
            return _undecided(f"the cell scores out of {value.of:g}, but has {points:g} points")
        findings = [[f.saw, f.why, f.next_step] for f in value.findings]
    elif isinstance(value, (bool, np.bool_)):
        # `accuracy > 0.9` as a last line looks like a test and checks nothing.
        return _undecided(f"the cell ended in {value}: write `assert`, or end in a Score")
    elif not isinstance(value, (int, float, np.integer, np.floating)):
        value = points
    earned = float(value)
    if not 0 <= earned <= points:
        return _undecided(f"the cell ended in {earned!r}, which is not within 0..{points:g}")
    kind = "passed" if earned == points else "failed" if earned == 0 else "partial"
    return {"verdict": kind, "score": earned, "findings": findings, "staff_note": ""}


def _failed(saw: str, why: str = "", next_step: str = "") -> dict[str, Any]:
    return {
        "verdict": "failed",
        "score": 0.0,
        "findings": [[saw, why, next_step]],
        "staff_note": "",
    }


def _of_a_call(error: StudentError) -> dict[str, Any]:
    """Return the verdict for a student's function that gave no value."""
    if error.hidden:
        step = "Try other inputs than those that you see: other shapes, large numbers, zeros."
    elif error.line:
        step = f"Call it with the same input in a cell of your own, and repair line {error.line}."
    else:
        step = "Call it with the same input in a cell of your own, and watch what it does."
    return _failed(str(error), "This item uses what the function gives back.", step)


def _undecided(note: str) -> dict[str, Any]:
    return {
        "verdict": "not graded",
        "score": 0.0,
        "findings": [[_UNDECIDED, "", ""]],
        "staff_note": note[-2000:],
    }


def _measured(found: Any) -> dict[str, Any]:
    import numpy as np

    confusion = getattr(found, "confusion", None)
    return {
        "measurements": {str(k): float(v) for k, v in found.values.items()},
        "confusion": None if confusion is None else np.asarray(confusion).tolist(),
        "curves": {str(k): [float(v) for v in vs] for k, vs in (found.curves or {}).items()},
    }


def _in_a_fork(
    cell: Mapping[str, Any],
    values: Mapping[str, Any],
    seconds: float,
    line: StudentLine | None = None,
) -> dict[str, Any]:
    """Judge a cell in a child process, for at most ``seconds``.

    ``"line broken"`` in the verdict says that the student's kernel must not be asked again,
    ``"missed"`` that it must be asked what an earlier grade did not ask.
    """
    if not hasattr(os, "fork"):
        return _judge_with(line, cell, values)
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_end)
            signal.alarm(int(seconds) + 5)  # ends with us, should this process end first
            data = json.dumps(_judge_with(line, cell, values)).encode()
            with os.fdopen(write_end, "wb") as pipe:
                pipe.write(data)
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    chunks: list[bytes] = []
    deadline = time.monotonic() + seconds
    with os.fdopen(read_end, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = pipe.read(1 << 16)
            if not chunk:
                break
            chunks.append(chunk)
        else:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return _undecided(f"the test took longer than {seconds:.0f} seconds") | _BROKEN
    _, status = os.waitpid(pid, 0)
    if status or not chunks:
        return _undecided(f"the test's process ended with status {status}") | _BROKEN
    judged: dict[str, Any] = json.loads(b"".join(chunks))
    return judged


def _judge_with(
    line: StudentLine | None, cell: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    verdict = judge(cell, values)
    if line is not None:
        verdict |= {"line broken": line.broken, "missed": line.transcript.missed}
        line.transcript.keep()
    return verdict


class _Judge:
    """Judges the cells of a job, one after another, with one line to the student's kernel.

    Parameters
    ----------
    job : mapping
        As ``grade_cells.py`` wrote it.
    values : mapping
        The student's values by name.
    line : StudentLine
    deadline : Deadline
    """

    def __init__(
        self,
        job: Mapping[str, Any],
        values: Mapping[str, Any],
        line: StudentLine,
        deadline: Deadline,
    ) -> None:
        self._values, self._line, self._deadline = values, line, deadline
        self._callers = {
            cell["id"]
            for cell in job["cells"]
            if cell["id"] not in job["known"]
            and any(_is_called(values.get(name)) for name in cell["needs"])
        }
        self._waiting = len(self._callers)
        self._broken = False

    def calls(self, cell: Mapping[str, Any]) -> bool:
        """Tell whether judging a cell asks the student's kernel."""
        return cell["id"] in self._callers

    def verdict(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """Judge one cell; once more when there was no kernel to ask."""
        if not self.calls(cell):
            return self._judge(cell)
        share = self._deadline.left() / max(1, self._waiting)
        self._waiting -= 1
        transcript = self._line.transcript
        if transcript.knows(cell["id"]):
            transcript.begin(cell["id"], again=True)
            verdict = self._judge(cell)
            if not verdict.get("missed"):
                return _without_marks(verdict)
        for _ in range(2):
            transcript.begin(cell["id"], again=False)
            self._line.renew(self._deadline.left(), broken=self._broken)
            self._line.begin(min(self._deadline.left(), max(_CALLS_AT_LEAST, share)))
            verdict = self._judge(cell)
            self._broken = bool(verdict.get("line broken"))
            if not verdict.get("kernel gone"):
                break
        return _without_marks(verdict)

    def _judge(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        left = self._deadline.left()
        if left <= 0:
            return _undecided("no time was left")
        line = self._line if self.calls(cell) else None
        return _in_a_fork(cell, self._values, left, line)


def _without_marks(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return a verdict without what only this process wants to know of it."""
    return {k: v for k, v in verdict.items() if k not in ("line broken", "missed", "kernel gone")}


def _is_called(value: Any) -> bool:
    """Tell whether asking this value asks the student's kernel."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, (StudentFunction, RemoteModelFacade)):
            return True
        if type(part) in (list, tuple):
            todo += part
        elif type(part) is dict:
            todo += part.values()
    return False


def _draw(
    job: Mapping[str, Any], verdicts: list[dict[str, Any]], folder: Path, answers: KeptAnswers
) -> list[Any]:
    """Draw the pictures of the feedback into ``folder``; return [title, alt, file].

    What was drawn of the same numbers before is kept: drawing takes longer than most tests.
    """
    confusion = next((v["confusion"] for v in verdicts if v.get("confusion")), None)
    curves: dict[str, Any] = next((v["curves"] for v in verdicts if v.get("curves")), {})
    if not job["pictures"] or (confusion is None and not curves):
        return []
    import numpy as np

    name = question_name("pictures", confusion, curves)
    try:
        drawn = answers.find(name)
    except KeyError:
        from mnist_course.grading.pictures import draw

        drawn = [
            [picture.title, picture.alt, np.frombuffer(picture.png, np.uint8)]
            for picture in draw(confusion, curves)
        ]
        answers.keep(name, drawn)
    told = []
    for number, (title, alt, png) in enumerate(drawn):
        file = folder / f"picture{number}.png"
        file.write_bytes(np.asarray(png, np.uint8).tobytes())
        told.append([title, alt, file.name])
    return told


def main(arguments: list[str]) -> int:
    """Run a job."""
    start = time.monotonic()
    job_file = Path(arguments[1])
    job = json.loads(job_file.read_text())
    deadline = Deadline(job["seconds"], start=start)
    control = Control(
        socket.socket(fileno=job["control_fd"]) if job["control_fd"] is not None else None
    )
    answers = KeptAnswers(Path(job["answers"]) if job["answers"] is not None else None)
    builders = Builders(control, answers)
    backend = _backend(control, builders, deadline, answers)
    captured = Path(job["captured"]) if job["captured"] else None
    values, substituted, problem = read_values(captured, builders.of(backend.load))
    values["execution"] = job["execution"]
    if any(isinstance(value, (ModelFacade, RemoteModelFacade)) for value in values.values()):
        measurement.held_out()  # loaded once, so that each fork has it already
    known = {} if problem else job["known"]
    judge = _Judge(job, values, builders.line, deadline)
    verdicts: list[dict[str, Any]] = []
    report: dict[str, Any] = {
        "verdicts": verdicts, "substituted": substituted, "pictures": [],
    }  # fmt: skip
    # What a student's function does with its time costs the items that call it, and no other.
    for cell in sorted(job["cells"], key=judge.calls):
        if cell["id"] in known:
            verdicts.append(known[cell["id"]])
            continue
        began = time.monotonic()
        verdict = _undecided(problem) if problem else judge.verdict(cell)
        verdicts.append(verdict | {"id": cell["id"], "seconds": time.monotonic() - began})
        _write(job_file, report)
        control.tell("report")
    report["pictures"] = _draw(job, verdicts, job_file.parent, answers)
    _write(job_file, report)
    measured = {k: v for one in verdicts for k, v in one.get("measurements", {}).items()}
    report["staff_measurements"], signals = staff_facts(values, measured)
    signals += [signal for one in verdicts for signal in one.get("signals", ())]
    report["signals"] = [list(s) for s in dict.fromkeys(map(tuple, signals))]
    _write(job_file, report)
    return 0


def _backend(
    control: Control, builders: Builders, deadline: Deadline, answers: KeptAnswers
) -> RemoteBackend:
    """Return what asks the evaluator, which starts with the first question."""
    backend = RemoteBackend(
        lambda: Channel(control.ask("evaluator", deadline.left())),
        seconds=deadline.left(),
        remote=builders.remote_model,
        answers=answers,
    )
    backends.use(backend)
    return backend


def _write(job_file: Path, report: dict[str, Any]) -> None:
    beside = job_file.with_name("report.part")
    beside.write_text(json.dumps(report))
    beside.replace(job_file.with_name("report.json"))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
