"""What is kept of a named study in the repository: every number, none of the weights."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_text
from mnist_course.exceptions import StudyError
from mnist_course.experiments.studies.carry_out import Carried
from mnist_course.experiments.studies.metrics import measures, value
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.studies.table import summary
from mnist_course.experiments.studies.verdict import Verdict, verdict
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.trials.versions import versions

__all__ = ["FOLDER", "plain_verdict", "read_records", "record", "write_record"]

FOLDER = Path("docs", "measurements", "studies")
"""Below the course's folder."""

_FORMAT = 1
_DIGITS = 7


def record(carried: Carried) -> dict[str, Any]:
    """Return everything that the page of results needs, as plain values."""
    from mnist_course.proof.machine import machine

    study, results = carried.study, carried.results
    return {
        "format": _FORMAT,
        "name": study.name,
        "question": study.question,
        "notes": study.notes,
        "size": carried.size,
        "command": f"mnist-course study run {study.name} --size {carried.size} --record",
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": versions(),
        "headlines": [dataclasses.asdict(one) for one in study.headlines(results)],
        "problems": {
            name: [str(problem) for problem in found] for name, found in carried.problems.items()
        },
        "studies": {
            name: _study(part, results.trials[name]) for name, part in results.studies.items()
        },
        "measurements": {
            name: [{"arm": one.arm, "seed": one.seed, "values": one.values} for one in found]
            for name, found in results.probes.items()
        },
    }


def write_record(carried: Carried, root: Path) -> Path:
    """Write ``docs/measurements/studies/<name>.json``; return its path."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{carried.study.name}.json"
    text = json.dumps(_rounded(record(carried)), indent=1)
    # One line for each list of numbers, or the files would be ten times longer.
    text = re.sub(r"\[([^\[\]{}\"]*)\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    write_text(path, text + "\n")
    return path


def read_records(root: Path) -> dict[str, dict[str, Any]]:
    """Return all records of a course by the name of the study.

    Raises
    ------
    StudyError
        If a file holds something else.
    """
    found = {}
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT or content["name"] != path.stem:
                raise ValueError("it is the record of something else")
        except (ValueError, KeyError, TypeError) as error:
            raise StudyError(
                f"{FOLDER.as_posix()}/{path.name} is no record of a study ({error}). Remove it, "
                f"then: mnist-course study run {path.stem} --size full --record"
            ) from error
        found[path.stem] = content
    return found


def plain_verdict(found: Verdict) -> dict[str, Any]:
    """Return a verdict as plain values, None where a number is unknown."""
    return {
        "verdict": found.verdict,
        "arms": list(found.arms),
        "metric": found.metric,
        "margin": found.margin,
        "sentence": found.sentence,
        "comparisons": [
            {**_known(dataclasses.asdict(pair)), "beaten": pair.beaten, "equal": pair.equal}
            for pair in found.pairs
        ],
    }


def _study(study: Study, trials: list[Trial]) -> dict[str, Any]:
    metrics = list(dict.fromkeys((study.metric, *study.also)))
    return {
        "question": study.question,
        "axis": study.axis if isinstance(study.axis, str) else list(study.axis),
        "control": study.control,
        "seeds": list(study.seeds),
        "arms": {arm: one.changed() for arm, one in study.arms.items()},
        "summaries": {
            metric: {
                arm: _known(row) for arm, row in summary(trials, metric).to_dict("index").items()
            }
            for metric in metrics
        },
        "verdict": plain_verdict(verdict(trials, study.metric, study.margin)),
        "trials": {arm: _columns([t for t in trials if t.arm == arm]) for arm in study.arms},
    }


def _columns(trials: list[Trial]) -> dict[str, list[Any]]:
    """Return the numbers of one arm, a list for each measure, seed by seed."""
    return {
        "seed": [trial.seed for trial in trials],
        **{name: [_finite(value(trial, name)) for trial in trials] for name in measures(trials)},
    }


def _finite(number: Any) -> Any:
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what JSON cannot say, NaN and infinity, by None."""
    return {name: _finite(number) for name, number in values.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return value
