"""Options that several commands have, each in one place."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["REQUIRE_SANDBOX", "ROOT", "SCHEDULER"]

REQUIRE_SANDBOX = click.option(
    "--require-sandbox",
    is_flag=True,
    help="Refuse to grade where a layer of the sandbox is missing (see: mnist-course doctor).",
)
ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder, with source/ in it. Default: the current folder.",
)
SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A running Dask scheduler that you trust, such as tcp://127.0.0.1:8786, instead.",
)
