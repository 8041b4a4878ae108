"""What the repository says of the studies is what their stored trials say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from mnist_course.experiments.studies.catalogue import STUDIES
from mnist_course.experiments.studies.headline import HOLDS
from mnist_course.experiments.studies.record import read_records
from mnist_course.experiments.studies.results_page import page, page_path
from mnist_course.experiments.studies.table import summary
from mnist_course.experiments.studies.verdict import verdict
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from tests.experiments.studies.made_trials import made_trial

ROOT = Path(__file__).parents[3]
RECORDS = read_records(ROOT)
PARTS = [(name, part) for name, record in RECORDS.items() for part in record["studies"]]


def trials(part: dict) -> list[Trial]:
    """The trials of a part with their numbers, made from the record."""
    return [
        made_trial(
            arm,
            seed,
            **{
                name: math.nan if values[i] is None else values[i]
                for name, values in columns.items()
                if name not in ("seed", "seconds")
            },
        )
        for arm, columns in part["trials"].items()
        for i, seed in enumerate(columns["seed"])
    ]


def test_the_page_is_up_to_date():
    assert page_path(ROOT).read_text("utf-8") == page(RECORDS), "run: mnist-course study page"


def test_records_are_of_known_studies_in_full():
    assert set(RECORDS) <= set(STUDIES)
    for record in RECORDS.values():
        assert record["size"] == "full"
        assert all(headline["holds"] in HOLDS for headline in record["headlines"])


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_verdict_and_summaries_follow_from_the_trials(name: str, part: str):
    stored = RECORDS[name]["studies"][part]
    found = trials(stored)
    told = stored["verdict"]
    again = verdict(found, told["metric"], told["margin"])
    assert (again.verdict, list(again.arms)) == (told["verdict"], told["arms"])
    for metric, arms in stored["summaries"].items():
        if metric == "seconds":
            continue
        table = summary(found, metric)
        for arm, row in arms.items():
            assert row["n"] == table.n[arm]
            for column in ("mean", "sd", "low", "high"):
                if row[column] is not None:
                    assert row[column] == pytest.approx(table[column][arm], rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_arms_are_configurations(name: str, part: str):
    stored = RECORDS[name]["studies"][part]
    for changed in stored["arms"].values():
        Configuration.from_dict(changed)
    assert set(stored["trials"]) == set(stored["arms"])
    for columns in stored["trials"].values():
        assert columns["seed"] == stored["seeds"]
