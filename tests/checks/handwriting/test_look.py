"""Every mistake in a converted image is recognised, and nothing else is taken for one."""

from __future__ import annotations

from string import Formatter

import numpy as np
import pytest

from mnist_course.checks.handwriting.look import Look, as_frame, look
from mnist_course.checks.handwriting.mistakes import MISTAKES, findings
from mnist_course.drawings import draw, drawings
from mnist_course.preprocessing import just_resize
from mnist_course.preprocessing import to_mnist as course_to_mnist


@pytest.fixture(scope="module")
def seven():
    return draw(7, paper="scan", seed=3, shape=(240, 200))


@pytest.fixture(scope="module")
def right(own, seven):
    return own["to_mnist"](seven.image)


def moved(image, down, right):
    return np.roll(image, (down, right), axis=(0, 1))


def in_the_middle(small):
    top, left = (28 - small.shape[0]) // 2, (28 - small.shape[1]) // 2
    return np.pad(small, ((top, 28 - small.shape[0] - top), (left, 28 - small.shape[1] - left)))


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda image: image, ""),
        (lambda image: image.astype(np.float64), ""),
        (lambda image: image * 255, ""),
        (lambda image: image[np.newaxis, ..., np.newaxis], ""),
        (lambda image: (image > 0.5).astype(int), ""),
        (lambda image: moved(image, 1, 0), ""),
        (lambda image: image - 1, ""),
        (lambda image: -image, "inverted"),
        (lambda image: None, "form"),
        (lambda image: image[:27], "form"),
        (lambda image: "seven", "form"),
        (lambda image: np.full((28, 28), np.nan), "form"),
        (lambda image: [[1, 2], [3]], "form"),
        (lambda image: image * 0, "empty"),
        (lambda image: image * 0 + 0.7, "empty"),
        (lambda image: image / 255 / 255, "empty"),
        (lambda image: 1 - image, "inverted"),
        (lambda image: 255 - 255 * image, "inverted"),
        (lambda image: np.maximum(image, 0.2), "ground"),
        (lambda image: moved(image, 0, 4), "off"),
        (lambda image: moved(image, 0, -3), "off"),
        (lambda image: image.T, "turned"),
        (lambda image: image[:, ::-1], "turned"),
        (lambda image: image[::-1], "turned"),
    ],
)
def test_one_change_is_one_mistake(right, seven, change, mistake):
    seen = look(change(right), seven.ink)
    assert seen.mistake == mistake
    assert seen.ink_is_bright == (mistake not in ("form", "empty", "inverted"))


@pytest.mark.parametrize("longest", [10, 14, 20, 25, 28])
def test_sizes(own, seven, longest):
    image = own["centre"](own["fit"](own["crop"](seven.ink), longest))
    seen = look(image, seven.ink)
    expected = "small" if longest < 17 else "fills" if longest > 22 else ""
    assert seen.mistake == expected
    assert not expected or abs(seen.number - longest) <= 1


def test_a_pen_that_is_too_thin(own):
    thick, thin = (draw(3, paper="screen", seed=6, pen=(width, width)) for width in (0.15, 0.02))
    seen = look(own["to_mnist"](thin.image), thick.ink)
    assert seen.mistake == "thin"
    assert 0.1 < seen.number < 0.55


def test_lost_proportions_and_the_middle_of_the_box(own, seven):
    from PIL import Image

    box = own["crop"](seven.ink)
    square = np.asarray(Image.fromarray(box).resize((20, 20), Image.Resampling.BOX))
    stretched = look(own["centre"](square), seven.ink)
    assert stretched.mistake == "stretched"
    assert stretched.number == pytest.approx(box.shape[0] / box.shape[1], rel=0.15)
    boxed = look(in_the_middle(own["fit"](box)), seven.ink)
    assert boxed.mistake == "box"
    assert 1 < boxed.off < 5


def test_another_digit_is_not_the_one_that_was_drawn(own, seven):
    for digit in (0, 3, 8):
        other = own["to_mnist"](draw(digit, paper="scan", seed=9).image)
        assert look(other, seven.ink).mistake not in ("", "off", "box")


def test_no_right_answer_is_called_wrong(own):
    for drawing in drawings(180, seed=77):
        for function in (own["to_mnist"], course_to_mnist):
            seen = look(function(drawing.image), drawing.ink)
            assert seen.mistake == "", (drawing.label, drawing.paper, seen)


def test_just_resize_is_called_wrong_nearly_always():
    made = drawings(90, seed=78)
    mistakes = [look(just_resize(one.image), one.ink).mistake for one in made]
    assert sum(not mistake for mistake in mistakes) <= 4
    assert mistakes.count("inverted") > 40


def test_frames_of_odd_objects():
    class Lying:
        def __array__(self, *args, **kwargs):
            raise ValueError("no")

    assert as_frame(Lying()) is None
    assert as_frame(np.zeros((28, 28), dtype=complex)) is None
    assert as_frame(np.zeros((28, 28), dtype="U1")) is None
    frame = as_frame(np.arange(784))
    assert frame is not None
    assert frame.shape == (28, 28)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_has_three_sentences_of_its_own(mistake):
    words = MISTAKES[mistake]
    fields = {name for _, name, _, _ in Formatter().parse(words.saw) if name}
    assert {"n", "of"} <= fields <= {"n", "of", "number"}
    assert words.why.endswith(".")
    assert words.next_step.endswith(".")
    assert sum(words.why == other.why for other in MISTAKES.values()) == 1


def test_the_most_frequent_mistakes_come_first():
    looks = [Look("off", 3.0), Look(""), Look("off", 5.0), Look("box", 2.0), Look("thin", 0.3)]
    told = findings(looks)
    assert len(told) == 2
    assert told[0].saw.startswith(
        "2 of 5 times the centre of mass is off the middle, by 4.0 pixels"
    )
    assert len(findings(looks, most=9)) == 3
    assert findings([Look("")]) == ()
