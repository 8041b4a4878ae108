"""The stroke model: what it draws, that it draws it again, that a trained eye can read it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.drawings import (
    CHANGES,
    draw,
    drawings,
    letters,
    practice_drawings,
    supplied_drawings,
    synthetic_digit,
)
from mnist_course.drawings.paper import PAPERS
from mnist_course.drawings.shapes import DIGITS, LETTERS
from mnist_course.preprocessing import just_resize, to_mnist
from mnist_course.reader import load_reader

CHANNELS = {"scan": 1, "pencil": 1, "screen": 1, "transparent": 4}
BOUNDED = settings(max_examples=40, deadline=None, derandomize=True)


@BOUNDED
@given(
    digit=st.integers(0, 9),
    paper=st.sampled_from(list(PAPERS)),
    seed=st.integers(0, 10**6),
    height=st.integers(28, 260),
    width=st.integers(28, 260),
)
def test_a_drawing_has_the_form_it_promises(digit, paper, seed, height, width):
    drawing = draw(digit, paper=paper, seed=seed, shape=(height, width))
    channels = CHANNELS.get(paper, 3)
    assert drawing.image.shape == ((height, width, channels) if channels > 1 else (height, width))
    assert drawing.image.dtype == np.uint8
    assert (drawing.label, drawing.paper) == (digit, paper)
    assert drawing.ink.shape == (height, width)
    assert drawing.ink.dtype == np.float32
    assert 0 <= drawing.ink.min() <= drawing.ink.max() <= 1
    assert drawing.ink.max() > 0.5
    again = draw(digit, paper=paper, seed=seed, shape=(height, width))
    assert np.array_equal(drawing.image, again.image)


@BOUNDED
@given(digit=st.integers(0, 9), seed=st.integers(0, 10**6))
def test_no_ink_is_cut_off(digit, seed):
    ink = draw(digit, paper="scan", seed=seed, shape=(200, 240)).ink
    rim = np.concatenate(
        [ink[:4].ravel(), ink[-4:].ravel(), ink[:, :4].ravel(), ink[:, -4:].ravel()]
    )
    assert rim.max() < 0.01


@pytest.mark.parametrize("paper", PAPERS)
def test_ink_stands_out_from_every_paper(paper):
    for seed in range(10):
        drawing = draw(seed % 10, paper=paper, seed=seed)
        image = drawing.image.astype(float)
        shown = image[..., :3].mean(axis=2) if image.ndim == 3 else image
        if paper == "transparent":
            shown = 255 - image[..., 3]
        ink, ground = shown[drawing.ink > 0.9], shown[drawing.ink == 0]
        gap = abs(float(np.median(ink)) - float(np.median(ground)))
        assert gap > 0.2 * 255
        assert gap > 4 * ground.std()
        assert (np.median(ink) > np.median(ground)) == (paper in ("blackboard", "screen"))


def test_seeds_and_tries_differ():
    made = [draw(3, paper="scan", seed=seed).ink for seed in range(5)]
    for number, one in enumerate(made):
        assert all(np.abs(one - other).mean() > 0.01 for other in made[number + 1 :])


def test_digits_and_papers_take_turns():
    made = drawings(45, seed=1)
    assert set(Counter(one.label for one in made).values()) == {4, 5}
    assert set(Counter(one.paper for one in made).values()) == {45 // len(PAPERS)}
    assert len({one.image.shape[:2] for one in made}) > 30
    other = drawings(45, seed=2)
    assert [one.label for one in made] != [one.label for one in other]
    assert {one.paper for one in drawings(8, seed=1, papers=("scan", "dim"))} == {"scan", "dim"}


def test_the_reader_reads_them_after_conversion_and_not_before():
    made = drawings(60, seed=11)
    labels = np.array([one.label for one in made])
    reader = load_reader()
    read = reader.predict(np.array([to_mnist(one.image) for one in made])).argmax(axis=1)
    plain = reader.predict(np.array([just_resize(one.image) for one in made])).argmax(axis=1)
    assert (read == labels).mean() >= 0.95
    assert (plain == labels).mean() <= 0.4


def test_every_way_to_write_a_digit_is_read():
    seen = set()
    reader = load_reader()
    for digit, ways in DIGITS.items():
        inks = [draw(digit, paper="screen", seed=seed).ink for seed in range(12)]
        read = reader.predict(np.array([to_mnist(ink) for ink in inks])).argmax(axis=1)
        assert (read == digit).sum() >= 10
        seen.update({digit} if len(ways) >= 2 else set())
    assert seen == set(DIGITS)


@pytest.mark.parametrize("character", [10, -1, "a", "", 2.5, None])
def test_what_nobody_has_shown_is_not_drawn(character):
    with pytest.raises(ValueError, match="can draw the digits 0 to 9"):
        draw(character, paper="scan", seed=0)


def test_a_sheet_that_is_too_small_and_an_unknown_paper():
    with pytest.raises(ValueError, match="at least 28"):
        draw(3, paper="scan", seed=0, shape=(27, 100))
    with pytest.raises(ValueError, match="paper is one of"):
        draw(3, paper="silk", seed=0)


# ---------------------------------------------------------------- what students are given


def test_the_given_drawings_are_always_the_same_and_others_than_drawn_by_seed():
    practice = practice_drawings()
    assert len(practice) == 40
    assert all(
        np.array_equal(one.image, other.image)
        for one, other in zip(practice, practice_drawings(), strict=True)
    )
    five = supplied_drawings()
    assert [one.label for one in five] == [3, 2, 5, 7, 4]
    assert len({one.paper for one in five}) == 5
    reader = load_reader()
    read = reader.predict(np.array([to_mnist(one.image) for one in five])).argmax(axis=1)
    assert list(read) == [3, 2, 5, 7, 4]
    assert five[4].image[..., :3].max() == 0  # the shape is in the alpha channel alone


def test_letters_are_no_digits():
    made = letters()
    assert [one.label for one in made] == list(LETTERS)
    assert all(isinstance(one.label, str) for one in made)


@pytest.mark.parametrize("digit", range(10))
def test_a_synthetic_digit_says_what_it_is(digit):
    image = synthetic_digit(digit, seed=4)
    assert image.info["synthetic"] == digit
    assert (image.mode, image.size) == ("L", (280, 280))
    assert np.array_equal(np.asarray(image), np.asarray(synthetic_digit(digit, seed=4)))
    assert not np.array_equal(np.asarray(image), np.asarray(synthetic_digit(digit, seed=5)))


@pytest.mark.parametrize("digit", [10, -1, "7", None, 2.5])
def test_only_digits_are_synthetic(digit):
    with pytest.raises(ValueError, match="draws the digits 0 to 9"):
        synthetic_digit(digit)


def test_a_synthetic_digit_needs_room():
    with pytest.raises(ValueError, match="at least 56"):
        synthetic_digit(3, size=20)


# ---------------------------------------------------------------- changes


@pytest.mark.parametrize("paper", ["scan", "photo", "transparent"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_makes_a_new_picture_and_leaves_the_old(paper, name):
    image = draw(6, paper=paper, seed=8, shape=(150, 200)).image
    before = image.copy()
    changed = CHANGES[name](image)
    assert np.array_equal(image, before)
    assert not np.shares_memory(changed, image)
    assert changed.dtype == np.uint8
    assert np.array_equal(changed, image) == (name == "as it is")


def test_what_the_changes_do():
    image = draw(6, paper="scan", seed=8, shape=(150, 200)).image
    assert CHANGES["shift"](image).shape == (210, 280)
    assert np.array_equal(CHANGES["shift"](image)[60:, 80:], image)
    assert np.array_equal(CHANGES["invert"](CHANGES["invert"](image)), image)
    turned = CHANGES["rotate"](image)
    assert min(turned.shape) > max(image.shape[0], 200)
    assert abs(int(turned[0, 0]) - 247) < 5  # the new corner is ground
    assert np.diff(CHANGES["blur"](image).astype(int)).max() < np.diff(image.astype(int)).max() / 3


def test_the_negative_of_a_transparent_drawing_is_of_what_one_sees():
    drawing = draw(6, paper="transparent", seed=8)
    negative = CHANGES["invert"](drawing.image)
    assert negative.shape[2] == 3
    assert negative[drawing.ink == 0].max() == 0
    assert negative[drawing.ink > 0.95].mean() > 120
