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

from mnist_course.exceptions import MnistCourseError, RecordError, SerializationError
from mnist_course.grading.assignment import GIVEN_NAMES
from mnist_course.grading.channel import Channel
from mnist_course.grading.serialization import Opaque, Portable, decode

__all__ = ["judge", "main", "read_values"]

_UNDECIDED = (
    "This item could not be decided automatically. It counts 0 until a person has looked at it."
)


def read_values(path: Path | None, backend: Any) -> tuple[dict[str, Any], list[str], str]:
    """Read the captured file.

    Parameters
    ----------
    path : Path or None
        Bytes that untrusted code wrote.
    backend : RemoteBackend or None
        Rebuilds the models.

    Returns
    -------
    (values, substituted, problem)
        Names with values; names that the student did not define but that had an obvious stand-in;
        a sentence for staff when the file cannot be read.
    """
    if path is None:
        return {}, [], ""
    build = {
        "model": lambda parts: _model(parts, backend),
        "experiment_log": _log,
        "history": _history,
        "dataframe": _frame,
        "figure": lambda parts: Portable("figure", parts),
        "array": lambda parts: parts["array"],
    }
    try:
        top = decode(path.read_bytes(), build=build)
        values, substituted = top["values"], top["substituted"]
        if type(values) is not dict or not all(type(n) is str for n in values):
            raise SerializationError("the captured values are no mapping of names")
        return values, [n for n in substituted if type(n) is str], ""
    except (MnistCourseError, KeyError, TypeError, AttributeError, ValueError) as error:
        return {}, [], f"the captured values cannot be read: {error}"


def _model(parts: Mapping[str, Any], backend: Any) -> Any:
    import numpy as np

    weights = parts.get("weights")
    if type(parts.get("config")) is not str or type(weights) is not list:
        raise SerializationError("a model without configuration or weights")
    if not all(isinstance(w, np.ndarray) for w in weights):
        raise SerializationError("a model whose weights are no arrays")
    return backend.load(parts)


def _log(parts: Mapping[str, Any]) -> Any:
    from mnist_course.experiments import ExperimentLog

    try:
        return ExperimentLog.from_dict(parts.get("log"))
    except RecordError as error:
        return Opaque("ExperimentLog", f"the record cannot be read: {error}")


def _history(parts: Mapping[str, Any]) -> Any:
    series = parts["history"]
    if type(series) is not dict or not all(
        type(k) is str and type(v) is list and all(type(n) is float for n in v)
        for k, v in series.items()
    ):
        raise SerializationError("a history that is no mapping of names to lists of numbers")
    history = type("History", (), {"__doc__": "Keras' History as data."})()
    history.history = series
    history.epoch = parts["epoch"]
    return history


def _frame(parts: Mapping[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(dict(parts["columns"]))


def judge(cell: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Run one grade cell and return its verdict as plain data.

    Parameters
    ----------
    cell : mapping
        ``id``, ``source``, ``points``, ``needs`` (names).
    values : mapping
        The student's values by name.
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
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            value = _run(cell["source"], f"<{cell['id']}>", namespace)
        verdict = _verdict_of(value, float(cell["points"]))
    except score.CheckFailed as failed:
        found = failed.finding
        verdict = _failed(found.saw, found.why, found.next_step)
    except AssertionError as failed:
        words = str(failed) or "A check of this item does not hold for your notebook."
        verdict = _failed(words)
    except score.CannotGrade as undecided:
        verdict = _undecided(str(undecided))
    except Exception:
        verdict = _undecided(traceback.format_exc(limit=-4))
    return verdict | _measured(score.collected())


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
            if "model" in value.reason or "function" in value.reason:
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
    cell: Mapping[str, Any], values: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Judge a cell in a child process, for at most ``seconds``."""
    if not hasattr(os, "fork"):
        return judge(cell, values)
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read_end)
            signal.alarm(int(seconds) + 5)  # ends with us, should this process end first
            data = json.dumps(judge(cell, values)).encode()
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
            return _undecided(f"the test took longer than {seconds:.0f} seconds")
    _, status = os.waitpid(pid, 0)
    if status or not chunks:
        return _undecided(f"the test's process ended with status {status}")
    verdict: dict[str, Any] = json.loads(b"".join(chunks))
    return verdict


def _draw(job: Mapping[str, Any], verdicts: list[dict[str, Any]], folder: Path) -> list[Any]:
    """Draw the pictures of the feedback into ``folder``; return [title, alt, file]."""
    confusion = next((v["confusion"] for v in verdicts if v.get("confusion")), None)
    curves: dict[str, Any] = next((v["curves"] for v in verdicts if v.get("curves")), {})
    if not job["pictures"] or (confusion is None and not curves):
        return []
    from mnist_course.grading.pictures import draw

    drawn = []
    for number, picture in enumerate(draw(confusion, curves)):
        file = folder / f"picture{number}.png"
        file.write_bytes(picture.png)
        drawn.append([picture.title, picture.alt, file.name])
    return drawn


def main(arguments: list[str]) -> int:
    """Run a job."""
    start = time.monotonic()
    job_file = Path(arguments[1])
    job = json.loads(job_file.read_text())
    backend = None
    if job["evaluator_fd"] is not None:
        from mnist_course.checks import backend as backends
        from mnist_course.grading.remote_backend import RemoteBackend

        channel = Channel(socket.socket(fileno=job["evaluator_fd"]))
        backend = RemoteBackend(channel, seconds=job["seconds"])
        backends.use(backend)
    captured = Path(job["captured"]) if job["captured"] else None
    values, substituted, problem = read_values(captured, backend)
    values["execution"] = job["execution"]
    _preload()
    deadline = start + job["seconds"]
    verdicts = []
    for cell in job["cells"]:
        began = time.monotonic()
        left = deadline - began
        verdict = _undecided(problem) if problem else _undecided("no time was left")
        if not problem and left > 0:
            verdict = _in_a_fork(cell, values, left)
        verdicts.append(verdict | {"id": cell["id"], "seconds": time.monotonic() - began})
        _write(job_file, {"verdicts": verdicts, "substituted": substituted, "pictures": []})
    pictures = _draw(job, verdicts, job_file.parent)
    _write(job_file, {"verdicts": verdicts, "substituted": substituted, "pictures": pictures})
    return 0


def _preload() -> None:
    """Load once what most cells use, so that each fork has it already."""
    from mnist_course.checks import measurement

    measurement.held_out()


def _write(job_file: Path, report: dict[str, Any]) -> None:
    beside = job_file.with_name("report.part")
    beside.write_text(json.dumps(report))
    beside.replace(job_file.with_name("report.json"))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
