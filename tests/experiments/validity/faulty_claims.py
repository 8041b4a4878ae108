"""Studies from which something is concluded that they cannot show."""

from __future__ import annotations

from dataclasses import replace

from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    DROPOUT,
    L2,
    Case,
)
from tests.experiments.validity.pretend import (
    own,
    study,
    with_measured,
)

__all__ = ["conclusions"]


def conclusions() -> list[Case]:
    """Return the studies."""
    of_l2 = study(L2)
    design = Design("l2", control=0.0, arms=3, metric="val_cross_entropy")
    with_loss = [with_measured(t, val_loss=t.fit.history["val_loss"][-1]) for t in of_l2]
    as_entropy = [
        own(with_measured(t, val_cross_entropy=t.fit.history["val_loss"][-1])) for t in of_l2
    ]
    clean = study(ARMS)
    return [
        Case(
            "val_loss compared under L2",
            "penalty-in-loss",
            with_loss,
            replace(design, metric="val_loss"),
            "val_loss",
        ),
        Case(
            "a claim by val_loss under L2",
            "penalty-in-loss",
            with_loss,
            design,
            "val_loss",
            claim=Claim("winner", ("no L2",), "val_loss"),
        ),
        Case(
            "val_loss reported as cross-entropy", "penalty-in-loss", as_entropy, design, "val_loss"
        ),
        Case(
            "a claim about an arm that was never run",
            "claim-without-trial",
            clean,
            DROPOUT,
            "0.5",
            claim=Claim("winner", ("dropout 0.5",)),
        ),
        Case(
            "a claim by the test set",
            "test-for-choosing",
            clean,
            DROPOUT,
            "test_accuracy",
            claim=Claim("winner", ("no dropout",), "test_accuracy"),
        ),
        Case(
            "a claim by the training images",
            "judged-on-training",
            clean,
            DROPOUT,
            "train_accuracy",
            claim=Claim("winner", ("no dropout",), "train_accuracy"),
        ),
        Case(
            "a claim by a number that nobody measured",
            "claim-not-measured",
            clean,
            DROPOUT,
            "val_f1",
            claim=Claim("winner", ("no dropout",), "val_f1"),
        ),
    ]
