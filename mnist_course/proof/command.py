"""What ``mnist-course release --check`` shows of the proofs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from mnist_course.proof.page import HEADINGS, summary, write_page
from mnist_course.proof.proof import Proof
from mnist_course.proof.proof_file import proof_path, read_proof, source_ids
from mnist_course.proof.prove import Effort, prove
from mnist_course.proof.verdicts import Verdict

__all__ = ["prove_all"]


def prove_all(ids: Iterable[str], *, root: Path, effort: Effort) -> bool:
    """Carry out the proofs of some assignments, show them, and write the page.

    Parameters
    ----------
    ids : iterable of str
        Assignments; none means all that have a proof.
    root : Path
        The course.
    effort : Effort

    Returns
    -------
    bool
        Whether everything is proven.

    Raises
    ------
    MnistCourseError
        If a proof, a notebook or stored trials cannot be read.
    """
    console = Console(stderr=True)
    asked = list(dict.fromkeys(ids)) or source_ids(root)
    proofs = [read_proof(name, root) for name in asked if proof_path(name, root).is_file()]
    for name in asked:
        if not proof_path(name, root).is_file():
            console.print(f"{name} has no proof: examples/proofs/{name}.py is not there.")
    verdicts = [_one(proof, root=root, effort=effort, console=console) for proof in proofs]
    if not verdicts:
        return True
    _show(verdicts)
    if effort.write:
        console.print(f"written: {write_page(root).relative_to(root).as_posix()}", style="dim")
    for verdict in verdicts:
        for problem in verdict.problems:
            console.print(Text(f"{verdict.id}: {problem}"), style="red", soft_wrap=True)
    return all(verdict.proven for verdict in verdicts)


def _one(proof: Proof, *, root: Path, effort: Effort, console: Console) -> Verdict:
    with _bar(proof.id, console) as listener:
        return prove(proof, root=root, effort=effort, listener=listener)


@contextmanager
def _bar(title: str, console: Console) -> Iterator[_Bar]:
    columns = (
        SpinnerColumn(),
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    # The time left is guessed from everything that was graded so far, not from the last minute.
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=24 * 3600,
    ) as shown:
        yield _Bar(shown, shown.add_task("", total=None))


class _Bar:
    """Moves a bar of progress; see ``Listener``."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._expected = 0
        self._now: list[str] = []

    def expect(self, more: int) -> None:
        """Make the bar longer."""
        self._expected += more
        self._progress.update(self._task, total=self._expected)

    def begin(self, what: str) -> None:
        """Name what is being graded."""
        self._now.append(what)
        self._tell()

    def end(self, what: str) -> None:
        """Move on."""
        self._now.remove(what)
        self._progress.advance(self._task)
        self._tell()

    def _tell(self) -> None:
        words = ", ".join(self._now)
        self._progress.update(self._task, description=words[:60])


def _show(verdicts: Iterable[Verdict]) -> None:
    table = Table(box=None, header_style="bold underline", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading)
    for verdict in verdicts:
        style = "" if verdict.proven else "red"
        table.add_row(*map(Text, summary(dataclasses.asdict(verdict))), style=style)
    Console().print(table)
