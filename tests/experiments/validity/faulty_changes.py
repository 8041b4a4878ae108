"""Studies whose arms differ in more than one thing."""

from __future__ import annotations

from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    BATCH,
    DROPOUT,
    OPTIMIZERS,
    Case,
    changed,
    first_changed,
)
from tests.experiments.validity.pretend import (
    BASE,
    compiled_of,
    own,
    pretend,
    study,
)

__all__ = ["budgets", "changes"]


def changes() -> list[Case]:
    """Return the studies."""
    rate_too = ARMS | {"dropout 0.3": BASE.but(dropout=0.3, learning_rate=0.01)}
    wider_too = ARMS | {"dropout 0.3": BASE.but(dropout=0.3, hidden=(128,))}
    longer = ARMS | {"dropout 0.3": BASE.but(dropout=0.3, epochs=12)}
    done_only = changed(
        study(ARMS),
        lambda t: own(t, compiled=compiled_of(BASE.but(learning_rate=0.05), t.seed)),
        "dropout 0.3",
    )
    batch_by_hand = changed(study(ARMS), lambda t: own(t, batch_size=25, steps=320), "dropout 0.1")
    mixed = [
        *study({"no dropout": BASE, "dropout 0.1": ARMS["dropout 0.1"]}),
        pretend(ARMS["dropout 0.3"], 0, "dropout 0.3"),
        pretend(ARMS["dropout 0.3"].but(activation="tanh"), 1, "dropout 0.3"),
        pretend(ARMS["dropout 0.3"], 2, "dropout 0.3"),
    ]
    interrupted = first_changed(
        study(ARMS),
        lambda t: own(
            t,
            epochs=2,
            steps=80,
            stopped_by="KeyboardInterrupt",
            history={n: v[:2] for n, v in t.fit.history.items()},
        ),
        "dropout 0.3",
    )
    augmented = {
        "dense": BASE,
        "convolution": BASE.but(conv=(4,), augmentation=("shift",)),
    }
    return [
        Case("dropout and learning rate at once", "two-changes", study(rate_too), DROPOUT, "0.01"),
        Case("dropout and width at once", "two-changes", study(wider_too), DROPOUT, "128"),
        Case("dropout and three times the epochs", "two-changes", study(longer), DROPOUT, "12"),
        Case(
            "another learning rate that only the record shows",
            "two-changes",
            done_only,
            DROPOUT,
            "0.05",
        ),
        Case("another batch size in a fit by hand", "two-changes", batch_by_hand, DROPOUT, "25"),
        Case(
            "optimizers at their own rates where one was asked for",
            "two-changes",
            study(OPTIMIZERS),
            Design("optimizer", control="sgd", arms=3),
            "learning rate",
        ),
        Case(
            "convolution and augmentation at once",
            "two-changes",
            study(augmented),
            Design("architecture"),
            "augmentation",
        ),
        Case("one run of an arm has another activation", "arm-mixed", mixed, DROPOUT, "tanh"),
        Case("one run was interrupted", "arm-mixed", interrupted, DROPOUT, "epochs"),
    ]


def budgets() -> list[Case]:
    """Return the studies."""
    twice = BATCH | {"batch 128": BASE.but(batch_size=128, epochs=8)}
    units = {
        "depth 1": BASE.but(hidden=(32,)),
        "depth 2": BASE.but(hidden=(256, 256)),
        "depth 3": BASE.but(hidden=(32, 32, 32)),
    }
    return [
        Case(
            "equal epochs where equal updates are asked for",
            "unequal-updates",
            study(BATCH),
            Design("batch size", equal="updates", arms=3),
            "1,000 updates",
        ),
        Case(
            "equal updates only, where both are asked for",
            "unequal-epochs",
            study({n: c.but(updates=60, epochs=20) for n, c in BATCH.items()}),
            Design("batch size", equal=("epochs", "updates"), arms=3),
            "epochs",
        ),
        Case(
            "one batch size got twice the epochs",
            "unequal-epochs",
            study(twice),
            Design("batch size", equal="epochs", arms=3),
            "8 epochs",
        ),
        Case(
            "depths of very different sizes",
            "unequal-parameters",
            study(units),
            Design("depth", equal="parameters", arms=3),
            "parameters",
        ),
    ]
