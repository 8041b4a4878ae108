"""Studies whose runs had other images, or the wrong ones."""

from __future__ import annotations

from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    DROPOUT,
    STOPPING,
    Case,
    changed,
)
from tests.experiments.validity.pretend import (
    BASE,
    data_of,
    own,
    study,
)

__all__ = ["data"]


def data() -> list[Case]:
    """Return the studies."""
    other = changed(study(ARMS), lambda t: own(t, data=data_of(2_000, "other rows")), "dropout 0.3")
    fewer = changed(
        study(ARMS), lambda t: own(t, data=data_of(1_800, "fewer rows"), steps=144), "dropout 0.1"
    )
    split = ARMS | {"dropout 0.3": BASE.but(dropout=0.3, split_seed=1)}
    judged = changed(
        study(ARMS), lambda t: own(t, validation=data_of(1_000, "others")), "dropout 0.3"
    )
    raw = {"maximum": 255.0, "factor": 1.0, "mean": 33.3}
    not_scaled = [
        own(t, data=data_of(2_000, "train 0", **raw), validation=data_of(1_000, "val 0", **raw))
        for t in study(ARMS)
    ]
    of_225 = {"maximum": 255 / 225, "factor": 1 / 225, "mean": 0.148}
    by_225 = changed(
        study(ARMS),
        lambda t: own(
            t,
            data=data_of(2_000, "train 0", **of_225),
            validation=data_of(1_000, "val 0", **of_225),
        ),
        "dropout 0.3",
    )
    uneven = [own(t, validation=data_of(1_000, "val 0", **raw)) for t in study(ARMS)]
    on_test = changed(
        study(ARMS),
        lambda t: own(t, data=data_of(2_000, "train 0", test_rows=500, train_rows=1_500)),
        "dropout 0.3",
    )
    tests = data_of(10_000, "test", train_rows=0, test_rows=10_000)
    chosen = [own(t, validation=tests) for t in study(ARMS)]
    stopped = [own(t, validation=tests) for t in study(STOPPING)]
    shared = [own(t, shared_rows=1_000) for t in study(ARMS)]
    trained = [own(t, validation=t.fit.data) for t in study(ARMS)]
    return [
        Case("one arm trained on other rows", "other-data", other, DROPOUT, "3 of 9"),
        Case("one arm trained on fewer rows", "other-data", fewer, DROPOUT, "1,800"),
        Case("one arm with another split", "other-data", study(split), DROPOUT, "2,000"),
        Case("one arm judged on other rows", "other-data", judged, DROPOUT, "judged"),
        Case("pixels up to 255", "not-normalised", not_scaled, DROPOUT, "255"),
        Case("one arm divided by 225", "other-scaling", by_225, DROPOUT, "225"),
        Case("validation images not divided", "scaled-differently", uneven, DROPOUT, "255"),
        Case("test images among the training rows", "trained-on-test", on_test, DROPOUT, "500"),
        Case("arms chosen by the test set", "test-for-choosing", chosen, DROPOUT, "10,000"),
        Case(
            "stopped by the test set",
            "test-for-choosing",
            stopped,
            Design("patience", arms=3, metric="test_accuracy"),
            "stop",
        ),
        Case(
            "validation rows are training rows", "validated-on-training", shared, DROPOUT, "1,000"
        ),
        Case("judged on the training data", "validated-on-training", trained, DROPOUT, "2,000"),
    ]
