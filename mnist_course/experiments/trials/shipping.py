"""Make the file of trials that are given with an assignment.

``python -m mnist_course.experiments.trials.shipping m6 --jobs 2`` runs what
``shipped_lists/m6.py`` names, goes on where it was stopped, then writes ``data/m6.json.gz``.
``--check`` only says whether the file holds exactly these trials.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.running import arm_name
from mnist_course.experiments.trials.shipped import FOLDER, FORMAT, read
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.trials.versions import RUNNER

__all__ = ["as_bytes", "listed", "main", "missing", "ship"]

Wanted = tuple[tuple[Configuration, int], ...]


def listed(assignment: str) -> Wanted:
    """Return which trials are given with an assignment, in the order of its list.

    Raises
    ------
    ConfigurationError
        If there is no such list, or it names a trial twice.
    """
    name = f"mnist_course.experiments.trials.shipped_lists.{assignment}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigurationError(
            f"There is no list of trials for {assignment!r}: expected shipped_lists/"
            f"{assignment}.py with TRIALS = ((Configuration(...), (0, 1, 2, 3)), ...)."
        ) from None
    wanted = tuple(
        (configuration, seed) for configuration, seeds in module.TRIALS for seed in seeds
    )
    for place, one in enumerate(wanted):
        if one in wanted[:place]:
            raise ConfigurationError(
                f"The list of {assignment} names a trial twice: {arm_name(one[0])}, seed {one[1]}."
            )
    return wanted


def as_bytes(trials: Sequence[Trial]) -> bytes:
    """Write trials as the content of a file: the same bytes for the same trials."""
    content = {
        "format": FORMAT,
        "runner": RUNNER,
        "trials": [replace(trial, source="shipped").to_dict() for trial in trials],
    }
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return gzip.compress(text.encode("ascii"), mtime=0)


def missing(wanted: Wanted, path: Path) -> str:
    """Say in a sentence what is wrong with a file; empty when it holds exactly these trials."""
    try:
        held = tuple((trial.configuration, trial.seed) for trial in read(path))
    except (OSError, ValueError) as error:
        return f"{path.name} cannot be used: {error}"
    if held == wanted:
        return ""
    lacking = [one for one in wanted if one not in held]
    extra = [one for one in held if one not in wanted]
    return (
        f"{path.name} holds other trials than its list: {len(lacking)} are missing, "
        f"{len(extra)} are not in the list."
    )


def ship(wanted: Wanted, path: Path, *, store: TrialStore, jobs: int = 1) -> None:
    """Run what is not stored yet, then write the file.

    Parameters
    ----------
    wanted : tuple of (Configuration, int)
    path : Path
        The file to make or replace.
    store : TrialStore
        What is in it is not run again.
    jobs : int
        Processes at the same time, each with one thread.
    """
    lacking = [one for one in wanted if store.get(*one) is None]
    _say(f"{len(wanted)} trials, {len(wanted) - len(lacking)} stored, {len(lacking)} to run")
    # Started afresh: TensorFlow does not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as processes:
        running = {
            processes.submit(_run, configuration, seed, store.folders): (configuration, seed)
            for configuration, seed in lacking
        }
        for done, future in enumerate(as_completed(running), 1):
            configuration, seed = running[future]
            _say(
                f"{done} of {len(lacking)}: {arm_name(configuration)}, seed {seed}, "
                f"{future.result():.1f} s"
            )
    trials = []
    for configuration, seed in wanted:
        trial = store.get(configuration, seed)
        if trial is None:
            raise ConfigurationError(
                f"{arm_name(configuration)}, seed {seed} is not in {store.folders[0]} although it "
                "was run. Can that folder be written?"
            )
        trials.append(trial.named(arm_name(configuration)))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, as_bytes(trials))
    _say(f"{path.name}: {len(trials)} trials, {path.stat().st_size:,} bytes")


def _run(configuration: Configuration, seed: int, folders: Sequence[Path]) -> float:
    from mnist_course.experiments.trials.training import train  # needs Keras

    trial = train(configuration, seed, arm_name(configuration))
    TrialStore(folders).put(trial)
    return trial.seconds


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the files of the assignments that are named."""
    parser = argparse.ArgumentParser(description="Make the files of trials given with the course.")
    parser.add_argument("assignments", nargs="+", metavar="ID")
    parser.add_argument("--jobs", type=int, default=1, help="processes at the same time")
    parser.add_argument("--store", type=Path, help="folder of trials that have been run")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder of the files")
    parser.add_argument("--check", action="store_true", help="only say what is not as listed")
    given = parser.parse_args(arguments)
    store = TrialStore(given.store) if given.store else TrialStore.from_environment()
    problems = 0
    for assignment in given.assignments:
        path = given.output / f"{assignment}.json.gz"
        try:
            wanted = listed(assignment)
            if not given.check:
                ship(wanted, path, store=store, jobs=given.jobs)
            problem = missing(wanted, path)
        except ConfigurationError as error:
            problem = str(error)
        if problem:
            _say(problem)
            problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
