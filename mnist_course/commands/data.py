"""``mnist-course data``: which data sets are here, and are they what they should be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from mnist_course.commands.parameters import DATA_SET, DATA_SET_NAMES

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["data"]

_FASHION = "fashion_mnist"
_WHICH = click.argument("names", nargs=-1, type=DATA_SET, metavar="[NAMES]...")


@click.group()
def data() -> None:
    """Look for the data sets, fetch them, verify them.

    MNIST is part of the package. Fashion-MNIST is looked for in the cache ($MNIST_COURSE_DATA, else
    this user's cache folder), in this Python environment, where Debian's package
    dataset-fashion-mnist puts it, and where Keras keeps it.
    """


@data.command("list")
def list_() -> None:
    """Show the data sets and where they are; nothing is verified or fetched."""
    from rich.console import Console

    table = _table("data set", "images", "classes", "licence", "where")
    table.add_row("mnist", "70,000", "digits 0 to 9", "CC BY-SA 3.0", "part of this package")
    place, complete = _where()
    table.add_row("fashion_mnist", "70,000", "10 kinds of clothes", "MIT", place)
    console = Console()
    console.print(table)
    if not complete:
        console.print("Fetch it with: mnist-course data fetch fashion_mnist", style="dim")


@data.command()
@_WHICH
@click.option(
    "--sys-prefix",
    is_flag=True,
    help="Keep it in this Python environment: for all its users, and for graded notebooks.",
)
@click.option("--force", is_flag=True, help="Fetch anew what is here already.")
def fetch(names: tuple[str, ...], sys_prefix: bool, force: bool) -> None:
    """Make NAMES present (default: all), verified by SHA-256.

    What is already here is left as it is, what is damaged is replaced. Exit status: 0 when
    everything is here afterwards; 1 when a data set could not be had, with what to do.
    """
    from mnist_course.datasets import fashion_mnist, locations, mnist
    from mnist_course.exceptions import MnistCourseError
    from mnist_course.grading.terminal import progress_bar

    try:
        for name in names or DATA_SET_NAMES:
            if name != _FASHION:
                mnist.verify()
                click.echo("mnist: part of this package, verified")
                continue
            folder = locations.environment_folder() / fashion_mnist.PUBLISHED.folder_name
            with progress_bar(name) as progress:
                paths = fashion_mnist.fetch(
                    folder if sys_prefix else None, progress=progress, force=force
                )
            places = dict.fromkeys(locations.for_people(path.parent) for path in paths)
            click.echo(f"fashion_mnist: verified, in {' and '.join(places)}")
    except MnistCourseError as error:
        raise click.ClickException(str(error)) from error


@data.command()
@_WHICH
def verify(names: tuple[str, ...]) -> None:
    """Compare every copy of NAMES (default: all) with the published SHA-256; fetch nothing.

    Exit status: 0 when every data set is here and no copy is damaged; 1 otherwise.
    """
    from rich.console import Console
    from rich.text import Text

    table = _table("file", "in", "state")
    wrong: list[str] = []
    for file, place, problem in (row for name in names or DATA_SET_NAMES for row in _copies(name)):
        state = Text("verified", style="green")
        if problem:
            state = Text("missing" if not place else "damaged", style="bold red")
            wrong.append(problem)
        table.add_row(Text(file), Text(place), state)
    Console().print(table)
    for problem in wrong:
        click.echo(problem, err=True)
    if wrong:
        click.echo("Replace it with: mnist-course data fetch", err=True)
        sys.exit(1)


def _copies(name: str) -> Iterator[tuple[str, str, str]]:
    """Give file, folder, problem of every copy of a data set's files."""
    from mnist_course.datasets import fashion_mnist, locations, mnist
    from mnist_course.exceptions import CorruptDataError

    if name != _FASHION:
        try:
            mnist.verify()
            problem = ""
        except CorruptDataError as error:
            problem = str(error)
        yield mnist.PATH.name, "this package", problem
        return
    for file in fashion_mnist.FILES.values():
        found = list(fashion_mnist.PUBLISHED.search(file))
        for copy in found:
            yield file.name, locations.for_people(copy.path.parent), copy.problem
        if not found:
            yield file.name, "", f"{file.name} is not on this machine."


def _where() -> tuple[str, bool]:
    """Return the folder that has every file of Fashion-MNIST, or how many are anywhere."""
    from mnist_course.datasets import fashion_mnist, locations

    folders = fashion_mnist.PUBLISHED.folders()
    names = [file.name for file in fashion_mnist.FILES.values()]
    for folder in folders:
        if all((folder / name).is_file() for name in names):
            return locations.for_people(folder), True
    here = sum(any((folder / name).is_file() for folder in folders) for name in names)
    if here == len(names):
        return "in several folders (see: mnist-course data verify)", True
    return f"{here} of {len(names)} files are here", False


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
