"""Mistakes that the numbers of a training history show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.learning_rate import Course, check_learning_rate
from mnist_course.diagnosis.network import CROSS_ENTROPIES, Network

__all__ = ["FASHION_ONE_CLASS", "LN10", "TEST_SHARES", "TRAIN_SHARES", "check_history", "curve"]

LN10 = math.log(10)  # cross-entropy of ten equally likely answers

TEST_SHARES = (0.0980, 0.1135, 0.1032, 0.1010, 0.0982, 0.0892, 0.0958, 0.1028, 0.0974, 0.1009)
"""Share of each digit among MNIST's 10,000 test labels: the accuracy of always answering it."""

TRAIN_SHARES = (0.0987, 0.1124, 0.0993, 0.1022, 0.0974, 0.0904, 0.0986, 0.1044, 0.0975, 0.0992)
"""The same among the 60,000 training labels, to four decimals."""

FASHION_ONE_CLASS = 0.1000  # Fashion-MNIST has 1,000 test images of each class

_NEAR_LN10 = 0.1
_KNOWS_NOTHING = 0.3  # accuracy below which a loss near ln 10 is what it looks like
_HALF_AN_IMAGE = 0.5e-4
_WARM_LOSS, _WARM_LOSS_CONVOLUTION, _WARM_ACCURACY = 0.15, 0.06, 0.955
_FEW_UPDATES = 200
_PER_MISTAKE = 40.0  # test loss per wrong answer; 784-128-10 after 30 epochs has 4.5
_ACCURACIES = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy")


def check_history(
    history: Mapping[str, Sequence[float]],
    *,
    network: Network | None = None,
    updates: int | None = None,
    steps: int | None = None,
    rows: int | None = None,
    tested_on: int | None = None,
) -> list[Finding]:
    """Look at the learning curves.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``History.history``: one value per epoch under ``loss``, ``accuracy``, ``val_loss``,
        ``val_accuracy`` (all but the loss may be missing).
    network : Network, optional
        Says whether the loss is a cross-entropy, and the learning rate.
    updates, steps, rows : int, optional
        Updates in all, updates in one epoch, training images in one epoch.
    tested_on : int, optional
        Validation images; the fingerprints of accuracy are those of 10,000 test images.
    """
    network = Network() if network is None else network
    loss, accuracy = curve(history, "loss"), _accuracy(history, "")
    val_loss, val_accuracy = curve(history, "val_loss"), _accuracy(history, "val_")
    if not loss or network.reconstructs:
        return []
    broken = next((i for i, v in enumerate(loss, start=1) if not math.isfinite(v)), None)
    if broken is not None or not all(map(math.isfinite, val_loss)):
        return [_nan_loss(broken, val_accuracy)]

    findings = _one_class(accuracy, val_accuracy, tested_on)
    entropy = network.loss in ("", *CROSS_ENTROPIES) and not network.regularized
    if steps == 1 and len(loss) > 1 and (rows or 10_000) >= 1_000:
        findings.append(_one_step_epochs(len(loss), rows))
    if not entropy:
        return findings  # other losses start and end at other numbers
    short = updates is not None and updates < _FEW_UPDATES
    stuck = abs(loss[-1] - LN10) < _NEAR_LN10 and (
        not accuracy or max(accuracy[-1:] + val_accuracy[-1:]) < _KNOWS_NOTHING
    )
    if stuck and not short:
        findings.append(_stuck(loss[-1]))
    findings += check_learning_rate(
        Course(loss, val_loss, network.optimizer, network.learning_rate, updates, steps)
    )
    findings += _already_trained(loss[0], accuracy, network)
    if rows is None or rows >= 1_000:  # learning a handful of images by heart is a test, no flaw
        findings += _overfit(loss, val_loss, accuracy, val_accuracy)
    findings += _test_loss(val_loss, val_accuracy)
    return findings


def curve(history: Mapping[str, Sequence[float]], name: str) -> list[float]:
    """Return one curve as floats, empty when it is missing."""
    return [float(value) for value in history.get(name, ())]


def _accuracy(history: Mapping[str, Sequence[float]], prefix: str) -> list[float]:
    for name in _ACCURACIES:
        if f"{prefix}{name}" in history:
            return curve(history, f"{prefix}{name}")
    return []


def _nan_loss(epoch: int | None, val_accuracy: list[float]) -> Finding:
    when = f"in epoch {epoch}" if epoch is not None else "on the validation images"
    seen = (
        f" Accuracy {val_accuracy[-1]:.4f} is the share of zeros in the test set."
        if val_accuracy and abs(val_accuracy[-1] - TEST_SHARES[0]) < _HALF_AN_IMAGE
        else ""
    )
    return Finding(
        "nan-loss",
        f"The loss is NaN or infinite {when}.{seen}",
        "Once the loss is NaN, the update makes the weights NaN; such a network always answers 0 "
        "and never recovers.",
        "Divide the pixels by 255, lower the learning rate (Adam: 0.001), keep softmax at the "
        "output, and build the network again before the next fit.",
    )


