"""The five items of m4: the reference earns everything, each mistake costs what it should."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from mnist_course.checks import (
    CheckFailed,
    check_centring,
    check_conversion,
    check_polarity,
    check_reading,
    check_robustness,
)
from mnist_course.checks.handwriting.conversions import Conversion, refuse_the_courses_own
from mnist_course.checks.handwriting.robustness import _measured
from mnist_course.checks.score import clear, collected
from mnist_course.drawings import CHANGES, drawings, practice_drawings
from mnist_course.preprocessing import just_resize
from mnist_course.preprocessing import to_mnist as course_to_mnist
from mnist_course.reader import load_reader

PAIRS = {0.5: 5, 0.75: 10, 0.95: 15}
RIGHT = {6: 5, 8: 10, 10: 15, 12: 20}
RAMP = {0.6: 5, 0.7: 8, 0.8: 11, 0.9: 15}


def conversion(function, seed=5):
    return check_conversion(function, seed=seed, form=6, inputs=5, unchanged=4)


def polarity(function, seed=5):
    return check_polarity(function, seed=seed, count=8, points=PAIRS)


def centring(function, seed=5):
    return check_centring(function, seed=seed, count=12, within=1.0, longest=(17, 22), points=RIGHT)


def reading(function, seed=5):
    return check_reading(function, seed=seed, count=40, points=RAMP)


ITEMS = [conversion, polarity, centring, reading]


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_reference_earns_everything(own, item, seed):
    score = item(own["to_mnist"], seed)
    assert score == score.of
    assert len(score.findings) == 1


@pytest.mark.parametrize("item", ITEMS)
def test_what_is_still_to_be_written_says_so(item):
    def to_mnist(image):
        raise NotImplementedError("`to_gray` is not written yet.")

    with pytest.raises(CheckFailed, match="`to_gray` is not written yet"):
        item(to_mnist)


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("thing", [None, 7, np.zeros((28, 28))])
def test_what_is_no_function_says_so(item, thing):
    with pytest.raises(CheckFailed, match="to_mnist"):
        item(thing)


@pytest.mark.parametrize("item", ITEMS)
def test_the_courses_own_function_is_no_answer(item):
    clear()
    with pytest.raises(CheckFailed, match=r"mnist_course\.preprocessing\.to_mnist"):
        item(course_to_mnist)
    assert any("exactly" in note for note in collected().staff)
    with pytest.raises(CheckFailed, match=r"mnist_course\.preprocessing\.to_mnist"):
        item(lambda image: np.roll(course_to_mnist(image), 1, axis=0))


def test_nearly_the_courses_own_is_told_to_staff_alone():
    made = drawings(4, seed=3)
    images = [one.image for one in made]
    rng = np.random.default_rng(0)

    def noisy(image):
        return course_to_mnist(image) + rng.normal(0, 1e-3, (28, 28)).astype(np.float32)

    clear()
    refuse_the_courses_own([Conversion(noisy(image)) for image in images], images)
    assert any("differ by" in note for note in collected().staff)


def test_work_of_ones_own_is_never_taken_for_the_courses(own):
    clear()
    for seed in range(6):
        images = [one.image for one in drawings(4, seed=seed)]
        made = [Conversion(own["to_mnist"](image)) for image in images]
        refuse_the_courses_own(made, images)
    assert collected().staff == ()


# ---------------------------------------------------------------- contract


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        (lambda x: x.astype(np.float64), 9, "dtype float64"),
        (lambda x: x[..., np.newaxis], 9, r"shape \(28, 28, 1\)"),
        (lambda x: x * 255, 9, "0 to 255"),
        (lambda x: x / 100, 9, "brightest pixel"),
        (lambda x: None, 0, "no image of 28"),
        (lambda x: x[:20], 0, "no image of 28"),
    ],
)
def test_a_wrong_form_costs_the_points_for_form(own, change, points, words):
    score = conversion(lambda image: change(own["to_mnist"](image)))
    assert float(score) == points
    assert any(re.search(words, finding.saw) for finding in score.findings)


def test_kinds_of_pictures_that_fail_are_named(own, chain):
    def colour_only(image):
        return own["to_gray"](image[..., :3])

    score = conversion(chain(to_gray=colour_only))
    assert 0 < score < 8
    assert "grey, uint8" in score.findings[0].saw
    without_alpha = conversion(
        chain(to_gray=lambda image: own["to_gray"](image[..., :3] if image.ndim == 3 else image))
    )
    assert float(without_alpha) == 13
    assert "RGBA, a shape on nothing" in without_alpha.findings[0].saw


def test_a_changed_input_costs_its_points(own):
    def to_mnist(image):
        made = own["to_mnist"](image)
        image //= 2
        return made

    def as_floats(image):
        return to_mnist(image) if image.dtype == np.uint8 else own["to_mnist"](image)

    score = conversion(as_floats)
    assert float(score) == 11
    assert "were changed by the call" in score.findings[0].saw


def test_a_mistake_of_polarity_is_no_mistake_of_form(own):
    assert conversion(lambda image: 1 - own["to_mnist"](image)) == 15


# ---------------------------------------------------------------- polarity


def test_one_way_is_no_way(own, chain):
    for way in (lambda gray: 1 - gray, lambda gray: gray):
        score = polarity(
            chain(only_ink=lambda gray, way=way: own["only_ink"](way(gray)) * 0 + way(gray))
        )
        assert score == 0
    inverted = polarity(lambda image: 1 - own["to_mnist"](image))
    assert inverted == 0
    assert "dark ink on a bright ground" in inverted.findings[0].saw


def test_comparing_with_one_half_fails_on_medium_grey_alone(chain):
    def only_ink(gray):
        ink = 1 - gray if gray.mean() > 0.5 else gray.copy()
        ink = ink - np.median(ink)
        return np.clip((ink / max(np.percentile(ink, 99.5), 1e-6) - 0.4) / 0.4, 0, 1)

    score = polarity(chain(only_ink=only_ink))
    assert 0 < score < 15
    assert "medium grey" in score.findings[0].saw


def test_polarity_does_not_ask_for_the_later_steps(own):
    def to_mnist(image):
        ink = own["only_ink"](own["to_gray"](image)).astype(np.float32)
        return np.asarray(Image.fromarray(ink).resize((28, 28), Image.Resampling.BOX))

    assert polarity(to_mnist) == 15


def test_a_picture_that_never_changes_earns_nothing(own):
    fixed = own["to_mnist"](drawings(1, seed=0)[0].image)
    assert polarity(lambda image: fixed) <= 5
    assert centring(lambda image: fixed) <= 5


# ---------------------------------------------------------------- centring


def test_pixels_off_are_told(own):
    score = centring(lambda image: np.roll(own["to_mnist"](image), (0, 3), axis=(0, 1)))
    assert score == 0
    assert re.search(r"off the middle, by [23]\.", score.findings[0].saw)


def test_one_pixel_is_allowed_and_two_are_not(own):
    def aside(pixels):
        return centring(lambda image: np.roll(own["to_mnist"](image), pixels, axis=1))

    assert aside(0) == 20
    assert 0 < max(aside(-1), aside(1)) <= 20  # which one depends on how 13.5 was rounded
    assert aside(2) == 0
    assert aside(-2) == 0


def test_the_box_is_not_the_mass(chain):
    def middle(small):
        top, left = (28 - small.shape[0]) // 2, (28 - small.shape[1]) // 2
        return np.pad(small, ((top, 28 - top - small.shape[0]), (left, 28 - left - small.shape[1])))

    score = centring(chain(centre=middle))
    assert 0 < score < 20
    assert "*box*" in score.findings[0].saw


def test_some_calls_that_fail_cost_those_drawings(own):
    def to_mnist(image):
        if image.ndim == 2:
            raise IndexError("too few dimensions")
        return own["to_mnist"](image)

    score = centring(to_mnist)
    assert 0 < score < 20
    assert "calls gave no image" in score.findings[0].saw
    assert "too few dimensions" in score.findings[0].saw


# ---------------------------------------------------------------- accuracy


def test_accuracy_is_told_with_the_reason(own):
    score = reading(lambda image: own["to_mnist"](image).T)
    assert score == 0
    assert "of 40 drawings right" in score.findings[0].saw
    assert "mirrored, turned" in score.findings[1].saw
    assert collected().values["drawings_accuracy"] < 0.6


def test_the_baseline_reads_next_to_nothing():
    assert reading(just_resize) == 0


# ---------------------------------------------------------------- robustness


@pytest.fixture(scope="module")
def table(own):
    made = practice_drawings(20)
    labels = np.array([one.label for one in made])
    reader = load_reader()

    def accuracy(convert, change):
        images = np.array([convert(change(one.image)) for one in made])
        return float((reader.predict(images).argmax(axis=1) == labels).mean())

    return {
        name: {"just_resize": accuracy(just_resize, c), "to_mnist": accuracy(own["to_mnist"], c)}
        for name, c in CHANGES.items()
    }


def robustness(table, function):
    return check_robustness(table, function, count=20, tolerance=0.051, points=15)


def test_a_right_table_earns_everything(table, own):
    assert robustness(table, own["to_mnist"]) == 15
    percent = {n: {c: 100 * v for c, v in row.items()} for n, row in table.items()}
    assert robustness(percent, own["to_mnist"]) == 15
    as_numpy = {n: {c: np.float32(v) for c, v in row.items()} for n, row in table.items()}
    assert robustness(as_numpy, own["to_mnist"]) == 15


def test_every_field_counts(table, own):
    wrong = {name: dict(row) for name, row in table.items()}
    wrong["blur"]["to_mnist"] = 0.1
    score = robustness(wrong, own["to_mnist"])
    assert float(score) == 13.5
    assert "'blur' with 'to_mnist' is 0.100" in score.findings[0].saw
    del wrong["shift"]
    score = robustness(wrong, own["to_mnist"])
    assert float(score) == 10.5
    assert score.findings[0].saw.startswith("3 of 10 fields")
    assert "'blur'" in score.findings[0].saw


def test_missing_rows_are_named(table, own):
    short = {name: row for name, row in table.items() if name != "rotate"}
    score = robustness(short, own["to_mnist"])
    assert float(score) == 12
    assert "'rotate'/'just_resize'" in score.findings[0].saw


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "is empty"),
        (None, "holds no rows"),
        ([0.1, 0.2], "holds no rows"),
        ({"shift": 0.5}, "holds no rows"),
    ],
)
def test_what_is_no_table_says_so(own, given, words):
    with pytest.raises(CheckFailed, match=words):
        robustness(given, own["to_mnist"])


def test_numbers_that_are_none_do_not_count(table, own):
    odd = {name: dict.fromkeys(row, float("nan")) for name, row in table.items()}
    assert robustness(odd, own["to_mnist"]) == 0
    odd = {name: dict.fromkeys(row, True) for name, row in table.items()}
    assert robustness(odd, own["to_mnist"]) == 0


def test_a_table_of_another_function_does_not_count(table):
    assert robustness(table, lambda image: np.zeros((28, 28))) < 10


def test_without_a_conversion_the_baseline_takes_its_place(table):
    def to_mnist(image):
        raise NotImplementedError("not yet")

    both = {name: dict.fromkeys(row, row["just_resize"]) for name, row in table.items()}
    assert robustness(both, to_mnist) == 15
    assert robustness(table, to_mnist) < 10
    measured = _measured(to_mnist, 20)
    assert all(row["just_resize"] == row["to_mnist"] for row in measured.values())
