"""The command line; each command imports what it needs when it runs."""

from __future__ import annotations

import atexit
import gc
import sys
from pathlib import Path

import click

from mnist_course import __version__
from mnist_course.command_options import REQUIRE_SANDBOX, ROOT
from mnist_course.commands.lazy import Late, LazyGroup
from mnist_course.without_iri_checks import without_iri_checks

__all__ = ["main"]

EXIT_USAGE = 2
EXIT_GRADER_FAILED = 3
EXIT_STOPPED = 130


_LATE = {
    "grade-class": Late(
        "mnist_course.commands.grade_class", "grade_class", "Grade what a whole class handed in."
    ),
    "export": Late(
        "mnist_course.commands.export", "export", "Write grades for Canvas, Moodle or Gradescope."
    ),
    "data": Late("mnist_course.commands.data", "data", "Look for data sets, fetch and verify."),
    "numpy": Late(
        "mnist_course.commands.numpy_network",
        "numpy_network",
        "Train, evaluate, draw a network of NumPy.",
    ),
    "study": Late("mnist_course.commands.study", "study", "Run the studies, write what they show."),
}


@click.group(cls=LazyGroup, late=_LATE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mnist-course")
def main() -> None:
    """Grade, release and pack the assignments of the MNIST course.

    \b
    Students     open release/<id>/<id>.ipynb in JupyterLab.
    Instructors  edit source/<id>/<id>.ipynb, then: mnist-course release
    A class      mnist-course grade-class m5 submitted/
    Gradescope   mnist-course autograder build m5 --output m5.zip
    This machine mnist-course doctor, mnist-course data list
    From scratch mnist-course numpy train --dataset mnist
    Studies      mnist-course study list
    """  # noqa: D301 - click wants the character, so that it keeps the lines
    without_iri_checks()
    # Else Python looks at every object once more at its end, and these packages made very many.
    atexit.register(gc.freeze)


@main.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--assignment", required=True, metavar="ID", help="Which assignment, such as m5.")
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results.json, feedback.html and executed.ipynb.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(30, 7200),
    default=540.0,
    show_default=True,
    help="Seconds after which the grade is there.",
)
@click.option(
    "--cell-timeout",
    type=click.FloatRange(1, 7200),
    help="Seconds for one cell of the student. Default: 60 % of the deadline.",
)
@REQUIRE_SANDBOX
@ROOT
def grade(
    notebook: Path,
    assignment: str,
    output: Path,
    deadline: float,
    cell_timeout: float | None,
    require_sandbox: bool,
    root: Path,
) -> None:
    """Grade NOTEBOOK and write results.json, feedback.html and the executed notebook.

    Exit status: 0 when a grade was made, whatever the score; 2 for wrong usage; 3 when the grader
    itself failed (results.json then says so).
    """
    from mnist_course.grading.report import assignment_path, grade_to_folder
    from mnist_course.grading.sandbox import SandboxOptions
    from mnist_course.grading.terminal import progress_bar, show_grade, show_log

    source = assignment_path(assignment, root)
    if not source.is_file():
        known = sorted(p.parent.name for p in root.glob("source/*/*.ipynb"))
        raise click.UsageError(
            f"there is no assignment {assignment!r}: expected {source}. "
            + (f"Known here: {', '.join(known)}." if known else "Run it in the course's folder.")
        )
    show_log()
    try:
        with progress_bar(notebook.name) as progress:
            result = grade_to_folder(
                notebook,
                source,
                output,
                deadline_seconds=deadline,
                cell_seconds=cell_timeout,
                progress=progress,
                options=SandboxOptions(require=require_sandbox),
            )
    except OSError as error:
        raise click.UsageError(f"cannot write to {output}: {error.strerror}") from error
    show_grade(result, output)
    if result.grader_failed:
        sys.exit(EXIT_GRADER_FAILED)


