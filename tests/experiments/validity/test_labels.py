"""What the name of an arm promises, in many spellings."""

from __future__ import annotations

import pytest

from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.labels import check_labels
from tests.experiments.validity.pretend import BASE, own, pretend

SGD = BASE.but(optimizer="sgd", learning_rate=0.1)
MOMENTUM = SGD.but(momentum=0.9)
DROPPED = BASE.but(dropout=0.3)
LONG = BASE.but(epochs=20, patience=3)


def kinds(label: str, configuration: Configuration) -> list[str]:
    trial = pretend(configuration, 0, label)
    design = Design("dropout")
    found = check_labels([trial], design)
    assert [p.kind for p in check_labels([own(trial)], design)] in (
        [p.kind for p in found],
        [],  # a fit by hand shows less
    )
    return [problem.kind for problem in found]


@pytest.mark.parametrize(
    ("label", "configuration"),
    [
        ("dropout 0.3", DROPPED), ("Dropout=.3", DROPPED), ("30 % dropout", DROPPED),
        ("drop-out of 0.3", DROPPED), ("dropout: 0,3", DROPPED), ("0.3 dropout, 4 epochs", DROPPED),
        ("4 epochs dropout 0.3", DROPPED), ("dropout (0.3)", DROPPED), ("dropout_0.3", DROPPED),
        ("dropout 0.1-0.5", DROPPED), ("some dropout", DROPPED), ("C", DROPPED), ("", DROPPED),
        ("no dropout", BASE), ("without L2 or dropout", BASE), ("dropout off", BASE),
        ("lr 1e-3", BASE), ("learning_rate=0.001", BASE), ("lr 10^-3", BASE), ("lr 1/1000", BASE),
        ("lr 10⁻³", BASE), ("adam", BASE), ("Adam(lr=0.001)", BASE), ("relu", BASE),
        ("not adam", SGD), ("sgd", SGD), ("SGD, no momentum", SGD), ("plain SGD", SGD),
        ("momentum", MOMENTUM), ("sgd + momentum", MOMENTUM), ("SGD momentum=0.9", MOMENTUM),
        ("adam vs. sgd", MOMENTUM), ("sgd better than adam", MOMENTUM),
        ("batch 50", BASE), ("batch size of 50", BASE), ("BS=50", BASE), ("50-batch", BASE),
        ("width 32", BASE), ("32 units", BASE), ("depth 1", BASE), ("depth 2", BASE),
        ("patience 3, 20 epochs", LONG), ("patience=3", LONG),
        ("1,000 updates", BASE.but(updates=1_000, epochs=100)),
        ("1000 updates", BASE.but(updates=1_000, epochs=100)),
        ("L2 1e-3", BASE.but(l2=0.001)), ("λ=0.001", BASE.but(l2=0.001)),
        ("weight decay 0.01", BASE.but(optimizer="adamw", weight_decay=0.01)),
        ("adamw", BASE.but(optimizer="adamw", weight_decay=0.01)),
        ("64 filters", BASE.but(conv=(8,))), ("2 × 3 convolutions", BASE.but(conv=(8,))),
        ("0.3", BASE), ("arm 7", BASE), ("🦊", BASE), ("x" * 80, BASE),
    ],
)  # fmt: skip
def test_labels_that_tell_the_truth(label: str, configuration: Configuration) -> None:
    assert kinds(label, configuration) == []


@pytest.mark.parametrize(
    ("label", "configuration"),
    [
        ("dropout 0.3", BASE), ("dropout 0.3", BASE.but(dropout=0.1)), ("no dropout", DROPPED),
        ("3 % dropout", DROPPED), ("lr 0.01", BASE), ("lr=1e-4", BASE), ("adam", SGD),
        ("adam", BASE.but(optimizer="adamw")), ("sgd", BASE), ("momentum", SGD),
        ("momentum 0.5", MOMENTUM), ("SGD without momentum", MOMENTUM), ("tanh", BASE),
        ("relu", BASE.but(activation="elu")), ("batch 8", BASE), ("BS=128", BASE),
        ("width 64", BASE), ("depth 5", BASE), ("patience 5", LONG), ("patience 3", BASE),
        ("20 epochs", BASE), ("500 updates", BASE), ("L2 0.01", BASE.but(l2=0.001)),
        ("no L2", BASE.but(l2=0.001)),
    ],
)  # fmt: skip
def test_labels_that_do_not(label: str, configuration: Configuration) -> None:
    assert kinds(label, configuration) == ["label-differs"]
