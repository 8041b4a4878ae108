"""``mnist-course export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mnist_course.commands.errors import errors_in_words

__all__ = ["export"]

_INCOMPLETE = 1
_SHOWN = 40


@click.command()
@click.argument("assignment")
@click.argument("platform", type=click.Choice(["canvas", "moodle", "gradescope"]))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The CSV file. Default: results/<assignment>/<platform>.csv.",
)
@click.option(
    "--results",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that grade-class wrote. Default: results/<assignment>.",
)
@click.option(
    "--store",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of what was worked out. Default: .grading-store in the course's folder.",
)
@click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The platform's own export, to fill in: Canvas' gradebook, Moodle's worksheet.",
)
@click.option(
    "--column",
    metavar="NAME",
    help="Canvas: the assignment as Canvas heads its column, 'M5 (12345)'. Default: the id.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder, with its gradebook. Default: the current folder.",
)
def export(
    assignment: str,
    platform: str,
    output: Path | None,
    results: Path | None,
    store: Path | None,
    template: Path | None,
    column: str | None,
    root: Path,
) -> None:
    """Write the grades of ASSIGNMENT as a CSV file for PLATFORM.

    Points that a person gave come from nbgrader's gradebook. Who has no total yet, because an item
    still waits for a person, has none in the file, and is named.

    Exit status: 0 when everybody is in the file; 1 when somebody is not, or it cannot be written.
    """
    from mnist_course.class_grading import exports
    from mnist_course.class_grading.class_file import read_class
    from mnist_course.class_grading.gradebook_writer import decided_by_people
    from mnist_course.class_grading.people import with_people

    folder = results or root / "results" / assignment
    path = output or folder / f"{platform}.csv"
    with errors_in_words():
        graded = read_class(folder, store or root / ".grading-store")
        decided = decided_by_people(root, assignment)
        submissions, points = with_people(graded.graded, decided)
        if platform == "canvas":
            written = exports.write_canvas(
                submissions,
                path,
                column=column or assignment,
                template=template,
                manual_points=points,
            )
        elif platform == "moodle":
            written = exports.write_moodle(
                submissions, path, template=template, manual_points=points
            )
        else:
            if template is not None:
                raise click.UsageError("Gradescope has no template to fill in.")
            written = exports.write_gradescope(submissions, path, manual_points=points)
    for problem in written.problems[:_SHOWN]:
        click.echo(f"! {problem}", err=True)
    if len(written.problems) > _SHOWN:
        click.echo(f"! {len(written.problems) - _SHOWN} more", err=True)
    for student, one in decided.items():
        if one.extra_credit:
            click.echo(
                f"! {student!r} has {one.extra_credit:g} points of extra credit in nbgrader, which "
                "are not in the file.",
                err=True,
            )
    for student in list(graded.ungraded)[:_SHOWN]:
        click.echo(
            f"! {student!r} has no grade: the grader failed. Grade the class again.", err=True
        )
    click.echo(f"{written.path}: {written.written} students")
    if written.problems or graded.ungraded:
        sys.exit(_INCOMPLETE)
