"""A small network, few epochs, plain layers, few changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mnist_course.checks.minimality import at_most, check_minimal
from mnist_course.experiments import ExperimentLog

GIVEN = {
    "learning rate": 1e-5,
    "optimizer": "Adam",
    "hidden layers": 2,
    "units": (10, 10),
    "activation": ("sigmoid", "sigmoid"),
    "dropout": (),
    "normalisation": (),
    "regularisation": (),
    "other layers": (),
    "epochs": 5,
    "batch size": 32,
}


def minimal(model: Any, log: ExperimentLog) -> Any:
    return check_minimal(
        model,
        log,
        baseline=GIVEN,
        parameters={150_000: 4, 300_000: 2},
        epochs={15: 2},
        simple_layers=2,
        changes={4: 2},
    )


@pytest.mark.parametrize(
    ("value", "points"), [(150_000, 4), (150_001, 2), (300_000, 2), (300_001, 0)]
)
def test_at_most(value: float, points: float) -> None:
    assert at_most(value, {150_000: 4, 300_000: 2}) == points


@pytest.mark.parametrize(
    ("hidden", "changes", "points", "word"),
    [
        ((64,), {}, 10, "50,890 parameters"),
        ((1000, 10), {}, 6, "795,120 parameters"),
        ((300,), {}, 8, "238,510 parameters"),
        ((64,), {"epochs": 3}, 10, "(4)"),  # shorter is no change
        ((64,), {"epochs": 16}, 6, "16 epochs"),  # a fifth change, too
        ((64,), {"batch_size": 128}, 8, "batch size"),
    ],
    ids=["reference", "seed's network", "wide", "short", "long", "five changes"],
)
def test_each_limit(
    known: Any,
    make_model: Any,
    final: Any,
    make_log: Any,
    hidden: Sequence[int],
    changes: dict[str, Any],
    points: float,
    word: str,
) -> None:
    model = make_model(hidden)
    score = minimal(model, make_log(final(model, hidden=hidden, **changes)))
    assert (score, score.of) == (points, 10)
    assert any(word in finding.saw for finding in score.findings)


def test_convolutions_are_not_plain(known: Any, make_model: Any, final: Any, make_log: Any) -> None:
    model = make_model(kinds=("Conv2D", "MaxPooling2D"))
    score = minimal(model, make_log(final(model)))
    assert score == 8
    assert "Conv2D, MaxPooling2D" in score.findings[1].saw


def test_dropout_normalisation_and_rescaling_are_plain(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model(kinds=("Rescaling", "Dropout", "BatchNormalization", "Reshape"))
    assert minimal(model, make_log(final(model))) == 10


def test_another_form_of_the_same_choice_is_no_change(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    record = final(model)
    loss = {"class_name": "CategoricalCrossentropy", "config": {"from_logits": True}}
    compiled = {**record.compiled, "loss": loss}
    assert minimal(model, make_log(final(model, compiled=compiled, validation_split=0.1))) == 10


def test_the_epochs_of_all_fits_on_one_model_count(
    known: Any, make_model: Any, make_fit: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    first = make_fit(1, hidden=(64,), activation="relu", learning_rate=1e-3, epochs=10)
    second = final(model, 2, epochs=10, continued_from=1, weights_before=first.weights_after)
    score = minimal(model, make_log(first, second))
    assert any("20 epochs" in finding.saw for finding in score.findings)
    assert score == 6
