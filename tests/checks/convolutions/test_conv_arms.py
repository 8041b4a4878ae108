"""Which networks were compared is read from what was trained."""

from __future__ import annotations

import pytest

from mnist_course.checks import check_conv_arms
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.shipped_lists.m8 import TRIALS
from mnist_course.experiments.trials.trial import Trial


def trial(place: int) -> Trial:
    found = shipped(TRIALS[place][0], 0)
    assert found is not None
    return found.named("whatever it is called")


@pytest.mark.parametrize(
    ("places", "points", "words"),
    [
        ((0, 1, 2), 2, "no convolution, one convolution, two convolutions"),
        ((2, 0, 1), 2, "were trained"),
        ((0, 2), 1.33, "No network with one convolution"),
        ((0,), 0.67, "one convolution or two convolutions"),
    ],
)
def test_each_depth_has_its_share(places: tuple[int, ...], points: float, words: str) -> None:
    score = check_conv_arms([trial(place) for place in places], points=2, of=10)
    assert (score, score.of) == (points, 10)
    assert words in str(score)


@pytest.mark.parametrize("value", [None, [], "trials", [1]])
def test_without_trials_the_study_says_why(value: object) -> None:
    score = check_conv_arms(value, points=2, of=10)
    assert (score, score.findings) == (0, ())
