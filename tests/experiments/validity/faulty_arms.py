"""Studies whose arms are not what they should be."""

from __future__ import annotations

from dataclasses import replace

from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    BATCH,
    DROPOUT,
    OPTIMIZERS,
    Case,
    changed,
)
from tests.experiments.validity.pretend import (
    BASE,
    layers_of,
    pretend,
    study,
    with_fit,
)

__all__ = ["arms", "labels"]


def labels() -> list[Case]:
    """Return the studies."""
    swapped = {
        "no dropout": BASE,
        "dropout 0.1": ARMS["dropout 0.3"],
        "dropout 0.3": ARMS["dropout 0.1"],
    }
    tenth = [
        pretend(ARMS["dropout 0.1"], t.seed, "dropout 0.3") if t.arm == "dropout 0.3" else t
        for t in study(
            {n: c for n, c in ARMS.items() if n != "dropout 0.1"}
            | {"dropout 0.2": BASE.but(dropout=0.2)}
        )
    ]
    as_asked = changed(
        study(ARMS),
        # The configuration says 0.3, the network that was trained has 0.1.
        lambda t: with_fit(t, layers=layers_of(ARMS["dropout 0.1"])),
        "dropout 0.3",
    )
    numbers = {"0.0": BASE, "0.1": BASE.but(dropout=0.3), "0.3": BASE.but(dropout=0.1)}
    wrong_rate = {
        "adam lr=0.01": BASE,
        "adam lr=0.1": BASE.but(learning_rate=0.1),
        "adam lr=0.0001": BASE.but(learning_rate=0.0001),
    }
    wrong_activation = {
        "relu": BASE,
        "tanh": BASE.but(activation="sigmoid"),
        "elu": BASE.but(activation="elu"),
    }
    plain_sgd = OPTIMIZERS | {
        "momentum": BASE.but(optimizer="sgd", learning_rate=0.03, momentum=0.0)
    }
    return [
        Case(
            "an arm called dropout 0.3 holds 0.1",
            "label-differs",
            tenth,
            Design("dropout", control=0.0, arms=3),
            "0.1",
        ),
        Case("two labels swapped", "label-differs", study(swapped), DROPOUT, "0.3"),
        Case(
            "labels that are bare numbers, swapped", "label-differs", study(numbers), DROPOUT, "0.1"
        ),
        Case(
            "asked for dropout 0.3, trained with 0.1", "not-as-configured", as_asked, DROPOUT, "0.1"
        ),
        Case(
            "the default rate instead of the one in the label",
            "label-differs",
            study(wrong_rate),
            Design("learning rate", arms=3),
            "0.001",
        ),
        Case(
            "called tanh, trained with sigmoid",
            "label-differs",
            study(wrong_activation),
            Design("activation", arms=3),
            "sigmoid",
        ),
        Case(
            "called momentum, trained without",
            "label-differs",
            study(plain_sgd),
            Design("optimizer", arms=3, may_differ=("learning rate",)),
            "momentum",
        ),
        Case(
            "another configuration than trained, under a free name",
            "not-as-configured",
            [replace(t, arm="C") if t.arm == "dropout 0.3" else t for t in as_asked],
            DROPOUT,
            "0.1",
        ),
    ]


def arms() -> list[Case]:
    """Return the studies."""
    two = {name: c for name, c in ARMS.items() if name != "dropout 0.1"}
    without = {
        "dropout 0.1": ARMS["dropout 0.1"],
        "dropout 0.3": ARMS["dropout 0.3"],
        "dropout 0.5": BASE.but(dropout=0.5),
    }
    shapes = {"wide": BASE, "deep": BASE.but(hidden=(32, 32))}
    copied = {"no dropout": BASE, "mild": BASE.but(dropout=0.1), "strong": BASE.but(dropout=0.1)}
    return [
        Case("two arms where three are asked for", "too-few-arms", study(two), DROPOUT, "2 arms"),
        Case("no control arm", "no-control", study(without), DROPOUT, "3 arms"),
        Case(
            "no control arm, where the control is a tuple",
            "no-control",
            study(shapes),
            Design("hidden", control=(64, 64)),
            "with hidden 64, 64",
        ),
        Case(
            "a named arm is missing",
            "arm-missing",
            study({k: OPTIMIZERS[k] for k in ("sgd", "adam")}),
            Design("optimizer", arms=("sgd", "momentum", "adam"), may_differ=("learning rate",)),
            "momentum",
        ),
        Case(
            "a value on the axis is missing",
            "value-missing",
            study(
                {k: BATCH[k] for k in ("batch 8", "batch 32")}
                | {"batch 64": BASE.but(batch_size=64)}
            ),
            Design("batch size", arms=3, values=(8, 32, 128)),
            "128",
        ),
        Case("two arms with one setting", "arms-equal", study(copied), DROPOUT, "0.1"),
    ]