@main.command()
@click.argument("ids", nargs=-1)
@click.option(
    "--check",
    is_flag=True,
    help="Make nothing; fail when release/ is stale or leaks, or when the grading is not proven.",
)
@click.option("--static", is_flag=True, help="With --check: look at the notebooks, grade nothing.")
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    help="With --check: how many seeds the reference is graded with. Default: what a proof says.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="With --check: grades at the same time.",
)
@click.option("--all-alone", is_flag=True, help="With --check: a notebook for each wrong solution.")
@click.option("--again", is_flag=True, help="With --check: also grade what was graded before.")
@click.option(
    "--write/--no-write",
    default=True,
    help="With --check: keep trials in docs/measurements/ and write docs/PROOF.md. Default: do.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --check: a folder for every submission with its results and feedback.",
)
@ROOT
def release(
    ids: tuple[str, ...],
    check: bool,
    static: bool,
    seeds: int | None,
    jobs: int,
    all_alone: bool,
    again: bool,
    write: bool,
    keep: Path | None,
    root: Path,
) -> None:
    """Make release/<id>/ from source/<id>/ with nbgrader, for IDS or for all assignments.

    With --check, nothing is made: the release is compared with the source, then the proof of each
    assignment (examples/proofs/<id>.py) is carried out by grading, and docs/PROOF.md written. It
    can be stopped at any time and goes on where it was.
    """
    from mnist_course.exceptions import MnistCourseError
    from mnist_course.grading import release as releases

    if not check and (static or seeds or all_alone or again or keep):
        raise click.UsageError("these options are about the proof. Add --check.")
    try:
        if check:
            problems = releases.check(ids, root=root)
            for problem in problems:
                click.echo(str(problem), err=True)
            if problems:
                click.echo(f"{len(problems)} problems. Run: mnist-course release", err=True)
                sys.exit(1)
            click.echo("release/ is up to date and holds no answers.")
            if not static:
                from mnist_course.proof.command import prove_all
                from mnist_course.proof.prove import Effort

                effort = Effort(seeds, jobs, all_alone, again, write, keep)
                try:
                    proven = prove_all(ids, root=root, effort=effort)
                except KeyboardInterrupt:
                    click.echo("Stopped. The same command goes on where it was.", err=True)
                    sys.exit(EXIT_STOPPED)
                if not proven:
                    sys.exit(1)
            return
        for made in releases.generate(ids, root=root):
            click.echo(f"{made.path}: {'made anew' if made.changed else 'as it was'}")
    except MnistCourseError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@ROOT
def doctor(as_json: bool, root: Path) -> None:
    """Say whether this machine can grade, and which layers of the sandbox it has.

    Exit status: 0 when nothing required is missing, else 1.
    """
    import dataclasses
    import json

    from mnist_course.grading import doctor as doctors
    from mnist_course.grading.terminal import show_findings

    findings = doctors.examine(root)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(f) for f in findings], indent=2))
    else:
        show_findings(findings)
    if any(f.state is doctors.State.BAD for f in findings):
        sys.exit(1)


@main.group()
def autograder() -> None:
    """Build the Gradescope zip, or try it on this machine."""


@autograder.command()
@click.argument("assignment")
@click.option(
    "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip."
)
@REQUIRE_SANDBOX
@ROOT
def build(assignment: str, output: Path, require_sandbox: bool, root: Path) -> None:
    """Pack ASSIGNMENT for Gradescope, the same bytes every time."""
    from mnist_course.exceptions import MnistCourseError
    from mnist_course.grading import bundle

    try:
        info = bundle.build(assignment, output, repository=root, require_sandbox=require_sandbox)
    except MnistCourseError as error:
        raise click.ClickException(str(error)) from error
    click.echo(str(info))


@autograder.command()
@click.argument("zip_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("notebook", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for results.json and stdout.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 2400),
    default=600.0,
    show_default=True,
    help="Seconds, as set on Gradescope.",
)
@click.option("--setup", is_flag=True, help="Run the real setup.sh (minutes, as root).")
def run(zip_file: Path, notebook: Path, output: Path, timeout: float, setup: bool) -> None:
    """Do with ZIP_FILE and NOTEBOOK what Gradescope's harness does, on this machine."""
    from mnist_course.exceptions import MnistCourseError
    from mnist_course.grading import gradescope_emulator

    try:
        emulated = gradescope_emulator.run(
            zip_file, notebook, timeout_seconds=timeout, setup=setup, output=output
        )
    except MnistCourseError as error:
        raise click.ClickException(str(error)) from error
    click.echo(str(emulated))
