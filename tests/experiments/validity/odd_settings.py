"""Unusual studies that are right: settings, fits by hand."""

from __future__ import annotations

from mnist_course.experiments.recording.fit_record import LayerRecord
from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.cases import (
    ARMS,
    BATCH,
    DROPOUT,
    L2,
    OPTIMIZER,
    OPTIMIZERS,
    STOPPING,
    Odd,
)
from tests.experiments.validity.pretend import (
    BASE,
    data_of,
    own,
    study,
    with_fit,
)

__all__ = ["own_fits", "settings"]


def settings() -> list[Odd]:
    """Return the studies."""
    sizes = BATCH | {"all at once": BASE.but(batch_size=2_000)}
    equal_updates = {n: c.but(updates=64, epochs=64) for n, c in BATCH.items()}
    both = BATCH | {f"{n}, 160 updates": c.but(updates=160, epochs=40) for n, c in BATCH.items()}
    depth = {
        "depth 1": BASE.but(hidden=(40,)),
        "depth 2": BASE.but(hidden=(38, 38)),
        "depth 3": BASE.but(hidden=(37, 37, 37)),
    }
    shapes = {
        "dense": BASE.but(hidden=(64,)),
        "1 convolution": BASE.but(conv=(8,), hidden=()),
        "2 convolutions": BASE.but(conv=(8, 16), hidden=()),
    }
    with_dropout = {n: c.but(dropout=0.2, l2=0.0001) for n, c in shapes.items()}
    of_conv = {n: BASE.but(conv=(4,), activation=n) for n in ("relu", "tanh", "gelu")}
    moved = {
        "as they are": BASE.but(conv=(4,)),
        "shifted": BASE.but(conv=(4,), augmentation=("shift",)),
        "shifted and turned": BASE.but(conv=(4,), augmentation=("shift", "rotate")),
    }
    rows = {f"{n:,} images": BASE.but(train_rows=n) for n in (500, 2_000, 8_000)}
    tiny = {"no L2": BASE, "L2 1e-9": BASE.but(l2=1e-9), "L2 1e-8": BASE.but(l2=1e-8)}
    return [
        Odd("all images in one batch", study(sizes), Design("batch size", control=50 - 18, arms=4)),
        Odd(
            "equal updates, other epochs",
            study(equal_updates),
            Design("batch size", equal="updates", arms=3),
        ),
        Odd(
            "equal epochs and equal updates with one run in both",
            study(both),
            Design("batch size", equal=("epochs", "updates"), arms=3),
        ),
        Odd("each optimizer at its own rate", study(OPTIMIZERS), OPTIMIZER),
        Odd(
            "depths of nearly equal size", study(depth), Design("depth", equal="parameters", arms=3)
        ),
        Odd("dense against convolutions", study(shapes), Design("architecture", arms=3)),
        Odd(
            "layers of other kinds, each with dropout and L2",
            study(with_dropout),
            Design(("conv", "hidden"), arms=3),
        ),
        Odd("activations of a convolution", study(of_conv), Design("activation", arms=3)),
        Odd("augmentations added one by one", study(moved), Design("augmentation", arms=3)),
        Odd("more and more training images", study(rows), Design("train_rows", arms=3)),
        Odd(
            "early stopping ends each run elsewhere",
            study(STOPPING),
            Design("patience", control="to the end", values=(None, 2, 4), arms=3),
        ),
        Odd(
            "a penalty too small to be seen",
            study(tiny),
            Design("l2", control=0.0, arms=3, metric="val_cross_entropy"),
        ),
        Odd(
            "L2 compared by cross-entropy",
            study(L2),
            Design("l2", control=0.0, arms=3),
            claim=Claim("inconclusive", (), "val_cross_entropy"),
        ),
    ]


def own_fits() -> list[Odd]:
    """Return the studies."""
    by_hand = [own(t, model_name=f"functional_{i}") for i, t in enumerate(study(ARMS))]
    some = [own(t) if t.arm == "dropout 0.3" else t for t in study(ARMS)]
    rescaling = LayerRecord(
        "Rescaling", "rescaling", None, None, 0, None, regularized=False, scale=1 / 255, offset=0.0
    )
    raw = {"maximum": 255.0, "factor": 1.0, "mean": 33.3}
    in_the_model = [
        own(
            t,
            layers=(rescaling, *t.fit.layers),
            data=data_of(2_000, "train 0", **raw),
            validation=data_of(1_000, "val 0", **raw),
        )
        for t in study(ARMS)
    ]
    split = [own(t, validation_split=1 / 3) for t in study(ARMS)]
    unknown = [own(t, data=None, validation=None, batch_size=0) for t in study(ARMS)]
    fashion = [
        own(
            t,
            data=data_of(2_000, "clothes", dataset="fashion_mnist"),
            validation=data_of(1_000, "more clothes", dataset="fashion_mnist"),
        )
        for t in study(ARMS)
    ]
    standardised = {
        "minimum": -0.42,
        "maximum": 2.82,
        "mean": 0.0,
        "factor": 1 / 78.6,
        "offset": -0.42,
    }
    zero_mean = [
        own(
            t,
            data=data_of(2_000, "train 0", **standardised),
            validation=data_of(1_000, "val 0", **standardised),
        )
        for t in study(ARMS)
    ]
    quick = [
        with_fit(
            t,
            history=t.fit.history
            | {"loss": (0.09, 0.05, 0.04, 0.03), "accuracy": (0.972, 0.985, 0.988, 0.99)},
        )
        for t in study({"8 filters": BASE.but(conv=(8,)), "16 filters": BASE.but(conv=(16,))})
    ]
    other_names = [
        own(t, history={n.replace("accuracy", "hits"): v for n, v in t.fit.history.items()})
        for t in study(ARMS)
    ]
    return [
        Odd("fits by hand without a configuration", by_hand, DROPOUT),
        Odd("one arm trained by hand", some, DROPOUT),
        Odd("pixels scaled in the model", in_the_model, DROPOUT),
        Odd("a validation split instead of validation data", split, DROPOUT),
        Odd("data of which nothing is known", unknown, DROPOUT),
        Odd("pictures of clothes", fashion, DROPOUT),
        Odd("standardised pixels", zero_mean, DROPOUT),
        Odd("convolutions that learn in their first epoch", quick, Design("conv")),
        Odd("metrics with names of their own", other_names, DROPOUT),
    ]
