"""Augmentation layers: legal for clothes, legal for digits, and what goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from mnist_course.checks import check_augmentation

pytestmark = pytest.mark.keras


def model_of(*layers: Any) -> Any:
    from keras.layers import Input
    from keras.models import Sequential

    return Sequential([Input((28, 28, 1)), *layers])


def judged(model: Any, *, flips: bool) -> Any:
    return check_augmentation(model, flips=flips, points=5, of=10, name="changes")


def test_usual_ones_earn_all() -> None:
    from keras import layers

    clothes = model_of(layers.RandomFlip("horizontal"), layers.RandomZoom(0.1))
    assert judged(clothes, flips=True) == 5
    digits = model_of(
        layers.RandomTranslation((-0.1, 0.1), (-0.1, 0.1)),
        layers.RandomRotation((-0.03, 0.03), fill_mode="constant"),
    )
    assert judged(digits, flips=False) == 5
    inner = model_of(layers.RandomTranslation(0.1, 0.1))
    assert judged(model_of(inner, layers.RandomShear(0.1, 0.1)), flips=False) == 5


def test_functional_form_earns_all() -> None:
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.RandomFlip("horizontal")(inputs)
    outputs = layers.RandomTranslation(0.1, 0.1)(x)
    assert judged(keras.Model(inputs, outputs), flips=True) == 5


@pytest.mark.parametrize(
    ("make", "flips", "points", "words"),
    [
        (lambda k: [k.RandomFlip("horizontal"), k.RandomZoom(0.1)], False, 2.5, "flips digits"),
        (lambda k: [k.RandomFlip(), k.RandomZoom(0.1)], True, 2.5, "upside down"),
        (lambda k: [k.RandomFlip("vertical"), k.RandomZoom(0.1)], True, 2.5, "upside down"),
        (lambda k: [k.RandomZoom(0.1), k.RandomRotation(0.02)], True, 2.5, "does not flip"),
        (lambda k: [k.RandomFlip("horizontal")], True, 2.5, "one kind of change"),
        (lambda k: [k.RandomZoom(0.1), k.RandomRotation(0.5)], False, 2.5, "180 degrees"),
        (lambda k: [k.RandomZoom(0.1), k.RandomTranslation(1.0, 0.1)], False, 2.5, "28 of 28"),
        (lambda k: [k.RandomZoom(0.9), k.RandomRotation(0.02)], False, 2.5, "90%"),
        (lambda k: [k.RandomZoom(0.0), k.RandomRotation(0.02)], False, 2.5, "changes nothing"),
        (lambda k: [k.Rescaling(2.0)], False, 0, "no layer that changes images at random"),
        (lambda k: [k.RandomZoom(0.1), k.Conv2D(1, 3)], False, 0, "Conv2D"),
        (
            lambda k: [k.RandomZoom(0.1), k.RandomRotation(0.02), k.Rescaling(255)],
            False,
            0,
            "only predicts",
        ),
    ],
    ids=[
        "digits flipped", "both ways", "vertical", "no flip", "one kind", "half a turn",
        "pixels", "zoom", "zero", "nothing random", "a network", "rescaled",
    ],
)  # fmt: skip
def test_mistakes(make: Any, flips: bool, points: float, words: str) -> None:
    from keras import layers

    score = judged(model_of(*make(layers)), flips=flips)
    assert (score, score.of) == (points, 10)
    assert words in str(score)


def test_layers_that_know_no_shape_are_told_to_begin_with_one() -> None:
    from keras import Sequential, layers

    score = judged(
        Sequential([layers.RandomFlip("horizontal"), layers.RandomZoom(0.1)]), flips=True
    )
    assert (score, score.of) == (0, 10)
    assert "Begin it with Input((28, 28, 1))" in str(score)


@pytest.mark.parametrize(
    ("value", "words"), [(None, "still None"), ([1], "type list"), (3, "type int")]
)
def test_what_is_no_model_earns_nothing(value: Any, words: str) -> None:
    score = judged(value, flips=True)
    assert (score, score.of) == (0, 10)
    assert words in str(score)
