"""Measurements that are no trials: confusions, gradients, PCA, a network of NumPy alone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_text
from mnist_course.exceptions import StudyError
from mnist_course.experiments.studies.probe_kinds import KINDS
from mnist_course.experiments.studies.run_study import Listener
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import data_digest
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.trials.versions import RUNNER, versions
from mnist_course.workforce.workforce import Failure, Job, Workforce

__all__ = ["Probe", "ProbeResult", "Probes", "run_probes"]

_FOLDER = "probes"
_FORMAT = 1

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """One measurement.

    Parameters
    ----------
    kind : str
        A name in `probe_kinds.KINDS`.
    arm : str
    configuration : Configuration
    seed : int
    details : mapping of str to plain values
        What else this kind wants to know.
    """

    kind: str
    arm: str
    configuration: Configuration
    seed: int
    details: Mapping[str, Any] = field(default_factory=dict)

    def content_name(self) -> str:
        """Name it by everything that decides its numbers, as trials are named."""
        deciding = {
            "kind": self.kind,
            "configuration": self.configuration.changed(),
            "seed": self.seed,
            "details": dict(self.details),
            "runner": RUNNER,
            "data": data_digest(self.configuration.dataset),
            "versions": versions(),
        }
        text = json.dumps(deciding, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Probes:
    """Measurements that belong together.

    Parameters
    ----------
    name : str
    probes : tuple of Probe
    """

    name: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """A measurement once it is over.

    Parameters
    ----------
    arm : str
    seed : int
    values : dict of str to plain values
        As the kind says.
    """

    arm: str
    seed: int
    values: dict[str, Any]


def run_probes(
    asked: Probes, *, store: TrialStore, force: Workforce, listener: Listener
) -> list[ProbeResult]:
    """Get measurements from the store, else from workers; in the order in which they are asked.

    Raises
    ------
    StudyError
        If measurements gave no result; the others are stored then.
    """
    found: dict[int, dict[str, Any]] = {}
    for number, probe in enumerate(asked.probes):
        values = _stored(probe, store)
        if values is not None:
            found[number] = values
    missing = [number for number in range(len(asked.probes)) if number not in found]
    cost = 1.0
    listener.plan(asked.name, [cost] * len(missing), len(found))
    failures = []
    for place, result in force.results([_job(asked.probes[number]) for number in missing]):
        probe = asked.probes[missing[place]]
        if isinstance(result, Failure):
            failures.append(f"{probe.arm}, seed {probe.seed}: {result.words}")
            continue
        _keep(probe, result, store)
        found[missing[place]] = result
        listener.finished(cost, f"{probe.arm}, seed {probe.seed}")
    if failures:
        raise StudyError(
            f"{len(failures)} of {len(missing)} measurements of {asked.name!r} gave no result; "
            f"the others are stored. The first: {failures[0]}. Once that is repaired, run the same "
            "again."
        )
    return [ProbeResult(p.arm, p.seed, found[i]) for i, p in enumerate(asked.probes)]


def _job(probe: Probe) -> Job:
    function: Callable[..., dict[str, Any]] = KINDS[probe.kind]
    arguments = (probe.configuration.to_dict(), probe.seed, dict(probe.details))
    return Job(function, arguments, f"{probe.kind} of {probe.arm}, seed {probe.seed}")


def _paths(probe: Probe, store: TrialStore) -> Sequence[Path]:
    return [folder / _FOLDER / f"{probe.content_name()}.json" for folder in store.folders]


def _stored(probe: Probe, store: TrialStore) -> dict[str, Any] | None:
    for path in _paths(probe, store):
        try:
            content = json.loads(path.read_text(encoding="ascii"))
            values = content["values"]
            if content["format"] != _FORMAT or content["kind"] != probe.kind:
                raise ValueError("it holds something else")
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as error:
            _logger.warning("The stored measurement %s is not used: %s", path.name, error)
            continue
        if isinstance(values, dict):
            return values
    return None


def _keep(probe: Probe, values: dict[str, Any], store: TrialStore) -> None:
    path = _paths(probe, store)[0]
    content = {"format": _FORMAT, "kind": probe.kind, "values": values}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(content, sort_keys=True, separators=(",", ":")))
    except OSError as error:
        _logger.warning("A measurement cannot be stored in %s: %s", path.parent, error)
