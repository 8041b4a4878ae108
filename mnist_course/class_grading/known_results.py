"""What is known of a submission, in the store: its run, and the verdicts on it."""

from __future__ import annotations

import logging
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mnist_course.class_grading.store import Store, key_of
from mnist_course.exceptions import RecordError
from mnist_course.grading import given_data
from mnist_course.grading.assignment import AssignmentCell
from mnist_course.grading.engine_version import engine_version, run_version
from mnist_course.grading.results import Verdict
from mnist_course.grading.snapshot import Snapshot
from mnist_course.grading.submission import AlignedCell

__all__ = ["StoredResults", "environment"]

_RUNS, _VERDICTS, _ANSWERS = "runs", "verdicts", "answers"
_OF_CHECKS = re.compile(r"\bchecks\b")
_log = logging.getLogger(__name__)


@cache  # of the code that this process has loaded
def environment() -> dict[str, Any]:
    """Return what a grade depends on besides submission, assignment and limits."""
    return {
        "engine": engine_version(),
        "run": run_version(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "data": sorted(path.name for path in given_data.files()),
    }


class StoredResults:
    """The run of one submission and the verdicts on it; see ``grading.known.Known``.

    A run is the same when the cells that run, the limits, the data sets that are there, the
    versions of Python and its packages, and the code of this package that is there while they run
    are the same. A verdict is the same when the run, what it left behind, the grade cell and the
    code that judges are. A verdict of "not graded" is none: that item is tried again.

    Parameters
    ----------
    store : Store
    limits : mapping
        Plain values: what may stop a run early.
    rerun : bool
        Take no run that is stored.
    """

    def __init__(self, store: Store, limits: Mapping[str, Any], *, rerun: bool = False) -> None:
        self._store = store
        self._limits = dict(limits)
        self._rerun = rerun
        self.run_key = ""
        """Of the cells that were asked for last; empty for a file that holds none."""
        self._snapshot_key = ""
        self.was_run = True
        """Whether the notebook was run for this grade."""
        self.judged: tuple[str, ...] = ()
        """The items that were judged for this grade, by grade id."""
        self.confusion: list[list[int]] | None = None
        """Rows of the confusion matrix that a check counted, where one did."""

    def run(
        self, cells: Sequence[AlignedCell], names: frozenset[str], destination: Path
    ) -> Snapshot | None:
        """Return the stored run of these cells, if it has all these names."""
        ran = [(cell.number, cell.source) for cell in cells if cell.runs]
        known = environment()
        # Only a notebook that names the checks can see them while it runs.
        sees_checks = any(_OF_CHECKS.search(source) for _, source in ran)
        version = known["engine" if sees_checks else "run"]
        others = [known["python"], known["machine"], known["data"]]
        self.run_key = key_of("run", version, others, self._limits, ran)
        entry = None if self._rerun else self._store.get(_RUNS, self.run_key)
        if entry is None or not names <= set(entry.value["names"]):
            return None
        try:
            captured = entry.files.get("values")
            if captured is not None:
                shutil.copyfile(captured, destination)
            found = Snapshot.from_dict(entry.value, None if captured is None else destination)
        except (OSError, RecordError) as error:
            _log.warning("a stored run is not used: %s", error)
            return None
        self._snapshot_key = key_of(self.run_key, found.digest())
        self.was_run = False
        return found

    def keep_run(self, snapshot: Snapshot) -> None:
        """Store a run."""
        self._snapshot_key = key_of(self.run_key, snapshot.digest())
        captured = snapshot.execution.captured
        files = {} if captured is None else {"values": captured}
        self._put(_RUNS, self.run_key, snapshot.to_dict(), files)

    def verdicts(self, cells: Sequence[AssignmentCell]) -> Mapping[str, Mapping[str, Any]]:
        """Return the stored verdicts on the run."""
        found = {cell.grade_id: self._store.get(_VERDICTS, self._verdict(cell)) for cell in cells}
        known = {grade_id: entry.value for grade_id, entry in found.items() if entry is not None}
        self.judged = tuple(cell.grade_id for cell in cells if cell.grade_id not in known)
        return known

    def keep_verdicts(
        self, cells: Sequence[AssignmentCell], verdicts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Store verdicts on the run."""
        by_id = {cell.grade_id: cell for cell in cells}
        self.confusion = next((v["confusion"] for v in verdicts if v.get("confusion")), None)
        for verdict in verdicts:
            cell = by_id.get(verdict["id"])
            if (
                cell is not None
                and cell.grade_id in self.judged
                and verdict["verdict"] != Verdict.NOT_GRADED
            ):
                self._put(_VERDICTS, self._verdict(cell), dict(verdict), {})

    def answers(self) -> Path | None:
        """Return the folder of the evaluator's answers about the run."""
        key = key_of(environment()["engine"], self._snapshot_key)
        return self._store.private_folder(_ANSWERS, key)

    def _verdict(self, cell: AssignmentCell) -> str:
        judged = [cell.grade_id, cell.points, cell.source]
        return key_of("verdict", environment()["engine"], self._snapshot_key, judged)

    def _put(self, kind: str, key: str, value: Any, files: Mapping[str, Path]) -> None:
        try:
            self._store.put(kind, key, value, files)
        except OSError as error:  # the grade is worth more than what spares another one
            _log.warning("what was worked out is not stored in %s: %s", self._store.folder, error)