def _one_class(
    accuracy: list[float], val_accuracy: list[float], tested_on: int | None
) -> list[Finding]:
    if val_accuracy and tested_on in (None, 10_000):
        value, shares, where = val_accuracy[-1], TEST_SHARES, "test"
        same = len(val_accuracy) > 1 and abs(value - val_accuracy[-2]) < _HALF_AN_IMAGE
        if same and abs(value - FASHION_ONE_CLASS) < _HALF_AN_IMAGE / 2:
            return [_always("one and the same class", value, "each class of Fashion-MNIST")]
    elif not val_accuracy and accuracy:
        value, shares, where = accuracy[-1], TRAIN_SHARES, "training"
    else:
        return []
    digit = min(range(10), key=lambda index: abs(shares[index] - value))
    if abs(shares[digit] - value) >= _HALF_AN_IMAGE:
        return []
    return [_always(str(digit), value, f"the digit {digit} in MNIST's {where} set")]


_CAUSES = {
    "0": "NaN weights, or relu at the output: where all ten outputs are equal, argmax gives 0.",
    "1": "dead hidden units, or a learning rate that is too high: with nothing left but the "
    "biases, the most frequent digit costs least.",
}
_CAUSE = "dead hidden units, or a learning rate that is too high."


def _always(answer: str, value: float, share: str) -> Finding:
    return Finding(
        "always-one-class",
        f"Accuracy {value:.4f} is exactly the share of {share}.",
        f"So the network very likely answers {answer} whatever it sees. Typical causes: "
        f"{_CAUSES.get(answer, _CAUSE)}",
        "Count the answers with np.bincount(model.predict(x_test).argmax(axis=1)); then look at "
        "the output layer and at the learning rate.",
    )


def _stuck(loss: float) -> Finding:
    return Finding(
        "stuck-at-ln10",
        f"The training loss is {loss:.3f} after the last epoch; guessing among ten digits gives "
        f"ln 10 = {LN10:.3f}.",
        "The network still knows almost nothing: its ten probabilities are all close to 0.1.",
        "Something keeps the weights from moving: check the learning rate first, then the output "
        "layer with its loss, then dead or saturated units.",
    )


def _one_step_epochs(epochs: int, rows: int | None) -> Finding:
    images = f" of {rows:,} images" if rows else ""
    return Finding(
        "one-step-epochs",
        f"Each epoch{images} was a single update: {epochs} updates in {epochs} epochs.",
        "A network learns by updates, not by epochs. Batch size 32 makes 1,875 of them from "
        "60,000 images in the same epoch.",
        "Use batch_size=32 to 128 and leave steps_per_epoch out.",
    )


def _already_trained(first: float, accuracy: list[float], network: Network) -> list[Finding]:
    limit = _WARM_LOSS_CONVOLUTION if network.convolutional else _WARM_LOSS
    classes = network.output_units in (None, 10)
    if not classes or first >= limit or (accuracy and accuracy[0] < _WARM_ACCURACY):
        return []
    known = bool(network.layers)
    return [
        Finding(
            "already-trained",
            f"The first epoch has a training loss of {first:.3f}.",
            "A dense network that starts from nothing stays above 0.15 there (784-64-10 has 0.30), "
            "as it answers the first batches by guessing. This one knew the digits already.",
            "Build and compile the network again before each fit that you want to compare.",
            "problem" if known else "hint",
        )
    ]


def _overfit(
    loss: list[float], val_loss: list[float], accuracy: list[float], val_accuracy: list[float]
) -> list[Finding]:
    if len(val_loss) < 5 or len(val_loss) != len(loss):
        return []
    best = min(range(len(val_loss)), key=val_loss.__getitem__)
    late = len(val_loss) - 1 - best >= 3
    if not (late and val_loss[-1] > 1.2 * val_loss[best] and loss[-1] < 0.5 * val_loss[-1]):
        return []
    gap = accuracy[-1] - val_accuracy[-1] if accuracy and val_accuracy else 0.0
    return [
        Finding(
            "overfit",
            f"The validation loss was best in epoch {best + 1} ({val_loss[best]:.3f}) and is "
            f"{val_loss[-1]:.3f} now, while the training loss fell to {loss[-1]:.3f}.",
            "From there on the network learned its training images by heart and grew too sure of "
            "wrong answers on others"
            + (f"; its accuracy is {gap:.3f} lower there." if gap > 0.01 else "."),
            f"Stop near epoch {best + 1} (EarlyStopping on a validation set), or try Dropout, or "
            "a smaller network: one of them at a time.",
            "problem" if gap > 0.05 else "hint",
        )
    ]


def _test_loss(val_loss: list[float], val_accuracy: list[float]) -> list[Finding]:
    if not (val_loss and val_accuracy) or val_accuracy[-1] < 0.8 or val_loss[-1] < 1:
        return []
    wrong = max(1 - val_accuracy[-1], 1e-3)
    if val_loss[-1] / wrong < _PER_MISTAKE:
        return []
    return [
        Finding(
            "scaled-differently",
            f"The test loss is {val_loss[-1]:.2f} at a test accuracy of {val_accuracy[-1]:.3f}.",
            f"That is {val_loss[-1] / wrong:.0f} for each wrong answer; a network that is only too "
            "sure of itself stays far below that. It happens when the training images are divided "
            "by 255 and the test images are not.",
            "Compare x_train.max() with x_test.max(), and prepare both with the same line.",
        )
    ]
