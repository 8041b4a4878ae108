"""Grade one submission inside Gradescope's container.

``run_autograder`` starts this module with ``python -I -m``. A valid ``results.json`` exists from
the first moment, before any student code runs, and is replaced by the grade at the end: also when
files are missing, the process is asked to stop, time runs out, or the grader itself breaks.

Gradescope overwrites the results with 0 points when its own time-out strikes, so two limits lie
below it: the engine's deadline, then a watchdog that stops an engine which missed the deadline.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from mnist_course import __version__
from mnist_course.exceptions import AssignmentError, SubmissionError
from mnist_course.grading import gradescope, wording
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.escaping import VisibleFormatter, plain_text
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict
from mnist_course.grading.submitted_file import choose_notebook
from mnist_course.grading.ungraded import items, zero_grade

__all__ = ["Limits", "grade_in_container", "limits", "main"]

logger = logging.getLogger(__name__)

_DEFAULT_TIMEOUT = 600.0  # seconds; Gradescope's own default
_METADATA_BYTES = 64 * 1024 * 1024  # holds the results of all earlier submissions
_OUT_OF_TIME = (
    "The time for grading was over before the grade was made. If your notebook trains for many "
    "minutes, make it shorter and submit again; otherwise tell your instructor."
)
_UNFINISHED = "Grading did not come to its end."
_STOPPED = "Grading was stopped from outside before it was finished."


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after the start: Gradescope's time-out, the engine's deadline, the watchdog."""

    timeout: float
    deadline: float
    watchdog: float


def limits(environment: Mapping[str, str]) -> Limits:
    """Work out the limits from ``TIMEOUT_SECONDS``, which Gradescope may or may not set.

    Returns
    -------
    Limits
        ``deadline < watchdog < timeout``, whatever the environment holds.
    """
    try:
        timeout = float(environment.get("TIMEOUT_SECONDS", ""))
    except ValueError:
        timeout = _DEFAULT_TIMEOUT
    if not (math.isfinite(timeout) and timeout > 0):
        timeout = _DEFAULT_TIMEOUT
    margin = min(60.0, max(15.0, 0.1 * timeout))
    return Limits(
        timeout=timeout,
        deadline=max(0.5 * timeout, timeout - margin),
        watchdog=max(0.8 * timeout, timeout - 10.0),
    )


class _Results:
    """The one place that writes ``results.json``: provisionally, item by item, once for good."""

    def __init__(self, path: Path, started: float) -> None:
        self.path = path
        self.started = started
        self.assignment = ""
        self.cells: tuple[CellGrade, ...] = ()
        self._final = False
        self._so_far: NotebookGrade | None = None
        self._lock = threading.Lock()

    def provisional(self) -> None:
        """Write a failure that a real result replaces."""
        self._failure(_UNFINISHED, "only the provisional result was written")

    def so_far(self, grade: NotebookGrade) -> None:
        """Write the verdicts that there are, which a result for good replaces."""
        with self._lock:
            if not self._final:
                self._so_far = replace(grade, headline=_UNFINISHED)
                gradescope.write_results(self._so_far, self.path)

    def failure(self, headline: str, staff_note: str) -> bool:
        """Write for good that the grade could not be made; False if a result is already there.

        Verdicts that were made are kept.
        """
        with self._lock:
            if self._final:
                return False
            if self._so_far is None:
                self._failure(headline, staff_note)
            else:
                logger.error("unfinished: %s %s", headline, plain_text(staff_note))
                told = headline or _UNFINISHED
                gradescope.write_results(replace(self._so_far, headline=told), self.path)
            self._final = True
            return True

    def grade(self, grade: NotebookGrade) -> None:
        """Write the grade for good, unless another final result is already there."""
        with self._lock:
            if not self._final:
                gradescope.write_results(grade, self.path)
                self._final = True

    def _failure(self, headline: str, staff_note: str) -> None:
        gradescope.write_failure(
            self.path,
            headline,
            assignment=self.assignment,
            cells=self.cells,
            staff_note=staff_note,
            seconds=time.monotonic() - self.started,
        )


class _Stopped(BaseException):
    """SIGTERM arrived; unwinds the engine so that it ends its processes."""


def grade_in_container(root: Path, environment: Mapping[str, str]) -> None:
    """Grade ``root/submission`` with ``root/source`` into ``root/results/results.json``.

    Call it from the main thread of a process that does nothing else: it handles SIGTERM, and its
    watchdog ends the process.

    Parameters
    ----------
    root : Path
        ``/autograder`` on Gradescope.
    environment : mapping of str to str
        ``TIMEOUT_SECONDS`` is read from it.

    Raises
    ------
    OSError
        Only if ``results.json`` itself cannot be written.
    """
    started = time.monotonic()
    allowed = limits(environment)
    (root / "results").mkdir(exist_ok=True)
    results = _Results(root / "results" / "results.json", started)
    results.provisional()
    _lock_away(root)
    signal.signal(signal.SIGTERM, _stop)
    watchdog = threading.Timer(allowed.watchdog, _out_of_time, args=(results,))
    watchdog.daemon = True
    watchdog.start()
    try:
        _grade(root, results, deadline=started + allowed.deadline)
    except _Stopped:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        results.failure(_STOPPED, "SIGTERM")
    except AssignmentError as error:
        logger.exception("The assignment in this autograder is broken")
        results.failure("The autograder of this assignment is not set up correctly.", str(error))
    except Exception as error:
        logger.exception("The grader failed")
        results.failure("", f"{error!r}\n{traceback.format_exc()}")
    finally:
        watchdog.cancel()


