"""Show a grade, and that work goes on, in a terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mnist_course.grading import wording
from mnist_course.grading.doctor import Finding, State
from mnist_course.grading.escaping import VisibleFormatter, plain_text
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

__all__ = ["progress_bar", "show_findings", "show_grade", "show_log"]

T = TypeVar("T")
_MOST = 50  # repairs, errors or findings that are printed
_STYLES = {
    Verdict.PASSED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.FAILED: "red",
    Verdict.NOT_GRADED: "magenta",
    Verdict.MANUAL: "dim",
}


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on standard error while the block runs; gives a function to move it."""
    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[title]}", markup=False),  # the name of the student's file
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("start", title=plain_text(title, limit=80), total=None)

        def move(step: str, done: int, of: int) -> None:
            bar.update(task, description=step, completed=done, total=of or None)

        yield move


def _text(value: str) -> Text:
    """Return text that is shown as it is: what a student wrote is no markup and no command."""
    return Text(plain_text(value))


def _some(values: Sequence[T], name: str, console: Console) -> Sequence[T]:
    """Return as many as somebody reads, and say how many more there are."""
    if len(values) > _MOST:
        console.print(f"{len(values) - _MOST} more {name} are in results.json", style="dim")
    return values[:_MOST]


def _row(cell: CellGrade, headline: str) -> tuple[Text, Text, Text, Text]:
    earned = "" if cell.score is None else f"{cell.score:g} "
    saw = " ".join("see above" if f.saw == headline else f.saw for f in cell.findings[:_MOST])
    return (
        _text(cell.title),
        Text(f"{earned}/ {cell.max_score:g}", justify="right"),
        Text(str(cell.verdict), style=_STYLES[cell.verdict]),
        _text(saw),
    )


def show_grade(grade: NotebookGrade, output: Path | None = None) -> None:
    """Print a table of the items, the total, and where the files are."""
    console = Console()
    if grade.headline:
        console.print(Text("! ", style="bold red") + _text(grade.headline))
    total = f"{grade.assignment}: {grade.score:g} of {grade.max_score:g} points"
    table = Table(title=_text(total))
    for name in ("item", "points", "verdict", "what we saw"):
        table.add_column(name, justify="right" if name == "points" else "left")
    for cell in grade.cells:
        table.add_row(*_row(cell, grade.headline))
    console.print(table)
    for repair in _some(grade.repairs, "repairs", console):
        console.print(Text("repaired: ", style="yellow") + _text(repair))
    for error in _some(grade.errors, "errors of cells", console):
        console.print(
            Text(f"cell {error.cell}: ", style="red") + _text(f"{error.kind}: {error.message}")
        )
    for signal in _some(grade.signals, "signals", console):
        told = _text(f"{signal.kind}: {signal.detail}")
        console.print(Text("please look at: ", style="bold magenta") + told)
    missing = [layer for layer in grade.layers if not layer.active]
    for layer in missing:
        console.print(
            Text("sandbox: ", style="magenta") + _text(f"no {layer.name} ({layer.detail})")
        )
    measured = ", ".join(f"{name} {value}" for name, value in wording.measured(grade))
    if measured:
        console.print(Text(plain_text(f"measured: {measured}"), style="dim"))
    took = f"{grade.seconds:.1f} s"
    where = f", written to {output}/" if output is not None else ""
    console.print(Text(f"graded in {took}{where}", style="dim"))


def show_log() -> None:
    """Show warnings on standard error; nothing in them can command the terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter("%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def show_findings(findings: Iterable[Finding]) -> None:
    """Print what ``mnist-course doctor`` found, with what to do."""
    styles = {State.GOOD: "green", State.LESS: "yellow", State.BAD: "bold red"}
    table = Table()
    for name in ("", "state", "what was found", "what to do"):
        table.add_column(name)
    for found in findings:
        advice = "" if found.state is State.GOOD else found.advice
        state = Text(str(found.state), style=styles[found.state])
        table.add_row(_text(found.name), state, _text(found.detail), _text(advice))
    Console().print(table)
