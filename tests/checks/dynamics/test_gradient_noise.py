"""The student's measure of gradient noise, compared with the course's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import check_gradient_noise
from mnist_course.checks.dynamics.gradient_noise import noise_of_batches

Array = np.ndarray[Any, Any]


def right(gradients: Array, batch_size: int) -> float:
    cut = gradients[: len(gradients) // batch_size * batch_size]
    means = cut.reshape(-1, batch_size, gradients.shape[1]).mean(axis=1)
    return float(np.sqrt(means.var(axis=0).sum()))


def of_sums(gradients: Array, batch_size: int) -> float:
    return right(gradients, batch_size) * batch_size


def squared(gradients: Array, batch_size: int) -> float:
    return right(gradients, batch_size) ** 2


def of_images(gradients: Array, batch_size: int) -> float:
    return right(gradients, 1)


def of_one_weight(gradients: Array, batch_size: int) -> float:
    return float(right(gradients, batch_size) / gradients.shape[1] ** 0.5)


def mean_sd(gradients: Array, batch_size: int) -> float:
    cut = gradients[: len(gradients) // batch_size * batch_size]
    means = cut.reshape(-1, batch_size, gradients.shape[1]).mean(axis=1)
    return float(means.std(axis=0).mean())


def mean_length(gradients: Array, batch_size: int) -> float:
    return float(np.linalg.norm(gradients.mean(axis=0)))


def with_the_rest(gradients: Array, batch_size: int) -> float:
    parts = np.split(gradients, range(batch_size, len(gradients), batch_size))
    means = np.array([part.mean(axis=0) for part in parts])
    return float(np.sqrt(means.var(axis=0).sum()))


def in_place(gradients: Array, batch_size: int) -> float:
    found = right(gradients, batch_size)
    gradients -= gradients.mean(axis=0)
    return found


def missing(gradients: Array, batch_size: int) -> float:
    raise NotImplementedError("`gradient_noise` is not written yet")


def words(noise: Any) -> tuple[float, str]:
    score = check_gradient_noise(noise, points=3)
    return float(score), " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


@pytest.mark.parametrize("seed", range(5))
def test_the_right_function_earns_every_point(seed: int) -> None:
    assert float(check_gradient_noise(right, points=3, seed=seed)) == 3


def test_the_noise_of_independent_gradients_falls_with_the_root_of_the_batch_size() -> None:
    gradients = np.random.default_rng(0).normal(3, 2, size=(20_000, 6))
    single = noise_of_batches(gradients, 1)
    assert single == pytest.approx(2 * np.sqrt(6), rel=0.02)
    for size in (4, 16, 64):
        assert noise_of_batches(gradients, size) == pytest.approx(single / np.sqrt(size), rel=0.05)


@pytest.mark.parametrize(
    ("noise", "told"),
    [
        (of_sums, "too large by the batch size"),
        (squared, "Take the root of it"),
        (of_images, "the noise of single images"),
        (of_one_weight, "is that of one weight"),
        (mean_sd, "mean standard deviation of the weights"),
        (mean_length, "is the length of the mean gradient"),
        (in_place, "changes the array"),
        (missing, "is not written yet"),
        (lambda gradients, batch_size: None, "`gradient_noise`"),
        (lambda gradients: 0.0, "raised TypeError"),
        (None, "`gradient_noise` is still None."),
        (0.3, "expected a function"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_one_earns_nothing_and_is_told_why(noise: Callable[..., Any], told: str) -> None:
    earned, said = words(noise)
    assert earned == 0
    assert told in said


def test_a_last_batch_that_is_not_full_costs_two_thirds() -> None:
    assert words(with_the_rest)[0] == 1
