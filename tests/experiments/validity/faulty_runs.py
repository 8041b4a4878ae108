"""Studies with too few runs, copied or warm ones."""

from __future__ import annotations

from dataclasses import replace

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    DROPOUT,
    Case,
    Find,
    changed,
    first_changed,
)
from tests.experiments.validity.pretend import (
    own,
    study,
    with_fit,
)

__all__ = ["found_among", "runs"]


def runs() -> list[Case]:
    """Return the studies."""
    clean = study(ARMS)
    first = {t.seed: t for t in clean if t.arm == "no dropout"}
    went_on = changed(
        clean,
        lambda t: with_fit(t, weights_before=first[t.seed].fit.weights_after),
        "dropout 0.1",
    )
    continued = changed(clean, lambda t: with_fit(t, number=4, continued_from=3), "dropout 0.3")
    warm = first_changed(
        clean,
        lambda t: with_fit(
            t,
            history=t.fit.history
            | {"loss": (0.05, 0.04, 0.03, 0.02), "accuracy": (0.985, 0.99, 0.991, 0.992)},
        ),
        "dropout 0.3",
    )
    start = clean[0].fit.weights_before
    one_start = changed(clean, lambda t: with_fit(t, weights_before=start), "dropout 0.3")
    two_seeds = [t for t in clean if t.seed < 2]
    one_run = {t.arm: t for t in clean if t.seed == 0}
    copied = [replace(one_run[t.arm], seed=t.seed) for t in clean]
    twice = [*clean, *(t for t in clean if t.arm == "no dropout" and t.seed == 0)]
    relabelled = [
        *(t for t in clean if t.arm != "dropout 0.3"),
        *(
            with_fit(first[t.seed], layers=t.fit.layers, parameters=t.fit.parameters).named(t.arm)
            for t in clean
            if t.arm == "dropout 0.3"
        ),
    ]
    relabelled = [replace(t, configuration=None, source="own fit") for t in relabelled]
    one_step = [own(t, steps=4, arguments={"steps_per_epoch": "1"}) for t in clean]
    return [
        Case(
            "each arm goes on with the network of the one before",
            "not-fresh",
            went_on,
            DROPOUT,
            "began",
        ),
        Case("a fit that continued an earlier one", "not-fresh", continued, DROPOUT, "earlier fit"),
        Case("a first epoch that is too good", "not-fresh", warm, DROPOUT, "0.050"),
        Case("all seeds begin with the same weights", "same-start", one_start, DROPOUT, "3 runs"),
        Case("two seeds where three are asked for", "too-few-seeds", two_seeds, DROPOUT, "2 runs"),
        Case(
            "one run, written down three times", "run-copied", copied, DROPOUT, "seeds 0, 1 and 2"
        ),
        Case("one run there twice", "run-copied", twice, DROPOUT, "2 times"),
        Case(
            "an arm that is the control under another name",
            "run-copied",
            relabelled,
            DROPOUT,
            "same weights",
        ),
        Case(
            "only what came with the course",
            "no-own-run",
            clean,
            Design("dropout", control=0.0, arms=3, own_seeds=1),
            "0 runs",
            find_shipped=found_among(clean),
        ),
        Case(
            "what came with the course, called run",
            "no-own-run",
            [replace(t, source="run") for t in clean],
            Design("dropout", control=0.0, arms=3, own_seeds=1),
            "0 runs",
            find_shipped=found_among(clean),
        ),
        Case("epochs of a single update", "one-step-epochs", one_step, DROPOUT, "4 updates"),
    ]


def found_among(trials: list[Trial]) -> Find:
    """Return a finder for which these trials came with the course."""
    known = {(t.configuration, t.seed): replace(t, source="shipped") for t in trials}
    return lambda configuration, seed: known.get((configuration, seed))
