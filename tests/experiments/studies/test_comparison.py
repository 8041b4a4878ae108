"""The tests behind a verdict agree with SciPy's, with tables, with each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mnist_course.experiments.studies.comparison import compare, holm

SEEDS = [0, 1, 2, 3, 4]


def two_arms(seed: int, shift: float = 0.002, n: int = 5) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    common = draw.normal(0.96, 0.004, n)
    return common + draw.normal(shift, 0.002, n), common + draw.normal(0, 0.002, n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("higher", [True, False])
def test_paired_test_is_scipys(seed: int, higher: bool):
    one, two = two_arms(seed)
    found = compare(("a", SEEDS, one), ("b", SEEDS, two), higher=higher, margin=0.005)
    expected = stats.ttest_rel(one, two)
    interval = expected.confidence_interval(0.95)
    sign = 1 if higher else -1
    assert found.test == "paired t"
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.gap == pytest.approx(sign * (one.mean() - two.mean()))
    assert sorted([sign * interval.low, sign * interval.high]) == pytest.approx(
        [found.low, found.high]
    )


@pytest.mark.parametrize("seed", range(5))
def test_other_seeds_mean_welchs_test(seed: int):
    one, _ = two_arms(seed)
    _, two = two_arms(seed + 100, n=4)
    found = compare(("a", SEEDS, one), ("b", [7, 8, 9, 10], two), higher=True, margin=0.005)
    expected = stats.ttest_ind(one, two, equal_var=False)
    assert found.test == "Welch t"
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("seed", range(5))
def test_equality_is_two_one_sided_tests_of_scipy(seed: int):
    one, two = two_arms(seed, shift=0.0)
    margin = 0.004
    found = compare(("a", SEEDS, one), ("b", SEEDS, two), higher=True, margin=margin)
    above = stats.ttest_1samp(one - two, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(one - two, margin, alternative="less").pvalue
    assert found.p_equal == pytest.approx(max(above, below), rel=1e-9)


def test_tost_of_a_worked_example():
    # Differences 1, 2, 3: mean 2, standard error 1/sqrt(3). t = (2 - 5) * sqrt(3) = -5.196 with
    # 2 degrees of freedom, where P(T < t) = 1/2 + t / (2 sqrt(2 + t^2)) = .01756.
    found = compare(("a", [0, 1, 2], [2, 4, 6]), ("b", [0, 1, 2], [1, 2, 3]), higher=True, margin=5)
    t = -3 * math.sqrt(3)
    assert found.p_equal == pytest.approx(0.5 + t / (2 * math.sqrt(2 + t * t)), rel=1e-9)
    assert found.p_equal == pytest.approx(0.01756, abs=1e-4)


def test_holm_of_a_worked_example():
    # .01 x 3 = .03; .03 x 2 = .06; .04 x 1 = .04, but never less than the one before.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
    assert holm([0.02]) == [0.02]


@pytest.mark.parametrize("seed", range(20))
def test_laws_of_holm(seed: int):
    p = np.random.default_rng(seed).uniform(0, 0.1, 6)
    corrected = np.array(holm(list(p)))
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(1, len(p) * p) + 1e-15).all()  # never stricter than Bonferroni
    order = np.argsort(p)
    assert (np.diff(corrected[order]) >= 0).all()
    shuffled = np.random.default_rng(seed).permutation(len(p))
    assert holm(list(p[shuffled])) == pytest.approx(list(corrected[shuffled]))
    # Step by step, as Holm wrote it: reject the smallest while it is below alpha / (m - k).
    rejected = set()
    for k, i in enumerate(order):
        if p[i] >= 0.05 / (len(p) - k):
            break
        rejected.add(int(i))
    assert {i for i in range(len(p)) if corrected[i] < 0.05} == rejected


def test_the_same_difference_with_every_seed_is_no_proof():
    one, two = [0.95, 0.96, 0.97], [0.94, 0.95, 0.96]
    found = compare(("a", [0, 1, 2], one), ("b", [0, 1, 2], two), higher=True, margin=0.005)
    assert found.test == "sign"
    assert found.p == 0.25  # three times the same sign
    assert found.p_equal == 1.0


def test_numbers_without_chance_are_compared_as_they_are():
    found = compare(("a", [0, 1], [100, 100]), ("b", [0, 1], [200, 200]), higher=False, margin=5)
    assert found.p == 0 and found.beaten and found.gap == 100
    same = compare(("a", [0, 1], [100, 100]), ("b", [0, 1], [100, 100]), higher=False, margin=5)
    assert same.p == 1 and same.equal and not same.beaten


@pytest.mark.parametrize("values", [[0.9], []])
def test_one_trial_is_no_basis(values: list[float]):
    found = compare(
        ("a", [0, 1], [0.95, 0.96]),
        ("b", list(range(len(values))), values),
        higher=True,
        margin=0.005,
    )
    assert found.test == "none"
    assert math.isnan(found.p) and not found.beaten and not found.equal


def test_an_arm_that_failed_in_half_of_its_trials_has_lost():
    best = ("a", [0, 1, 2, 3], [0.5, 0.6, 0.5, 0.6])
    half = compare(
        best, ("b", [0, 1, 2, 3], [0.1, 0.1, math.nan, math.nan]), higher=False, margin=1
    )
    assert half.test == "failed" and half.beaten and half.failed == 2
    few = compare(best, ("b", [0, 1, 2, 3], [0.5, 0.6, 0.5, math.nan]), higher=False, margin=1)
    assert few.test == "Welch t" and few.failed == 1
    assert few.p_equal < 0.05 and not few.equal  # what fails sometimes is equal to nothing
