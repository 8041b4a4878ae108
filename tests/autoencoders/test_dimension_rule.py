"""The rule for the dimension: by hand, by laws, and on data whose dimension is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_course.autoencoders import (
    GAIN,
    elbow,
    gains,
    mean_image_error,
    pca_errors,
    share_explained,
    two_nearest_neighbours,
)

POWERS = (2, 4, 8, 16, 32)


def surface(d: int, *, n: int = 3_000, seed: int = 0, noise: float = 0.0) -> np.ndarray:
    """Points (n, 60) of a flat surface of dimension d, in a random position."""
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(random.normal(size=(60, 60)))
    flat = random.normal(size=(n, d)) @ basis[:d]
    return flat + random.normal(0, noise, flat.shape)


def test_shares_and_gains_by_hand():
    errors = {8: 0.25, 2: 0.8, 4: 0.5}
    assert share_explained(errors, 1.0) == pytest.approx({2: 0.2, 4: 0.5, 8: 0.75})
    assert list(share_explained(errors, 1.0)) == [2, 4, 8]
    assert gains(errors, 1.0) == pytest.approx({4: 0.3, 8: 0.25})
    # Half of a doubling counts twice.
    assert gains({4: 0.5, 6: 0.3}, 1.0) == pytest.approx({6: 0.2 / math.log2(1.5)})


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ({2: 0.5, 4: 0.2, 8: 0.18, 16: 0.17}, 4),
        ({2: 0.5, 4: 0.2, 8: 0.18, 16: 0.1}, None),  # a step that is small for once decides nothing
        ({2: 0.5, 4: 0.2, 8: 0.18, 16: 0.1, 32: 0.1}, 16),
        ({2: 0.5, 4: 0.48}, 2),
        ({2: 0.5, 4: 0.44}, None),
        ({2: 0.5, 4: 0.6, 8: 0.1, 16: 0.1}, 8),  # a longer code that is worse: badly trained
    ],
)
def test_the_elbow_by_hand(errors, expected):
    assert elbow(errors, 1.0) == expected
    scaled = {k: error * 255**2 for k, error in errors.items()}
    assert elbow(scaled, 255.0**2) == expected  # in another unit, the same


@given(
    st.dictionaries(st.integers(1, 500), st.floats(0, 2), min_size=2, max_size=8),
    st.floats(0.01, 0.5),
)
def test_laws_of_the_elbow(errors, gain):
    found = elbow(errors, 1.0, gain=gain)
    steps = gains(errors, 1.0)
    if found is None:
        assert list(steps.values())[-1] >= gain
    else:
        assert found in errors
        assert all(value < gain for k, value in steps.items() if k > found)
        assert found == min(errors) or steps[found] >= gain
    wider = elbow(errors, 1.0, gain=gain / 2)  # who asks for less goes further
    assert wider is None or (found is not None and wider >= found)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 13])
def test_every_dimension_of_a_flat_surface_is_found_where_every_length_is_tried(d):
    x = surface(d, noise=0.02)
    errors = pca_errors(x[:2_000], x[2_000:], range(1, 17))
    assert elbow(errors, mean_image_error(x[:2_000], x[2_000:])) == d


@pytest.mark.parametrize(
    ("d", "expected"), [(2, 2), (3, 4), (6, 8), (12, 16), (30, None), (60, None)]
)
def test_between_the_lengths_that_were_tried_it_is_the_next_longer_one(d, expected):
    x = surface(d)
    errors = pca_errors(x[:2_000], x[2_000:], POWERS)
    assert elbow(errors, mean_image_error(x[:2_000], x[2_000:])) == expected


@pytest.mark.parametrize(
    ("errors", "variance", "message"),
    [
        ({}, 1.0, "a finite mean squared error for each length"),
        ({2: float("nan"), 4: 0.1}, 1.0, "nan"),
        ({2: -0.1, 4: 0.1}, 1.0, "-0.1"),
        ({2: 0.2, 4: 0.1}, 0.0, "variance=0.0"),
        ({0: 1.0, 4: 0.1}, 1.0, r"lengths \[0, 4\]"),
        ({2: 0.2}, 1.0, r"two lengths at least, got \[2\]"),
    ],
)
def test_what_is_no_curve_is_refused_in_a_sentence(errors, variance, message):
    with pytest.raises(ValueError, match=message):
        elbow(errors, variance, gain=GAIN)


@pytest.mark.parametrize("d", [1, 2, 4, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_two_nearest_neighbours_on_bent_surfaces_of_known_dimension(d, seed):
    random = np.random.default_rng(seed)
    flat = random.uniform(size=(4_000, d))
    waves = random.normal(size=(d, 40))
    bent = np.concatenate([np.sin(flat @ waves), np.cos(flat @ waves)], axis=1)
    assert two_nearest_neighbours(bent) == pytest.approx(d, rel=0.12)
    # Neither position nor unit matters; repeated points are not new ones.
    moved = np.concatenate([10 * bent + 3, 10 * bent[:500] + 3])
    # Squared distances of near points lose digits, more of them on some processors.
    assert two_nearest_neighbours(moved) == pytest.approx(two_nearest_neighbours(bent), rel=0.01)


def test_two_nearest_neighbours_on_a_swiss_roll():
    from sklearn.datasets import make_swiss_roll

    points, _ = make_swiss_roll(4_000, random_state=0)
    assert two_nearest_neighbours(points) == pytest.approx(2, rel=0.1)
    errors = pca_errors(points[:2_000], points[2_000:], (1, 2, 3))
    variance = mean_image_error(points[:2_000], points[2_000:])
    assert elbow(errors, variance) is None  # no plane holds it: PCA needs all three


@pytest.mark.parametrize(
    ("x", "discard", "message"),
    [
        (np.zeros((10, 3)), 0.1, "Five different points are needed, got 1"),
        (np.eye(6), 1.0, "0 <= discard < 1"),
    ],
)
def test_too_few_points(x, discard, message):
    with pytest.raises(ValueError, match=message):
        two_nearest_neighbours(x, discard=discard)
