"""One change at a time, a reason for each, and a result that can be repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mnist_course.checks.experiment_log import check_log, experiments, rerun_one_entry

RULE = {"entries": {1: 1, 2: 2, 3: 4}, "reasons": 1, "failure": 2, "target": 0.95, "of": 10}
WHY = "because the steps were too small"


@pytest.fixture
def good(make_fit: Any) -> list[Any]:
    """The baseline with three experiments, each one knob from the one before."""
    return [
        make_fit(1),
        make_fit(2, activation="relu", accuracy=0.54, why=WHY),
        make_fit(3, activation="relu", learning_rate=1e-3, accuracy=0.93, why=WHY),
        make_fit(4, hidden=(64, 64), activation="relu", learning_rate=1e-3, accuracy=0.97, why=WHY),
    ]


def test_a_good_log_earns_all_that_is_decided_here(good: list[Any], make_log: Any) -> None:
    assert check_log(make_log(*good), **RULE) == 7


def test_only_the_baseline_earns_nothing(make_fit: Any, make_log: Any, known: Any) -> None:
    log = make_log(make_fit(1, why="the given network, as a control"))
    assert check_log(log, **RULE) == 0
    assert rerun_one_entry(log) == 0
    assert known.trained == []


def test_an_empty_log_earns_nothing(make_log: Any) -> None:
    assert check_log(make_log(), **RULE) == 0


@pytest.mark.parametrize(("entries", "points"), [(1, 1 + 2), (2, 2 + 2), (3, 4 + 1 + 2)])
def test_fewer_entries_fewer_points(
    good: list[Any], make_log: Any, entries: int, points: float
) -> None:
    assert check_log(make_log(*good[: entries + 1]), **RULE) == points


@pytest.mark.parametrize("why", ["", "better", "try ReLU"])
def test_every_entry_needs_a_reason(good: list[Any], make_log: Any, why: str) -> None:
    good[2] = replace(good[2], why=why)
    score = check_log(make_log(*good), **RULE)
    assert score == 6
    assert any("No reason yet for fit 3" in finding.saw for finding in score.findings)


def test_two_changes_at_once_are_no_experiment(make_fit: Any, make_log: Any) -> None:
    log = make_log(make_fit(1), make_fit(2, activation="relu", learning_rate=1e-3, why=WHY))
    assert experiments(log) == []
    assert "1 of" not in check_log(log, **RULE).findings[0].saw


def test_repetitions_and_fits_on_test_images_do_not_count(good: list[Any], make_log: Any) -> None:
    again = replace(good[1], number=5, weights_after="f" * 32)
    seen = replace(good[3], number=6, weights_after="e" * 32, epochs=6)
    seen = replace(seen, data=replace(seen.data, train_rows=50_000, test_rows=10_000))
    log = make_log(*good, again, seen)
    assert [e.fit.number for e in experiments(log)] == [2, 3, 4]


def test_without_a_failure_its_points_are_missing(make_fit: Any, make_log: Any) -> None:
    log = make_log(
        make_fit(1, hidden=(64,), activation="relu", learning_rate=1e-3, accuracy=0.96),
        make_fit(2, hidden=(128,), activation="relu", learning_rate=1e-3, accuracy=0.97, why=WHY),
    )
    assert check_log(log, **RULE) == 1


def test_worse_than_before_is_a_failure_too(make_fit: Any, make_log: Any) -> None:
    log = make_log(
        make_fit(1, hidden=(64,), activation="relu", learning_rate=1e-3, accuracy=0.97),
        make_fit(2, hidden=(32,), activation="relu", learning_rate=1e-3, accuracy=0.96, why=WHY),
    )
    assert check_log(log, **RULE) == 3


def test_one_entry_is_trained_again_and_drawn_from_the_log(
    known: Any, good: list[Any], make_log: Any
) -> None:
    claims = {fit.number: fit.accuracy for fit in good}
    known.runs = {1: [0.1, 0.2, 0.3, 0.4, 0.5], 2: [0.1, 0.2, 0.3, 0.4, 0.5]}
    rerun_one_entry(make_log(*good))
    drawn = known.trained[0][0]
    assert drawn in (2, 3, 4)
    known.trained.clear()
    known.runs = {seed: [0.1] * 4 + [claims[drawn] + 0.019] for seed in (1, 2)}
    assert rerun_one_entry(make_log(*good)) == 3
    assert known.trained[0][0] == drawn  # grading twice draws the same one
    assert known.trained[0][2] == 5  # never stopped early


def test_with_the_recorded_start_one_run_decides(
    known: Any, good: list[Any], make_log: Any
) -> None:
    import numpy as np

    known.runs = {1: [0.97] * 5, 2: [0.97] * 5}
    good = [replace(fit, accuracy=0.97, initial_weights=(np.zeros(3, np.float32),)) for fit in good]
    assert rerun_one_entry(make_log(*good)) == 3
    assert len(known.trained) == 1


def test_a_claim_between_two_fresh_runs_is_believed(
    known: Any, good: list[Any], make_log: Any
) -> None:
    good = [replace(fit, accuracy=0.60) for fit in good]
    known.runs = {1: [0.5] * 5, 2: [0.7] * 5}
    assert rerun_one_entry(make_log(*good)) == 3
    known.runs = {1: [0.5] * 5, 2: [0.57] * 5}
    score = rerun_one_entry(make_log(*good))
    assert (score, score.of) == (0, 3)
    assert "claims 60.00%" in score.findings[0].saw


@pytest.mark.parametrize("content", ["0", "1", "2", "3", "4", "5"])
def test_cheap_entries_are_preferred(
    known: Any, make_fit: Any, good: list[Any], make_log: Any, content: str
) -> None:
    known.runs = {seed: [0.93] * 50 for seed in (1, 2)}
    good[1] = make_fit(2, epochs=50, accuracy=0.6, why=WHY, weights_after=content * 32)
    good[2] = make_fit(3, activation="relu", accuracy=0.93, why=WHY)
    good[3] = make_fit(4, learning_rate=1e-3, accuracy=0.93, why=WHY)
    log = make_log(*good)
    assert [e.fit.number for e in experiments(log)] == [2, 3, 4]
    rerun_one_entry(log)
    assert {number for number, _, _ in known.trained} <= {3, 4}
