"""Get a trial: from those given with the course, from the store, else by training."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.progress_line import ProgressLine
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.trials.trial import LONGEST_ARM, Trial, check_seed_and_arm

__all__ = ["arm_name", "check_trial", "known", "run", "run_arms"]

Store = TrialStore | str | Path | None


def run(
    configuration: Configuration, seed: int, *, arm: str | None = None, store: Store = None
) -> Trial:
    """Get one trial.

    It comes from the trials that are given with the course (source ``shipped``), else from the
    store of earlier runs (``stored``), else a network is built from the configuration with fresh
    weights, trained and measured (``run``), then stored.

    Parameters
    ----------
    configuration : Configuration
    seed : int
        0 to 2,147,483,647.
    arm : str, optional
        What the condition is called; by default what it changes, ``dropout 0.3``.
    store : TrialStore or path, optional
        By default the folders in the environment variable ``MNIST_COURSE_TRIALS``, else the folder
        ``trials``.

    Returns
    -------
    Trial
        The same numbers wherever it comes from, as long as the versions are the same.

    Raises
    ------
    ConfigurationError
        If an argument is of another kind.
    CorruptDataError, DatasetError
        If the images cannot be had.

    Examples
    --------
    >>> trial = run(Configuration(dropout=0.3), seed=0)    # doctest: +SKIP
    >>> trial.measured["val_accuracy"]                     # doctest: +SKIP
    0.9142
    """
    check_trial(configuration, seed, "defaults" if arm is None else arm)
    name = arm_name(configuration) if arm is None else arm
    kept = _store(store)
    found = known(configuration, seed, store=kept)
    if found is not None:
        return found.named(name)
    from mnist_course.experiments.trials.training import train  # needs Keras

    trial = train(configuration, seed, name)
    kept.put(trial)
    return trial


def run_arms(
    arms: Mapping[str, Configuration],
    seeds: Iterable[int],
    *,
    store: Store = None,
    stream: TextIO | None = None,
) -> list[Trial]:
    """Get the trials of several arms, every arm with every seed, with a line of progress.

    Stopped in the middle, it goes on where it was: what is finished is stored.

    Parameters
    ----------
    arms : mapping of str to Configuration
        The conditions by their names.
    seeds : iterable of int
    store : TrialStore or path, optional
        As in `run`.
    stream : text stream, optional
        Where the line is written, ``sys.stdout`` by default.

    Returns
    -------
    list of Trial
        Arm by arm in the order of `arms`, within an arm in the order of `seeds`.

    Raises
    ------
    ConfigurationError
        If there is no arm or no seed, a seed comes twice, or something is of another kind.
    CorruptDataError, DatasetError
        If the images cannot be had.

    Examples
    --------
    >>> base = Configuration()
    >>> trials = run_arms(                                 # doctest: +SKIP
    ...     {"no dropout": base, "dropout 0.3": base.but(dropout=0.3)}, seeds=(0, 1, 2)
    ... )
    """
    seeds = _check_arms(arms, seeds)
    kept = _store(store)
    wanted = [(arm, configuration, seed) for arm, configuration in arms.items() for seed in seeds]
    trials = {
        (arm, seed): found.named(arm)
        for arm, configuration, seed in wanted
        if (found := known(configuration, seed, store=kept)) is not None
    }
    with ProgressLine(len(wanted), stream or sys.stdout) as line:
        for trial in trials.values():
            line.add(trial)
        for arm, configuration, seed in wanted:
            if (arm, seed) in trials:
                continue
            line.begin(arm, seed)
            # Not trained in vain when two arms are the same, which a check says, not this.
            trials[arm, seed] = run(configuration, seed, arm=arm, store=kept)
            line.add(trials[arm, seed])
    return [trials[arm, seed] for arm, _, seed in wanted]


def known(configuration: Configuration, seed: int, *, store: Store = None) -> Trial | None:
    """Return a trial that needs no training: shipped or stored; None without one."""
    return shipped(configuration, seed) or _store(store).get(configuration, seed)


def arm_name(configuration: Configuration) -> str:
    """Say in words what a configuration changes: ``dropout 0.3, hidden 64-64``."""
    words = [
        f"{name.replace('_', ' ')} {_words(value)}"
        for name, value in configuration.changed().items()
    ]
    text = ", ".join(words) or "defaults"
    return text if len(text) <= LONGEST_ARM else text[: LONGEST_ARM - 3] + "..."


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return "-".join(map(_words, value)) or "none"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _store(store: Store) -> TrialStore:
    if isinstance(store, TrialStore):
        return store
    return TrialStore.from_environment() if store is None else TrialStore(store)


def check_trial(configuration: object, seed: object, arm: object) -> None:
    """Refuse what is no trial.

    Raises
    ------
    ConfigurationError
        If an argument is of another kind.
    """
    if not isinstance(configuration, Configuration):
        raise ConfigurationError(
            f"A trial is run from a Configuration, got {describe(configuration)}. "
            "Write Configuration(...) or BASE.but(...)."
        )
    check_seed_and_arm(seed, arm)


def _check_arms(arms: object, seeds: object) -> list[int]:
    if not isinstance(arms, Mapping) or not arms:
        raise ConfigurationError(
            'The arms are a dictionary such as {"no dropout": BASE, "dropout 0.3": '
            f"BASE.but(dropout=0.3)}}, got {describe(arms)}."
        )
    if not isinstance(seeds, Iterable):
        raise ConfigurationError(f"The seeds are several, got {describe(seeds)}. Write (0, 1, 2).")
    seeds = list(seeds)
    if not seeds:
        raise ConfigurationError("There is no seed. Write seeds=(0, 1, 2).")
    for arm, configuration in arms.items():
        for seed in seeds:
            check_trial(configuration, seed, arm)
    if len(set(seeds)) < len(seeds):
        raise ConfigurationError(
            "A seed is there twice: it would give the same trial again, which is no new evidence. "
            "Take different ones."
        )
    return seeds
