"""Show a grade, and that work goes on, in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

__all__ = ["progress_bar", "show_grade"]

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
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[title]}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("start", title=title, total=None)

        def move(step: str, done: int, of: int) -> None:
            bar.update(task, description=step, completed=done, total=of or None)

        yield move


def _text(value: str) -> Text:
    """Return text that is shown as it is: what a student wrote is no markup and no command."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value))


def _row(cell: CellGrade, headline: str) -> tuple[Text, Text, Text, Text]:
    earned = "" if cell.score is None else f"{cell.score:g} "
    saw = " ".join("see above" if f.saw == headline else f.saw for f in cell.findings)
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
    table = Table(title=f"{grade.assignment}: {grade.score:g} of {grade.max_score:g} points")
    for name in ("item", "points", "verdict", "what we saw"):
        table.add_column(name, justify="right" if name == "points" else "left")
    for cell in grade.cells:
        table.add_row(*_row(cell, grade.headline))
    console.print(table)
    for repair in grade.repairs:
        console.print(Text("repaired: ", style="yellow") + _text(repair))
    for error in grade.errors:
        console.print(
            Text(f"cell {error.cell}: ", style="red") + _text(f"{error.kind}: {error.message}")
        )
    missing = [layer for layer in grade.layers if not layer.active]
    for layer in missing:
        console.print(
            Text("sandbox: ", style="magenta") + _text(f"no {layer.name} ({layer.detail})")
        )
    measured = ", ".join(f"{k} {v:,.4g}" for k, v in sorted(grade.measurements.items()))
    if measured:
        console.print(f"measured: {measured}", style="dim")
    took = f"{grade.seconds:.1f} s"
    where = f", written to {output}/" if output is not None else ""
    console.print(f"graded in {took}{where}", style="dim", highlight=False)
