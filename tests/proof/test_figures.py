"""Bounds, distances and containers."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binom

from mnist_course.exceptions import AssignmentError
from mnist_course.grading.container_size import SIZES, Measurement, find_measurement
from mnist_course.grading.peak_memory import PeakMemory
from mnist_course.proof.container_fit import container_fit, seconds_in
from mnist_course.proof.false_negatives import distance, upper_bound
from mnist_course.proof.proof import Margin


@pytest.mark.parametrize("of", [1, 5, 10, 300])
def test_without_a_loss_the_bound_has_a_closed_form_near_the_rule_of_three(of):
    bound = upper_bound(0, of)
    assert bound == pytest.approx(1 - 0.05 ** (1 / of))
    assert of < 100 or bound == pytest.approx(3 / of, rel=0.01)


@pytest.mark.parametrize(("lost", "of"), [(1, 10), (3, 10), (9, 10), (2, 100)])
def test_a_rate_at_the_bound_gives_as_few_losses_in_one_of_twenty_experiments(lost, of):
    bound = upper_bound(lost, of)
    assert binom.cdf(lost, of, bound) == pytest.approx(0.05)
    assert bound > lost / of


def test_the_ends_of_the_bound():
    assert upper_bound(4, 4) == 1.0
    for lost, of in ((1, 0), (0, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="0 <= lost <= of"):
            upper_bound(lost, of)


def test_a_distance_counts_sample_deviations_on_the_safe_side():
    at_least = distance(Margin("i", "accuracy", 0.9), [0.94, 0.96])
    assert at_least.mean == pytest.approx(0.95)
    assert at_least.sd == pytest.approx(math.sqrt(2) * 0.01)
    assert at_least.in_sd == pytest.approx(0.05 / (math.sqrt(2) * 0.01))
    at_most = distance(Margin("i", "loss", 0.9, lowest=False), [0.94, 0.96])
    assert at_most.in_sd == pytest.approx(-0.05 / (math.sqrt(2) * 0.01))
    assert distance(Margin("i", "accuracy", 0.9), [0.95, 0.95]).in_sd is None
    with pytest.raises(ValueError, match="two seeds"):
        distance(Margin("i", "accuracy", 0.9), [0.95])


def test_work_waits_for_cpus_that_are_missing():
    half, one, two, four = SIZES
    kept_two_busy = {"cpu_seconds": 100.0, "wall_seconds": 50.0}
    assert [seconds_in(size, **kept_two_busy) for size in SIZES] == [200, 100, 50, 50]
    kept_waiting = {"cpu_seconds": 10.0, "wall_seconds": 50.0}  # a busy machine
    assert [seconds_in(size, **kept_waiting) for size in SIZES] == [20, 10, 10, 10]
    assert [size.cpus for size in (half, one, two, four)] == [0.5, 1, 2, 4]


def test_the_container_is_large_enough_and_another_one_fast_enough():
    small = container_fit(peak_mb=200, cpu_seconds=20, wall_seconds=20)
    assert (small.memory, small.seconds, small.in_time) == (str(SIZES[0]), 40.0, True)
    slow = container_fit(peak_mb=200, cpu_seconds=400, wall_seconds=300)
    assert (slow.memory, slow.enough, slow.in_time) == (str(SIZES[0]), str(SIZES[1]), False)
    assert slow.deadline < 600
    large = container_fit(peak_mb=1450, cpu_seconds=20, wall_seconds=20)
    assert large.memory == str(SIZES[2]), "1,500 MB are not all the grader's"
    assert container_fit(peak_mb=7000, cpu_seconds=1, wall_seconds=1).memory == ""
    assert container_fit(peak_mb=200, cpu_seconds=4000, wall_seconds=4000).enough == ""


def test_the_peak_of_memory_holds_what_was_there_for_a_moment():
    with PeakMemory() as peak:
        before = peak.bytes
        block = bytearray(b"x") * (200 << 20)
        peak._look()
        del block
    assert peak.bytes - before > 190 << 20
    assert before > 10 << 20


def test_a_finished_proof_tells_which_container_to_choose(tmp_path):
    assert find_measurement("m1", tmp_path) is None
    proof, benchmark = tmp_path / "proof_m1.json", tmp_path / "m1_memory.json"
    proof.write_text('{"trials": {"a": {"peak_mb": 300}}}')
    assert find_measurement("m1", tmp_path) is None, "interrupted"
    proof.write_text('{"peak_mb": 310, "command": "c", "date": "2026-01-31", "trials": {}}')
    assert find_measurement("m1", tmp_path) == Measurement(310, "2026-01-31", "c")
    benchmark.write_text('{"peak_mb": 250}')
    assert find_measurement("m1", tmp_path) == Measurement(250, "", ""), "the benchmark is closer"
    benchmark.unlink()
    proof.write_text("{")
    with pytest.raises(AssignmentError, match=r"proof_m1\.json is not JSON"):
        find_measurement("m1", tmp_path)
