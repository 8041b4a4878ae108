"""The same checks on networks that were really trained, by `run` and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.experiments import Configuration, Design, Trial, own_trial, run
from mnist_course.experiments.recording import recorder
from mnist_course.experiments.recording.settings import settings
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.validity.examine import examine
from tests.experiments.validity.cases import none_shipped
from tests.experiments.validity.pretend import pretend, with_measured

pytestmark = pytest.mark.keras

TINY = Configuration(train_rows=300, validation_rows=200, hidden=(8,), epochs=2, batch_size=50)
KINDS = {
    "plain": TINY,
    "everything": TINY.but(
        conv=(2,), hidden=(8, 4), dropout=0.2, l2=0.001, activation="tanh",
        optimizer="adamw", weight_decay=0.004, learning_rate=0.002,
    ),
    "updates": TINY.but(optimizer="sgd", momentum=0.9, learning_rate=0.1, updates=9),
    "linear": TINY.but(hidden=(), batch_size=300, epochs=1),
}  # fmt: skip
DESIGN = Design("dropout", arms=2, seeds=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrialStore:
    return TrialStore(tmp_path_factory.mktemp("trials"))


def found(trials: list[Trial], design: Design = DESIGN) -> set[str]:
    return {problem.kind for problem in examine(trials, design, find_shipped=none_shipped)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pretended_trial_has_the_record_of_a_real_one(kind: str, store: TrialStore) -> None:
    """The planted errors are planted in records of the right form."""
    configuration = KINDS[kind]
    real, made = run(configuration, 1, arm=kind, store=store), pretend(configuration, 1, kind)
    assert settings(made.fit) == settings(real.fit)
    for name in (
        "epochs", "batch_size", "steps", "epochs_planned", "parameters", "callbacks", "shuffle",
        "validation_split", "shared_rows", "continued_from", "arguments", "stopped_by",
    ):  # fmt: skip
        assert getattr(made.fit, name) == getattr(real.fit, name), name
    assert set(made.fit.history) == set(real.fit.history)
    assert {len(values) for values in made.fit.history.values()} == {real.fit.epochs}
    assert set(made.measured) <= set(real.measured)
    for part in ("data", "validation"):
        one, other = getattr(made.fit, part), getattr(real.fit, part)
        assert (one.rows, one.factor, one.train_rows, one.test_rows, one.labels, one.dataset) == (
            other.rows, other.factor, other.train_rows, other.test_rows, other.labels,
            other.dataset,
        )  # fmt: skip
    assert found([real], Design("dropout", arms=1, seeds=1)) == set()


def test_a_real_study_is_valid_and_planted_errors_in_it_are_found(store: TrialStore) -> None:
    arms = {"no dropout": TINY, "dropout 0.3": TINY.but(dropout=0.3)}
    trials = [run(c, seed, arm=arm, store=store) for arm, c in arms.items() for seed in (0, 1)]
    assert found(trials) == set()
    assert found([*trials[:2], *(t.named("dropout 0.5") for t in trials[2:])]) == {"label-differs"}
    assert found([*trials[:3], replace(trials[2], seed=1)]) == {"run-copied"}
    other = [run(TINY.but(learning_rate=0.01), s, arm="dropout 0.3", store=store) for s in (0, 1)]
    assert "two-changes" in found([*trials[:2], *other]) | found(
        [*trials[:2], *(t.named("more") for t in other)]
    )
    shown = [with_measured(t, val_accuracy=0.999) if t.seed else t for t in trials]
    assert found(shown) == {"measured-differs"}


def test_early_stopping_that_stopped(store: TrialStore) -> None:
    long = TINY.but(epochs=40, optimizer="sgd", learning_rate=1.0, momentum=0.5)
    trials = [
        run(c, seed, arm=arm, store=store)
        for arm, c in {"to the end": long, "patience 2": long.but(patience=2)}.items()
        for seed in (0, 1)
    ]
    stopped = [t for t in trials if t.arm == "patience 2"]
    assert all(t.fit.epochs < 40 for t in stopped)
    assert found(trials, Design("patience", control="to the end", seeds=2)) == set()
    reported = [
        with_measured(t, val_accuracy=t.fit.history["val_accuracy"][-1])
        if t.arm == "patience 2"
        else t
        for t in trials
    ]
    changed = any(a.measured != b.measured for a, b in zip(reported, trials, strict=True))
    assert changed
    assert found(reported, Design("patience", seeds=2)) == {"last-epoch-reported"}


@pytest.fixture
def hand(mnist_data: Any) -> Iterator[Any]:
    """Return train(arm, seed, ...): a fit by hand as a student writes it, as a trial."""
    import keras

    from mnist_course.experiments import ExperimentLog

    (x, y), _ = mnist_data
    x, y = (x[:500] / 255).astype(np.float32), y[:500].astype(np.int64)
    log = ExperimentLog(fresh=True)

    def build(seed: int, rate: float, functional: bool = False, scale: bool = False) -> Any:
        keras.utils.set_random_seed(seed)
        images = keras.Input((28, 28))
        layers = [
            *([keras.layers.Rescaling(1 / 255)] if scale else []),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            *([keras.layers.Dropout(rate)] if rate else []),
            keras.layers.Dense(10, activation="softmax"),
        ]
        if functional:
            outputs = images
            for layer in layers:
                outputs = layer(outputs)
            model = keras.Model(images, outputs)
        else:
            model = keras.Sequential([images, *layers])
        model.compile(
            optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    def train(arm: str, seed: int, model: Any, *, factor: float = 1.0) -> Trial:
        x_train, x_val = factor * x[:300], factor * x[300:]
        model.fit(
            x_train, y[:300], batch_size=50, epochs=2, verbose=0, validation_data=(x_val, y[300:])
        )
        return own_trial(arm, seed, log, model=model, x_val=x_val, y_val=y[300:])

    class Hand:
        pass

    Hand.build, Hand.train = staticmethod(build), staticmethod(train)  # type: ignore[attr-defined]
    yield Hand
    recorder.stop()


def test_fits_by_hand_in_any_form_are_a_valid_study(hand: Any) -> None:
    trials = [
        hand.train("none", 0, hand.build(0, 0.0)),
        hand.train("none", 1, hand.build(1, 0.0, functional=True)),
        hand.train("some", 0, hand.build(0, 0.3, functional=True)),
        hand.train("some", 1, hand.build(1, 0.3, scale=True), factor=255.0),
    ]
    assert found(trials) == set()


def test_a_model_that_was_not_built_again_between_arms(hand: Any) -> None:
    control = [hand.train("none", seed, hand.build(seed, 0.0)) for seed in (0, 1)]
    model = hand.build(0, 0.3)
    some = [hand.train("some", seed, model) for seed in (0, 1)]
    assert found([*control, *some]) == {"not-fresh"}


def test_runs_that_begin_with_the_same_weights_and_divide_by_225(hand: Any) -> None:
    control = [hand.train("none", seed, hand.build(seed, 0.0)) for seed in (0, 1)]
    same = [hand.train("some", seed, hand.build(5, 0.3)) for seed in (0, 1)]
    # One seed gives one network: the two runs are even copies.
    assert found([*control, *same]) <= {"same-start", "run-copied"} and found([*control, *same])
    scaled = [hand.train("some", seed, hand.build(seed, 0.3), factor=255 / 225) for seed in (0, 1)]
    assert found([*control, *scaled]) == {"other-scaling"}
