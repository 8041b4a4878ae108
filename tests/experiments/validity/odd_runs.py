"""Unusual studies that are right: names, runs."""

from __future__ import annotations

import math
from dataclasses import replace

from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    DROPOUT,
    OPTIMIZERS,
    Odd,
)
from tests.experiments.validity.pretend import (
    BASE,
    study,
    with_fit,
    with_measured,
)

__all__ = ["names", "runs"]


def names() -> list[Odd]:
    """Return the studies."""
    renamed = {"A": BASE, "B": ARMS["dropout 0.1"], "C": ARMS["dropout 0.3"]}
    german = {
        "ohne Dropout": BASE,
        "ein Zehntel": ARMS["dropout 0.1"],
        "Dropout 0,3": ARMS["dropout 0.3"],
    }
    russian = {"без dropout": BASE, "немного": ARMS["dropout 0.1"], "больше": ARMS["dropout 0.3"]}
    percent = {
        "no drop-out": BASE,
        "10% dropout": ARMS["dropout 0.1"],
        "dropout: 30 %": ARMS["dropout 0.3"],
    }
    counted = {"1": BASE.but(batch_size=20), "2": BASE, "3": BASE.but(batch_size=100)}
    wordy = {
        "Adam instead of SGD, lr=1e-3": BASE,
        "plain SGD (learning rate 0.1)": OPTIMIZERS["sgd"],
        "SGD with momentum 0.9": OPTIMIZERS["momentum"],
    }
    depths = {
        "linear": BASE.but(hidden=()),
        "2 layers, 784-32-10": BASE,
        "depth 3 (with the output)": BASE.but(hidden=(32, 32)),
    }
    long = {
        "5 epochs, dropout off": BASE.but(epochs=5),
        "epochs: 10, no dropout": BASE.but(epochs=10),
        "20 epochs": BASE.but(epochs=20),
    }
    return [
        Odd("arms called A, B, C", study(renamed), DROPOUT),
        Odd("names in German, with a decimal comma", study(german), DROPOUT),
        Odd("names in Russian", study(russian), DROPOUT),
        Odd("rates in percent", study(percent), DROPOUT),
        Odd("arms that are counted", study(counted), Design("batch_size", arms=3)),
        Odd(
            "names that say much",
            study(wordy),
            Design("optimizer", control="sgd", arms=3, may_differ=("learning rate",)),
        ),
        Odd("depth counted with and without the output", study(depths), Design("depth", arms=3)),
        Odd(
            "one run cut three times",
            study(long),
            Design("epochs", control=5, values=(5, 10, 20), arms=3),
        ),
    ]


def runs() -> list[Odd]:
    """Return the studies."""
    other_seeds = [
        *study({"no dropout": BASE}, (0, 1, 2)),
        *study({"dropout 0.1": ARMS["dropout 0.1"]}, (10, 11, 12, 13, 14)),
        *study({"dropout 0.3": ARMS["dropout 0.3"]}, (2_147_483_647, 7, 123_456)),
    ]
    diverged = [
        with_measured(
            with_fit(
                t,
                history=dict.fromkeys(t.fit.history, (math.nan,) * 4)
                | {"val_accuracy": (0.098,) * 4, "accuracy": (0.099,) * 4},
                accuracy=0.098,
                weights_after="7e" * 16,  # NaN everywhere, whatever the seed was
            ),
            val_accuracy=0.098,
            val_cross_entropy=math.nan,
            train_cross_entropy=math.nan,
            weight_norm=math.nan,
            gap=math.nan,
            best_epoch=math.nan,
        )
        for t in study({"rate 10": BASE.but(optimizer="sgd", learning_rate=10.0)})
    ]
    rates = [
        *study(
            {
                "lr 0.1": BASE.but(optimizer="sgd", learning_rate=0.1),
                "lr 1": BASE.but(optimizer="sgd", learning_rate=1.0),
            }
        ),
        *diverged,
    ]
    sigmoid = study({"relu": BASE.but(hidden=(32,) * 6)})
    dead = [
        with_measured(
            with_fit(t, history=t.fit.history | {"val_accuracy": (0.1135,) * 4}, accuracy=0.1135),
            val_accuracy=0.1135,
        )
        for t in study({"sigmoid": BASE.but(hidden=(32,) * 6, activation="sigmoid")}, spread=0)
    ]
    shipped = [replace(t, source="shipped") for t in study(ARMS, (0, 1, 2, 3))]
    known = {(t.configuration, t.seed): t for t in shipped}
    stored = [replace(t, source="stored") for t in study(ARMS, (4,))]
    unknown_start = [with_fit(t, weights_before="") for t in study(ARMS)]
    exact = study(ARMS, spread=0.0)
    frozen = [
        with_fit(t, weights_after=t.fit.weights_before)
        for t in study({"all layers frozen": BASE.but(layer_rates=(0, 0))})
    ]
    return [
        Odd("other seeds and other numbers of runs in each arm", other_seeds, DROPOUT),
        Odd("all runs of one arm diverged", rates, Design("learning rate", control=0.1, arms=3)),
        Odd("an arm that learns nothing", [*sigmoid, *dead], Design("activation", control="relu")),
        Odd(
            "shipped runs and one stored run of their own",
            [*shipped, *stored],
            Design("dropout", control=0.0, arms=3, own_seeds=1),
            find_shipped=lambda c, seed: known.get((c, seed)),
        ),
        Odd(
            "the order of the runs is mixed",
            sorted(study(ARMS), key=lambda t: (-t.seed, t.arm)),
            DROPOUT,
        ),
        Odd(
            "an arm whose layers are all frozen",
            [*study({"plain": BASE, "slow start": BASE.but(layer_rates=(0.1, 1))}), *frozen],
            Design("layer rates", control="plain", arms=3),
        ),
        Odd("initial weights that nobody knows", unknown_start, DROPOUT),
        Odd(
            "arms that do not differ in what they reach",
            exact,
            DROPOUT,
            claim=Claim("tie", ("no dropout", "dropout 0.1")),
        ),
    ]
