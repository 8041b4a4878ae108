"""``mnist-course grade-class``."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnist_course.command_options import REQUIRE_SANDBOX, ROOT, SCHEDULER
from mnist_course.commands.errors import errors_in_words

if TYPE_CHECKING:
    from mnist_course.class_grading.changes import Change
    from mnist_course.class_grading.finish import Finished
    from mnist_course.class_grading.grade_class import ClassResult
    from mnist_course.class_grading.intake.found import Found

__all__ = ["grade_class"]

_INCOMPLETE = 1
_GRADER_FAILED = 3
_STOPPED = 130
_SHOWN = 40


@click.command("grade-class")
@click.argument("assignment")
@click.argument("place", type=click.Path(exists=True, path_type=Path), required=False)
@click.option(
    "--kind",
    type=click.Choice(["nbgrader", "files", "gradescope", "canvas"]),
    help="What PLACE is. Default: told by what is in it.",
)
@click.option(
    "--roster",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of who is in the class: nbgrader's, Canvas', Moodle's or Gradescope's.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results. Default: results/<assignment>.",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of what was worked out. Default: .grading-store in the course's folder.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=os.cpu_count() or 1,
    show_default="one for each core",
    help="Notebooks at the same time on this machine.",
)
@SCHEDULER
@click.option(
    "--deadline",
    type=click.FloatRange(30, 7200),
    default=540.0,
    show_default=True,
    help="Seconds after which each grade is there.",
)
@click.option(
    "--cell-timeout",
    type=click.FloatRange(1, 7200),
    help="Seconds for one cell of a student. Default: 60 % of the deadline.",
)
@REQUIRE_SANDBOX
@click.option(
    "--what-if", is_flag=True, help="Say what would change, for whom and why; change nothing."
)
@click.option(
    "--again", multiple=True, metavar="STUDENT", help="Run and judge again, whatever is known."
)
@click.option(
    "--gradebook/--no-gradebook",
    default=None,
    help="Fill nbgrader's gradebook; what lies elsewhere is copied to submitted/ first. Default: "
    "when submitted/ of an nbgrader course is graded.",
)
@click.option("--by", default="", metavar="NAME", help="Who grades, for the audit log.")
@ROOT
def grade_class(
    assignment: str,
    place: Path | None,
    kind: str | None,
    roster: Path | None,
    output: Path | None,
    store: Path | None,
    workers: int,
    scheduler: str | None,
    deadline: float,
    cell_timeout: float | None,
    require_sandbox: bool,
    what_if: bool,
    again: tuple[str, ...],
    gradebook: bool | None,
    by: str,
    root: Path,
) -> None:
    """Grade what a whole class handed in for ASSIGNMENT.

    PLACE is nbgrader's submitted/ (the default), a folder with a notebook, zip or folder for each
    student, or what Gradescope ("Export Submissions") or Canvas ("Download Submissions") gave.

    Every grade is kept as soon as it is made. The same command goes on where it was stopped, and
    after a change to a test runs that test on the stored runs, not the notebooks.

    Exit status: 0 when everybody has a grade; 1 when something could not be read or written, or
    a person must look at what was handed in (lines with an exclamation mark); 2 for wrong usage;
    3 when the grader itself failed on some; 130 when it was stopped.
    """
    from mnist_course.class_grading.class_progress import ClassProgress
    from mnist_course.class_grading.finish import finish
    from mnist_course.class_grading.grade_class import TRIES, ClassSettings
    from mnist_course.class_grading.grade_class import grade_class as grade
    from mnist_course.class_grading.intake.find import find_submissions
    from mnist_course.class_grading.intake.found import Kind
    from mnist_course.class_grading.intake.roster import read_roster
    from mnist_course.grading.assignment import read_assignment
    from mnist_course.grading.report import assignment_path
    from mnist_course.grading.terminal import show_log
    from mnist_course.workforce.workforce import Workforce

    source = assignment_path(assignment, root)
    if not source.is_file():
        raise click.UsageError(f"there is no assignment {assignment!r}: expected {source}.")
    place = place or root / "submitted"
    if not place.exists():
        raise click.UsageError(f"there is no {place}. Name the folder or zip of the submissions.")
    kept = store or root / ".grading-store"
    show_log()
    try:
        with errors_in_words():
            found = find_submissions(
                place,
                read_assignment(source),
                unpacked_to=kept / "submitted" / assignment,
                kind=Kind(kind) if kind else None,
                roster=read_roster(roster) if roster else None,
            )
            _tell_problems(found)
            unknown = sorted(set(again) - {one.student.id for one in found.submissions})
            if unknown:
                raise click.UsageError(f"nobody of that name handed in: {', '.join(unknown)}.")
            settings = ClassSettings(
                source,
                output or root / "results" / assignment,
                kept,
                deadline,
                cell_timeout,
                require_sandbox,
                by or _user(),
                frozenset(again),
                what_if,
            )
            has_book = (root / "nbgrader_config.py").is_file()
            if gradebook and not has_book:
                raise click.UsageError(
                    f"there is no gradebook to fill: expected nbgrader_config.py in {root}. Name "
                    "the folder of an nbgrader course with --root, or leave out --gradebook."
                )
            own = found.kind is Kind.NBGRADER and _same(place, root / "submitted")
            with (
                ClassProgress(f"grade {assignment}") as progress,
                Workforce(workers, scheduler, tries=TRIES) as force,
            ):
                result = grade(found.submissions, settings, force=force, listener=progress)
            _tell(result, what_if=what_if)
            if not what_if:
                fill = own and has_book if gradebook is None else gradebook
                book = root if fill else None
                finished = finish(result, settings, gradebook_of=book, collected=own)
                _tell_files(settings.output, finished, gradebook=fill)
    except KeyboardInterrupt:
        click.echo("Stopped. Every finished grade is kept: the same command goes on.", err=True)
        sys.exit(_STOPPED)
    if result.failures or (not what_if and finished.unrecorded):
        sys.exit(_GRADER_FAILED)
    if found.problems:
        sys.exit(_INCOMPLETE)


def _same(place: Path, other: Path) -> bool:
    return place.resolve() == other.resolve()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _tell_problems(found: Found) -> None:
    for problem in found.problems[:_SHOWN]:
        click.echo(f"! {problem}", err=True)
    if len(found.problems) > _SHOWN:
        click.echo(f"! {len(found.problems) - _SHOWN} more", err=True)


def _tell(result: ClassResult, *, what_if: bool) -> None:
    from mnist_course.grading.escaping import plain_text

    states = ", ".join(f"{count} {state}" for state, count in sorted(result.states.items()))
    click.echo(f"{sum(result.states.values())} submissions: {states or 'none'}")
    if result.changes:
        _tell_changes(result.changes)
    elif what_if:
        click.echo("No score changes.")
    for student, words in list(result.failures.items())[:_SHOWN]:
        click.echo(f"! {plain_text(student)}: no grade. {plain_text(words, limit=500)}", err=True)
    if what_if:
        click.echo("Nothing was changed. Without --what-if, these scores are written.")


def _tell_files(output: Path, finished: Finished, *, gradebook: bool) -> None:
    from mnist_course.grading.escaping import plain_text

    click.echo(f"{output}/<student>/: results.json, feedback.html, executed.ipynb")
    click.echo(f"{finished.page}: the class at a glance")
    for student, words in list(finished.unrecorded.items())[:_SHOWN]:
        words = plain_text(words, limit=300)
        click.echo(f"! {plain_text(student)}: not in the gradebook. {words}", err=True)
    if gradebook and not finished.unrecorded:
        click.echo("nbgrader's gradebook has these grades: nbgrader formgrader")


def _tell_changes(changes: Sequence[Change]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mnist_course.grading.escaping import plain_text

    table = Table(title=f"{len(changes)} scores change")
    table.add_column("student")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    table.add_column("items, and why", overflow="fold")
    for change in changes[:_SHOWN]:
        why = "\n".join(
            f"{item.grade_id}: {_points(item.before)} to {_points(item.after)} of {item.of:g}. "
            f"{plain_text(item.why, limit=300)}"
            for item in change.items
        )
        name = Text(plain_text(change.student, limit=60))
        table.add_row(name, f"{change.before:g}", f"{change.after:g}", Text(why))
    console = Console()
    console.print(table)
    if len(changes) > _SHOWN:
        console.print(f"{len(changes) - _SHOWN} more are in the audit log", style="dim")


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
