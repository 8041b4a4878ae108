"""Studies whose records contradict themselves."""

from __future__ import annotations

from dataclasses import replace

from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    DROPOUT,
    STOPPING,
    Case,
    changed,
    first_changed,
)
from tests.experiments.validity.faulty_runs import found_among
from tests.experiments.validity.pretend import (
    BASE,
    own,
    study,
    with_fit,
    with_measured,
)

__all__ = ["records", "stopping"]


def records() -> list[Case]:
    """Return the studies."""
    clean = study(ARMS)
    longer = first_changed(clean, lambda t: with_fit(t, epochs=9, epochs_planned=9), "dropout 0.1")
    many = first_changed(
        clean, lambda t: with_measured(with_fit(t, steps=9_999), updates=9_999), "dropout 0.1"
    )
    fast = [
        with_fit(t, seconds=0.0) for t in study({n: c.but(batch_size=4) for n, c in ARMS.items()})
    ]
    better = changed(
        clean,
        lambda t: with_measured(t, val_accuracy=0.9876, val_cross_entropy=0.04),
        "dropout 0.3",
    )
    beyond = first_changed(clean, lambda t: with_measured(t, val_accuracy=91.2), "dropout 0.3")
    shipped = [replace(t, source="shipped") for t in clean]
    altered = first_changed(
        shipped, lambda t: with_measured(t, val_cross_entropy=0.1), "dropout 0.3"
    )
    return [
        Case("curves shorter than the epochs", "impossible-record", longer, DROPOUT, "9 epochs"),
        Case("more updates than the epochs can hold", "impossible-record", many, DROPOUT, "9,999"),
        Case("thousands of updates in no time", "impossible-record", fast, DROPOUT, "0 seconds"),
        Case("an accuracy beyond 1", "impossible-record", beyond, DROPOUT, "91.2"),
        Case("numbers that no epoch gave", "measured-differs", better, DROPOUT, "0.9876"),
        Case(
            "a shipped trial with another number",
            "shipped-altered",
            altered,
            DROPOUT,
            "0.1",
            find_shipped=found_among(clean),
        ),
        Case(
            "called shipped, but none of the course's",
            "shipped-altered",
            shipped,
            DROPOUT,
            "no such trial",
        ),
    ]


def stopping() -> list[Case]:
    """Return the studies."""
    too_long = {
        "to the end": BASE,
        "patience 5": BASE.but(patience=5),
        "patience 8": BASE.but(patience=8),
    }
    last = [
        with_measured(
            t,
            val_accuracy=t.fit.history["val_accuracy"][-1],
            val_cross_entropy=t.fit.history["val_cross_entropy"][-1],
        )
        for t in study(STOPPING)
    ]
    by_hand = [own(t) if "patience" in t.arm else t for t in last]
    return [
        Case(
            "patience longer than the training",
            "patience-too-long",
            study(too_long),
            Design("patience", arms=3),
            "patience 5 and 4 epochs",
        ),
        Case(
            "the last epoch reported after the best was restored",
            "last-epoch-reported",
            last,
            Design("patience", arms=3),
            "epoch",
        ),
        Case(
            "history[-1] of a fit by hand",
            "last-epoch-reported",
            by_hand,
            Design("patience", arms=3),
            "epoch",
        ),
    ]
