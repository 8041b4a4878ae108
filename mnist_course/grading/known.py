"""What is known of a submission from an earlier grade; the engine asks before it works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mnist_course.grading.assignment import AssignmentCell
from mnist_course.grading.snapshot import Snapshot
from mnist_course.grading.submission import AlignedCell

__all__ = ["NOTHING", "Known"]


class Known(Protocol):
    """Where a grade finds what was worked out before, and leaves what it works out.

    Nothing here may cost a grade: what cannot be read is not known, what cannot be written is
    worked out again next time.
    """

    def run(
        self, cells: Sequence[AlignedCell], names: frozenset[str], destination: Path
    ) -> Snapshot | None:
        """Return the run of these cells with at least these names; None when there was none.

        The file of exported values is put at ``destination``.
        """
        ...

    def keep_run(self, snapshot: Snapshot) -> None:
        """Take the run of the cells that ``run`` was asked for."""
        ...

    def verdicts(self, cells: Sequence[AssignmentCell]) -> Mapping[str, Mapping[str, Any]]:
        """Return the test runner's verdicts on that run, by grade id, as far as they are known."""
        ...

    def keep_verdicts(
        self, cells: Sequence[AssignmentCell], verdicts: Sequence[Mapping[str, Any]]
    ) -> None:
        """Take the test runner's verdicts on that run."""
        ...

    def answers(self) -> Path | None:
        """Return the folder of the evaluator's answers about that run; None to keep none."""
        ...


class _Nothing:
    """Knows nothing, keeps nothing."""

    def run(
        self, cells: Sequence[AlignedCell], names: frozenset[str], destination: Path
    ) -> Snapshot | None:
        return None

    def keep_run(self, snapshot: Snapshot) -> None:
        pass

    def verdicts(self, cells: Sequence[AssignmentCell]) -> Mapping[str, Mapping[str, Any]]:
        return {}

    def keep_verdicts(
        self, cells: Sequence[AssignmentCell], verdicts: Sequence[Mapping[str, Any]]
    ) -> None:
        pass

    def answers(self) -> Path | None:
        return None


NOTHING: Known = _Nothing()
"""For a grade on its own."""