def _grade(root: Path, results: _Results, *, deadline: float) -> None:
    assignment_path, require_sandbox = _described(root / "source")
    results.assignment = assignment_path.stem
    assignment = read_assignment(assignment_path)
    results.cells = items(assignment)
    results.provisional()
    _compare_points(_read_metadata(root / "submission_metadata.json"), results.cells)
    try:
        choice = choose_notebook(
            root / "submission",
            assignment_id=assignment.id,
            grade_ids=[cell.grade_id for cell in assignment.graded],
        )
        # The engine is imported last: whatever breaks in it, a result is already written.
        from mnist_course.grading.autograde import autograde
        from mnist_course.grading.sandbox import SandboxOptions

        logger.info("Grading %s", plain_text(choice.path.name))
        outcome = autograde(
            choice.path,
            assignment_path,
            deadline_seconds=deadline - time.monotonic(),
            work=None,
            options=SandboxOptions(
                require=require_sandbox,
                protected=tuple(p for p in _closed(root) if p.exists()),
            ),
            on_item=results.so_far,
        )
        grade = outcome.grade
        if choice.note:
            grade = replace(grade, repairs=(choice.note, *grade.repairs))
    except SubmissionError as error:
        grade = zero_grade(assignment, str(error))
    results.grade(replace(grade, seconds=time.monotonic() - results.started))
    _tell_staff(grade)


def _described(source: Path) -> tuple[Path, bool]:
    """Return the trusted notebook of the zip, and whether it asks for a complete sandbox."""
    try:
        described = json.loads((source / "assignment.json").read_text(encoding="utf-8"))
        name = Path(str(described["id"])).name
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AssignmentError(
            f"source/assignment.json is missing or unreadable ({error!r}). Expected the zip of "
            "'mnist-course autograder build'; build it again and upload it."
        ) from error
    return source / "source" / name / f"{name}.ipynb", described.get("require_sandbox") is True


def _lock_away(root: Path) -> None:
    """Close to every other user what student code must not read; it runs as another user."""
    for path in _closed(root):
        try:
            path.chmod(0o700 if path.is_dir() else 0o600)
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.warning("Cannot close %s to other users: %s", path.name, error.strerror)


def _closed(root: Path) -> tuple[Path, ...]:
    return tuple(root / name for name in ("source", "results", "submission_metadata.json"))


def _read_metadata(path: Path) -> Mapping[str, object]:
    """Read what Gradescope says about the submission; nothing when it cannot be read."""
    try:
        if path.stat().st_size > _METADATA_BYTES:
            return {}
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _compare_points(metadata: Mapping[str, object], cells: Iterable[CellGrade]) -> None:
    """Warn staff when the points set on Gradescope are not those of the assignment."""
    assignment = metadata.get("assignment")
    stated = assignment.get("total_points") if isinstance(assignment, dict) else None
    try:
        total = float(str(stated))
    except ValueError:
        return
    by_hand = math.fsum(cell.max_score for cell in cells if cell.verdict is Verdict.MANUAL)
    automatic = math.fsum(cell.max_score for cell in cells if cell.verdict is not Verdict.MANUAL)
    if not any(math.isclose(total, fitting) for fitting in (automatic, automatic + by_hand)):
        logger.warning(
            "Gradescope's assignment has %s points, this autograder gives %s (and %s more are "
            "graded by a person): set the autograder points to %s.",
            *map(wording.points, (total, automatic, by_hand, automatic)),
        )


def _tell_staff(grade: NotebookGrade) -> None:
    """Log what Gradescope shows to staff only, beside the results."""
    for cell in grade.automatic:
        score = wording.points(cell.score or 0.0)
        item = plain_text(cell.grade_id, limit=200)
        logger.info("%s: %s/%s %s", item, score, wording.points(cell.max_score), cell.verdict)
        if cell.staff_note:
            logger.info("  staff: %s", plain_text(cell.staff_note))
    for found in grade.signals:
        logger.info("please look at: %s: %s", found.kind, plain_text(found.detail))
    for layer in grade.layers:
        state = "active" if layer.active else "NOT ACTIVE"
        logger.info("sandbox: %s %s %s", layer.name, state, plain_text(layer.detail))
    logger.info("%s of %s points", wording.points(grade.score), wording.points(grade.max_score))


def _stop(signal_number: int, frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _out_of_time(results: _Results) -> None:
    """Write the result that the engine did not, then end everything: Gradescope would write 0."""
    try:
        if not results.failure(
            _OUT_OF_TIME, "the engine missed its deadline; the watchdog ended it"
        ):
            return
        import psutil

        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    except Exception:
        logger.exception("The watchdog could not finish")
    logging.shutdown()
    os._exit(0)


def main() -> int:
    """Grade inside the container at ``AUTOGRADER_ROOT``; 0 whenever results were written."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(VisibleFormatter("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logger.info("mnist-course %s", __version__)
    grade_in_container(Path(os.environ.get("AUTOGRADER_ROOT", "/autograder")), os.environ)
    return 0


if __name__ == "__main__":
    sys.exit(main())
