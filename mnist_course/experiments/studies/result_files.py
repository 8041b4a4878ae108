"""Write what a named study found: tables, verdicts, figures."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_course.atomic_write import write_bytes, write_text
from mnist_course.experiments.studies.carry_out import Carried
from mnist_course.experiments.studies.record import plain_verdict
from mnist_course.experiments.studies.table import frame, summary
from mnist_course.experiments.studies.verdict import verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["write_figures", "write_results"]

_RESOLUTION = 130  # dots per inch


def write_results(carried: Carried, folder: Path) -> list[Path]:
    """Write ``trials.csv``, ``summary.csv``, ``verdict.json``, ``measurements.json``, figures.

    Parameters
    ----------
    carried : Carried
    folder : Path
        Made when it is missing. Files of an earlier run are replaced, each at once.

    Returns
    -------
    list of Path
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    results = carried.results
    if results.trials:
        written += [
            _table(_all_trials(carried), folder / "trials.csv"),
            _table(_all_summaries(carried), folder / "summary.csv"),
        ]
        verdicts = {
            name: plain_verdict(verdict(results.trials[name], study.metric, study.margin))
            for name, study in results.studies.items()
        }
        written.append(_json(verdicts, folder / "verdict.json"))
    if results.probes:
        measured = {
            name: [{"arm": one.arm, "seed": one.seed, **one.values} for one in found]
            for name, found in results.probes.items()
        }
        written.append(_json(measured, folder / "measurements.json"))
    return written + write_figures(carried, folder)


def write_figures(carried: Carried, folder: Path) -> list[Path]:
    """Draw the figures of a named study as PNG; return their paths."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in carried.study.figures.items():
        ax = draw(carried.results)
        buffer = io.BytesIO()
        # Without the date, so that the same trials give the same bytes.
        ax.figure.savefig(buffer, format="png", dpi=_RESOLUTION, metadata={"Software": None})
        plt.close(ax.figure)
        path = folder / f"{name}.png"
        write_bytes(path, buffer.getvalue())
        written.append(path)
    return written


def _all_trials(carried: Carried) -> pd.DataFrame:
    import pandas as pd

    tables = []
    for name, trials in carried.results.trials.items():
        table = frame(trials)
        table.insert(0, "study", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _all_summaries(carried: Carried) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(list(_summaries(carried)), ignore_index=True)


def _summaries(carried: Carried) -> Iterator[pd.DataFrame]:
    for name, study in carried.results.studies.items():
        for metric in dict.fromkeys((study.metric, *study.also)):
            table = summary(carried.results.trials[name], metric).reset_index()
            table.insert(0, "metric", metric)
            table.insert(0, "study", name)
            yield table


def _table(table: pd.DataFrame, path: Path) -> Path:
    write_text(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def _json(value: Any, path: Path) -> Path:
    write_text(path, json.dumps(value, indent=1) + "\n")
    return path
