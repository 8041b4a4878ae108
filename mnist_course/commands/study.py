"""``mnist-course study``: run the studies of the course, draw them, write what they show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_course.command_options import SCHEDULER
from mnist_course.commands.errors import errors_in_words

if TYPE_CHECKING:
    from mnist_course.experiments.studies.carry_out import Carried

__all__ = ["study"]

_STOPPED = 130

_NAMES = click.argument("names", nargs=-1, metavar="[NAMES]...")
_SIZE = click.option(
    "--size",
    type=click.Choice(("quick", "full")),
    default="quick",
    show_default=True,
    help="quick: minutes on two cores. full: what docs/RESULTS.md quotes.",
)
_STORE = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of finished trials. Default: $MNIST_COURSE_TRIALS, else trials/.",
)
_RESULTS = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results", "studies"),
    show_default=True,
    help="Folder for tables and figures, one below it for each study.",
)
_ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder, with docs/ in it. Default: the current folder.",
)


@click.group()
def study() -> None:
    """Run the studies of the course, draw them, write what they show.

    A study compares arms that differ in one thing, every arm with the same seeds. It can be stopped
    at any time: finished trials are stored, and the same command goes on with the others.
    """


@study.command("list")
@_STORE
def list_(store: Path | None) -> None:
    """Show all studies, with what of them is done."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from mnist_course.experiments.studies.catalogue import STUDIES
    from mnist_course.experiments.studies.run_study import as_store
    from mnist_course.experiments.studies.stored_only import stored

    table = Table()
    for column in ("study", "question", "quick", "full"):
        table.add_column(column, overflow="fold")
    kept = as_store(store)
    with errors_in_words():
        for name, one in STUDIES.items():
            done = (stored(one, "quick", kept), stored(one, "full", kept))
            table.add_row(*map(Text, (name, one.question, *done)))
    console = Console()
    console.print(table)
    console.print(
        "Trials that are stored, of those known before the first one is run.", style="dim"
    )


@study.command()
@_NAMES
@_SIZE
@click.option("--all", "everything", is_flag=True, help="All studies, in the order of the list.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Trials at the same time on this machine, each with one thread.",
)
@SCHEDULER
@click.option(
    "--record",
    "keep_record",
    is_flag=True,
    help="With the full size: keep the numbers in docs/measurements/studies/, write the page.",
)
@_STORE
@_RESULTS
@_ROOT
def run(
    names: tuple[str, ...],
    size: Any,
    everything: bool,
    workers: int,
    scheduler: str | None,
    keep_record: bool,
    store: Path | None,
    results: Path,
    root: Path,
) -> None:
    """Run the studies NAMES; write tables, verdicts and figures to results/studies/.

    Exit status: 0 when all is done; 1 when trials gave no result; 130 when it was stopped.
    """
    from mnist_course.experiments.studies.carry_out import carry_out
    from mnist_course.experiments.studies.catalogue import STUDIES, named
    from mnist_course.experiments.studies.progress import StudyProgress
    from mnist_course.experiments.studies.record import write_record
    from mnist_course.experiments.studies.result_files import write_results
    from mnist_course.experiments.studies.results_page import write_page
    from mnist_course.experiments.studies.run_study import as_store
    from mnist_course.workforce.workforce import Workforce

    if not names and not everything:
        raise click.UsageError("name a study (see: mnist-course study list), or write --all.")
    if keep_record and size != "full":
        raise click.UsageError("only the full size is kept in docs/. Add --size full.")
    try:
        with errors_in_words():
            chosen = list(STUDIES.values()) if everything else [named(name) for name in names]
            with StudyProgress() as progress, Workforce(workers, scheduler) as force:
                for one in chosen:
                    carried = carry_out(
                        one, size, store=as_store(store), force=force, listener=progress
                    )
                    write_results(carried, results / one.name)
                    if keep_record:
                        write_record(carried, root)
                        write_page(root)
                    _show(carried, results / one.name)
    except KeyboardInterrupt:
        click.echo("Stopped. Finished trials are stored: the same command goes on.", err=True)
        sys.exit(_STOPPED)


@study.command()
@_NAMES
@_SIZE
@_STORE
@_RESULTS
def plot(names: tuple[str, ...], size: Any, store: Path | None, results: Path) -> None:
    """Draw the figures of the studies NAMES again from stored trials; nothing is trained."""
    from mnist_course.experiments.studies.catalogue import named
    from mnist_course.experiments.studies.result_files import write_figures
    from mnist_course.experiments.studies.stored_only import from_store

    if not names:
        raise click.UsageError("name a study. See: mnist-course study list")
    with errors_in_words():
        for name in names:
            one = named(name)
            carried = from_store(one, size, store)
            for path in write_figures(carried, results / one.name):
                click.echo(path.as_posix())


@study.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the page is not up to date.")
@_ROOT
def page(check: bool, root: Path) -> None:
    """Write docs/RESULTS.md from docs/measurements/studies/."""
    from mnist_course.experiments.studies import results_page
    from mnist_course.experiments.studies.record import read_records

    with errors_in_words():
        if not check:
            click.echo(results_page.write_page(root).relative_to(root).as_posix())
            return
        path = results_page.page_path(root)
        if not path.is_file() or path.read_text("utf-8") != results_page.page(read_records(root)):
            click.echo("docs/RESULTS.md is not up to date. Run: mnist-course study page", err=True)
            sys.exit(1)
        click.echo("docs/RESULTS.md is up to date.")


def _show(carried: Carried, folder: Path) -> None:
    from rich.console import Console
    from rich.text import Text

    from mnist_course.experiments.studies.verdict import verdict

    console = Console()
    console.print(Text(carried.study.question, style="bold"))
    for name, part in carried.results.studies.items():
        found = verdict(carried.results.trials[name], part.metric, part.margin)
        console.print(Text(f"  {name}: {found.sentence}"), soft_wrap=True)
    for headline in carried.study.headlines(carried.results):
        console.print(Text(f"  {headline.holds:>11}  {headline.claimed}"), soft_wrap=True)
        console.print(Text(f"               {headline.measured}", style="dim"), soft_wrap=True)
    for name, problems in carried.problems.items():
        for problem in problems:
            console.print(Text(f"  {name}: {problem}", style="red"), soft_wrap=True)
    console.print(Text(f"  written: {folder.as_posix()}/", style="dim"), soft_wrap=True)
