"""Rows that a network is measured on: of every class the same share, the same ones every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.datasets.held_out import hold_out


@settings(deadline=None, max_examples=100)
@given(
    sizes=st.lists(st.integers(2, 300), min_size=1, max_size=12),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 2**32),
)
def test_every_class_gives_its_share(sizes, share, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    np.random.default_rng(1).shuffle(labels)
    rows = hold_out(labels, share=share, seed=seed)
    assert (np.diff(rows) > 0).all() and rows[0] >= 0 and rows[-1] < len(labels)
    chosen = np.bincount(labels[rows], minlength=len(sizes))
    assert (chosen >= 1).all() and (chosen < sizes).all()
    wanted = np.clip(share * np.array(sizes), 1, np.array(sizes) - 1)
    assert (np.abs(chosen - wanted) <= 1).all()
    assert np.array_equal(rows, hold_out(labels, share=share, seed=seed))


def test_a_tenth_of_mnist_is_6000_and_depends_on_the_seed(mnist_data):
    labels = mnist_data[0][1]
    rows = [hold_out(labels, share=0.1, seed=seed) for seed in (0, 1)]
    assert [len(r) for r in rows] == [6000, 6000]
    assert 300 < len(np.intersect1d(*rows)) < 900  # of two independent tenths, a tenth
    share = np.bincount(labels[rows[0]]) / np.bincount(labels)
    assert share.min() > 0.0995 and share.max() < 0.1005


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        hold_out(np.array([0, 0, 1, 1]), share=share, seed=0)


def test_a_class_with_one_row_cannot_be_divided():
    with pytest.raises(ValueError, match="Class 7 has one row only"):
        hold_out(np.array([0, 0, 7, 0]), share=0.5, seed=0)
