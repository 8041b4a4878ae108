"""The histories below were measured on MNIST (784-128-10 unless said otherwise), then rounded."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.history import LN10, TEST_SHARES, TRAIN_SHARES, check_history
from mnist_course.diagnosis.layer_facts import LayerFacts
from mnist_course.diagnosis.network import Network

DENSE = LayerFacts("Dense", "dense", 128, "relu")
OUTPUT = LayerFacts("Dense", "out", 10, "softmax")
PENALISED = LayerFacts("Dense", "dense", 64, "relu", regularized=True)
LOSS = "sparse_categorical_crossentropy"


def network(rate: float | None = 1e-3, optimizer: str = "adam", **more: Any) -> Network:
    settings: dict[str, Any] = {"layers": (DENSE, OUTPUT), "loss": LOSS, "from_logits": False}
    return Network(**(settings | {"optimizer": optimizer, "learning_rate": rate} | more))


def names(findings: list[Finding]) -> list[str]:
    return [finding.name for finding in findings]


WRONG: dict[str, tuple[str, dict[str, list[float]], dict[str, Any]]] = {
    "baseline is stuck": (
        "stuck-at-ln10",
        {
            "loss": [2.3852, 2.3338, 2.2946, 2.2601, 2.2297],
            "accuracy": [0.1023, 0.1156, 0.1458, 0.1873, 0.2336],
            "val_accuracy": [0.1026, 0.1245, 0.1571, 0.1966, 0.2386],
        },
        {"network": network(1e-5)},
    ),
    "baseline is too slow": (
        "learning-rate-too-low",
        {
            "loss": [2.3852, 2.3338, 2.2946, 2.2601, 2.2297],
            "accuracy": [0.1023, 0.1156, 0.1458, 0.1873, 0.2336],
        },
        {"network": network(1e-5)},
    ),
    "Adam 1e-5": (
        "learning-rate-too-low",
        {"loss": [1.6702, 0.8666, 0.6054, 0.4944, 0.4334]},
        {"network": network(1e-5)},
    ),
    "SGD 1e-3": (
        "learning-rate-too-low",
        {"loss": [1.6655, 0.9039, 0.6592, 0.5536, 0.4941]},
        {"network": network(1e-3, "sgd")},
    ),
    "slow, rate unknown": (
        "learning-rate-too-low",
        {"loss": [2.3852, 2.3338, 2.2946, 2.2601, 2.2297]},
        {},
    ),
    "slow, rate as usual": (
        "still-learning",
        {"loss": [1.9, 1.2, 0.9, 0.7]},
        {"network": network(1e-3)},
    ),
    "Adam 0.1": (
        "learning-rate-too-high",
        {"loss": [0.6827, 0.4410, 0.5168, 0.5309, 0.5384]},
        {"network": network(0.1), "steps": 469},
    ),
    "Adam 0.3": (
        "learning-rate-too-high",
        {"loss": [2.8467, 2.0457, 2.1209, 2.0916, 2.0994]},
        {},
    ),
    "Adam 0.05, flat": (
        "learning-rate-too-high",
        {"loss": [0.3588, 0.2591, 0.2583, 0.2634, 0.2534]},
        {"network": network(0.05)},
    ),
    "SGD 1 on 2,000 images": (
        "learning-rate-too-high",
        {"loss": [2.3166, 1.4218, 1.2195, 1.4699, 1.2, 1.5]},
        {"network": network(1.0, "sgd"), "steps": 63},
    ),
    "NaN": ("nan-loss", {"loss": [2.1, math.nan], "val_accuracy": [0.3, 0.0980]}, {}),
    "infinite": ("nan-loss", {"loss": [math.inf, math.inf]}, {}),
    "NaN on validation": ("nan-loss", {"loss": [1.0], "val_loss": [math.nan]}, {}),
    "always 0": ("always-one-class", {"loss": [2.30], "val_accuracy": [0.098]}, {}),
    "always 0, float32": (
        "always-one-class",
        {"loss": [2.3], "val_accuracy": [0.09799999743700027]},
        {},
    ),
    "always 1": ("always-one-class", {"loss": [2.31], "val_accuracy": [0.1135]}, {}),
    "always 5": ("always-one-class", {"loss": [2.33], "val_accuracy": [0.0892]}, {}),
    "always 1, training set": ("always-one-class", {"loss": [2.3], "accuracy": [0.11237]}, {}),
    "Fashion, one class": (
        "always-one-class",
        {"loss": [2.3, 2.3], "val_accuracy": [0.1, 0.1]},
        {},
    ),
    "warm start": (
        "already-trained",
        {"loss": [0.07, 0.05], "accuracy": [0.979, 0.985]},
        {"network": network()},
    ),
    "overfit": (
        "overfit",
        {
            "loss": [0.35, 0.11, 0.05, 0.02, 0.01, 0.004, 0.003],
            "val_loss": [0.19, 0.11, 0.08, 0.073, 0.079, 0.085, 0.1017],
        },
        {},
    ),
    "test set not divided by 255": (
        "scaled-differently",
        {
            "loss": [1.3227, 0.5487, 0.3921],
            "val_loss": [40.88, 41.28, 42.61],
            "val_accuracy": [0.8216, 0.8696, 0.8824],
        },
        {},
    ),
    "one batch per epoch": (
        "one-step-epochs",
        {"loss": [2.4, 2.3, 2.2, 2.1, 2.0]},
        {"steps": 1, "updates": 5, "rows": 60_000},
    ),
    "few updates": ("few-updates", {"loss": [2.1]}, {"steps": 7, "updates": 7}),
}


@pytest.mark.parametrize(("name", "history", "known"), WRONG.values(), ids=WRONG)
def test_a_wrong_history_is_recognised(
    name: str, history: dict[str, list[float]], known: dict[str, Any]
) -> None:
    findings = check_history(history, **known)
    assert name in names(findings)
    for finding in findings:
        assert finding.saw and finding.why and finding.next_step


HEALTHY: dict[str, tuple[dict[str, list[float]], dict[str, Any]]] = {
    "784-64-10, one epoch": (
        {"loss": [0.2993], "accuracy": [0.9161], "val_loss": [0.1737], "val_accuracy": [0.9502]},
        {"network": network(), "steps": 1875, "updates": 1875, "rows": 60_000},
    ),
    "784-512-512-10, batch 32, the lowest cold dense loss measured": (
        {"loss": [0.1771], "accuracy": [0.9462], "val_accuracy": [0.9689]},
        {"network": network()},
    ),
    "two convolutions, cold": (
        {"loss": [0.12, 0.04], "accuracy": [0.964, 0.987], "val_accuracy": [0.9838, 0.988]},
        {"network": network(layers=(LayerFacts("Conv2D", "c", 32, "relu"), OUTPUT))},
    ),
    "SGD 0.01": (
        {
            "loss": [0.6385, 0.3350, 0.2872, 0.2576, 0.2352],
            "accuracy": [0.842, 0.906, 0.9192, 0.9279, 0.9342],
        },
        {"network": network(0.01, "sgd")},
    ),
    "SGD 1 with batch 128, large but fine": (
        {
            "loss": [0.3577, 0.1312, 0.0982, 0.0794, 0.0661],
            "val_loss": [0.1519, 0.1188, 0.1120, 0.1075, 0.1056],
        },
        {"network": network(1.0, "sgd"), "steps": 469},
    ),
    "long, little noise at the end": (
        {
            "loss": [0.3492, 0.1595, 0.1142, 0.0877, 0.0023, 0.0091, 0.0029],
            "val_loss": [0.19, 0.135, 0.109, 0.095, 0.09, 0.094, 0.1],
        },
        {"network": network()},
    ),
    "300 images, 30 epochs": (
        {
            "loss": [2.2, 1.7, 1.3, 1.0, 0.8, 0.6, 0.5, 0.4, 0.42, 0.3],
            "val_loss": [2.0, 1.6, 1.3, 1.1, 1.0, 0.9, 0.8, 0.75, 0.76, 0.72],
            "accuracy": [0.2, 0.5, 0.7, 0.8, 0.82, 0.85, 0.88, 0.9, 0.9, 0.93],
            "val_accuracy": [0.4, 0.6, 0.7, 0.73, 0.76, 0.78, 0.79, 0.8, 0.8, 0.81],
        },
        {"network": network(), "steps": 10, "updates": 100, "rows": 300},
    ),
    "dropout: validation better than training": (
        {"loss": [0.6, 0.35, 0.3], "val_loss": [0.25, 0.2, 0.18], "accuracy": [0.8, 0.9, 0.91]},
        {"network": network()},
    ),
    "mean squared error on purpose": (
        {"loss": [0.02, 0.01], "accuracy": [0.93, 0.97]},
        {"network": network(loss="mean_squared_error", from_logits=None)},
    ),
    "mean squared error, loss unknown": ({"loss": [0.02, 0.01], "accuracy": [0.91, 0.95]}, {}),
    "L2 keeps the loss near 2.3": (
        {"loss": [6.0, 2.8, 2.31], "accuracy": [0.9, 0.93, 0.94]},
        {"network": network(layers=(PENALISED, OUTPUT))},
    ),
    "accuracy near a share by chance, on 1,000 images": (
        {"loss": [2.1], "val_accuracy": [0.098], "accuracy": [0.13]},
        {"tested_on": 1000, "updates": 600},
    ),
    "exactly .1000 once": ({"loss": [2.1], "val_accuracy": [0.1]}, {"updates": 900}),
    "autoencoder": (
        {"loss": [0.09, 0.05]},
        {"network": Network((LayerFacts("Dense", "d", 784, "sigmoid"),), input_size=784)},
    ),
    "no epochs": ({}, {}),
    "accuracies only": ({"accuracy": [0.9]}, {}),
    "50 images by heart, one batch": (
        {"loss": [2.4, 1.0, 0.2, 0.01], "accuracy": [0.1, 0.8, 1.0, 1.0]},
        {"steps": 1, "updates": 4, "rows": 50},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("history", "known"), HEALTHY.values(), ids=HEALTHY)
def test_a_sound_history_raises_no_alarm(
    history: dict[str, list[float]], known: dict[str, Any]
) -> None:
    assert names(check_history(history, **known)) == []


def test_overfitting_is_a_problem_only_where_accuracy_suffers() -> None:
    history = WRONG["overfit"][1]
    worse = history | {"accuracy": [1.0] * 7, "val_accuracy": [0.9] * 7}
    assert [f.severity for f in check_history(history)] == ["hint"]
    assert [f.severity for f in check_history(worse)] == ["problem"]


def test_a_nan_tells_of_the_share_of_zeros_and_of_nothing_else() -> None:
    (finding,) = check_history({"loss": [math.nan], "val_accuracy": [0.0980]})
    assert "0.0980" in finding.saw


def test_shares_sum_to_one() -> None:
    assert sum(TEST_SHARES) == pytest.approx(1)
    assert sum(TRAIN_SHARES) == pytest.approx(1, abs=5e-4)
    assert pytest.approx(2.302585093) == LN10
