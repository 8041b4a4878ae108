"""Grade the example submissions of M5 on real MNIST.

    python -m examples.grade_all --output results
    python -m examples.grade_all --output results --only linear_only

For each example, results/NAME/ holds the submission, results.json, feedback.html and the executed
notebook. Exit status 1 when an item got other points than ``examples.submissions.EXPECTED`` says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from examples.submissions import DESCRIPTIONS, EXPECTED, ITEMS, LONG_CELL_SECONDS, make
from mnist_course.grading.report import assignment_path, grade_to_folder
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.sandbox import SandboxOptions
from mnist_course.grading.shared_forkserver import with_shared_forkserver
from mnist_course.grading.terminal import progress_bar

ROOT = Path(__file__).resolve().parent.parent

__all__ = ["grade_example", "main", "unexpected"]

_WIDE = 120  # characters of the table, with room


def grade_example(name: str, folder: Path, *, seed: int = 0) -> NotebookGrade:
    """Write one example to a folder and grade it there.

    Parameters
    ----------
    name : str
        A key of ``EXPECTED``.
    folder : Path
        Gets the submission and every form of the result.
    seed : int
        Of every training in the example.
    """
    folder.mkdir(parents=True, exist_ok=True)
    submission = folder / f"{name}.ipynb"
    nbformat.write(make(name, seed=seed), submission)  # type: ignore[no-untyped-call]
    assignment = assignment_path("m5", ROOT)
    with progress_bar(name) as progress:
        return grade_to_folder(
            submission,
            assignment,
            folder,
            options=with_shared_forkserver(SandboxOptions(), assignment),
            cell_seconds=LONG_CELL_SECONDS if name == "never_ending_cell" else None,
            progress=progress,
        )


def unexpected(name: str, grade: NotebookGrade) -> list[str]:
    """Return a sentence for each item whose points are not those that the example must get."""
    scores = {cell.grade_id: cell.score for cell in grade.automatic}
    told = []
    for item, (low, high) in EXPECTED[name].items():
        score = scores.get(item)
        if score is None or not low - 1e-6 <= score <= high + 1e-6:
            wanted = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            told.append(f"{name}: {item} got {score}, expected {wanted}")
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the examples and show a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--only", choices=sorted(EXPECTED), action="append", metavar="NAME")
    parser.add_argument("--seed", type=int, default=0, help="of every training (default 0)")
    options = parser.parse_args(arguments)

    table = Table(
        title="M5: automatic points of the example submissions",
        box=None,
        header_style="bold underline",
    )
    table.add_column("submission", no_wrap=True)
    for item, of in ITEMS.items():
        table.add_column(f"{item[3:8].strip('-')}\n/{of:g}", justify="right", no_wrap=True)
    table.add_column(f"sum\n/{sum(ITEMS.values()):g}", justify="right", style="bold", no_wrap=True)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("as\nexp.", no_wrap=True)
    problems: list[str] = []
    for name in options.only or EXPECTED:
        start = time.monotonic()
        grade = grade_example(name, options.output / name, seed=options.seed)
        found = unexpected(name, grade)
        problems += found
        scores = {cell.grade_id: cell.score for cell in grade.automatic}
        table.add_row(
            name,
            *("–" if scores.get(item) is None else f"{scores[item]:g}" for item in ITEMS),
            f"{grade.score:g}",
            f"{time.monotonic() - start:.0f}",
            "[red]no[/red]" if found else "[green]yes[/green]",
        )
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width: nothing is cut off
        console = Console(width=_WIDE)
    console.print(table)
    for name in options.only or EXPECTED:
        console.print(f"[dim]{name}: {DESCRIPTIONS[name]}[/dim]", highlight=False)
    for problem in problems:
        console.print(f"[red]{problem}[/red]")
    console.print(f"Feedback pages and results.json: {options.output}/<submission>/")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
