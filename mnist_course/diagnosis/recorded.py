"""Mistakes that the record of one fit shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.history import check_history
from mnist_course.diagnosis.inputs import check_inputs
from mnist_course.diagnosis.network import Network, of_record

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import DataPrint, FitRecord

__all__ = ["check_data", "check_record", "scaled_differently"]

_SAME = 5e-6  # accuracies of one network, measured twice
_CHOOSERS = ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")


def check_record(record: FitRecord, network: Network | None = None) -> list[Finding]:
    """Look at what was fitted, on what, with what result.

    Parameters
    ----------
    record : FitRecord
    network : Network, optional
        Its description, where it has been read already.
    """
    network = of_record(record) if network is None else network
    rows = None
    if record.data is not None:
        rows = round(record.data.rows * (1 - record.validation_split))
    findings = check_data(record, network)
    if record.continued_from is not None:
        findings.append(
            Finding(
                "already-trained",
                f"Fit {record.number} began with the weights that fit {record.continued_from} "
                "had left.",
                "Its result is that of both fits together, so it says nothing about the last "
                "change alone.",
                "Build and compile the network again before each fit that you want to compare.",
            )
        )
    findings += _stopping(record)
    findings += check_history(
        record.history,
        network=network,
        updates=record.steps or None,
        steps=record.steps // record.epochs if record.epochs and record.steps else None,
        rows=rows,
        tested_on=_tested_on(record),
    )
    return findings


def check_data(record: FitRecord, network: Network | None = None) -> list[Finding]:
    """Look at the rows that were trained on and validated on."""
    findings: list[Finding] = []
    data, validation = record.data, record.validation
    if data is not None:
        findings += check_inputs(
            data.minimum, data.maximum, network=network, finite=getattr(data, "finite", True)
        )
        if data.test_rows:
            findings.append(
                Finding(
                    "trained-on-test",
                    f"{data.test_rows:,} of the {data.rows:,} training rows are test images.",
                    "A network can learn those images by heart, so its test accuracy no longer "
                    "says how it does on images it has never seen.",
                    "Train on x_train only, build the network again, and keep x_test for the end.",
                )
            )
    if record.shared_rows and validation is not None:
        findings.append(
            Finding(
                "validated-on-training",
                f"{record.shared_rows:,} of the {validation.rows:,} validation rows are training "
                "rows too.",
                "On images that it was trained on, a network looks better than it is, and "
                "overfitting stays invisible.",
                "Pass other rows as validation_data, or let Keras set some aside with "
                "validation_split=0.1.",
            )
        )
    if data is not None and validation is not None and _scaled_differently(data, validation):
        findings.append(scaled_differently(data.maximum, validation.maximum))
    choosers = [name for name in record.callbacks if name in _CHOOSERS]
    if choosers and validation is not None and validation.test_rows:
        findings.append(
            Finding(
                "test-for-stopping",
                f"{choosers[0]} watched {validation.test_rows:,} test images.",
                "When the test set decides where training stops, its accuracy is the best of "
                "several tries and a little too good.",
                "Watch a validation set instead (validation_split=0.1) and test once at the end.",
                "hint",
            )
        )
    return findings


def _stopping(record: FitRecord) -> list[Finding]:
    """Look at what early stopping did, and at which weights are left."""
    values = record.history.get("val_accuracy", ())
    if "EarlyStopping" not in record.callbacks or record.stopped_by or len(values) < 2:
        return []
    findings = []
    kept = record.accuracy
    if kept is not None and abs(kept - values[-1]) > _SAME:
        epochs = [epoch for epoch, v in enumerate(values, 1) if abs(v - kept) < _SAME]
        if epochs:
            findings.append(
                Finding(
                    "restored-weights",
                    f"The history ends at a validation accuracy of {values[-1]:.4f}; the weights "
                    f"that are left are those of epoch {epochs[-1]}, with {kept:.4f}.",
                    "Early stopping put the best weights back, so history[-1] belongs to weights "
                    "that are gone.",
                    "Report what model.evaluate gives for the final model.",
                    "hint",
                )
            )
    losses = record.history.get("val_loss", ())
    if record.epochs >= max(4, record.epochs_planned) and losses:
        waited = len(losses) - 1 - min(range(len(losses)), key=losses.__getitem__)
        if 2 * waited >= record.epochs:
            findings.append(
                Finding(
                    "patience-too-long",
                    f"All {record.epochs} epochs ran although there was EarlyStopping: for the "
                    f"last {waited} of them val_loss was no better than before.",
                    "It waits for `patience` epochs without progress before it stops; here it "
                    "waited until the training was over.",
                    "Choose a patience of 3 to 5, far below the number of epochs.",
                    "hint",
                )
            )
    return findings


def scaled_differently(trained: float, tested: float) -> Finding:
    """Say that training and test images do not have the same range."""
    return Finding(
        "scaled-differently",
        f"The training pixels reach {trained:g}, the test pixels {tested:g}.",
        "The network sees test images of a brightness it has never met. The accuracy may survive "
        "that, but the test loss and the probabilities mean nothing.",
        "Prepare both sets with the same line: x_train / 255 and x_test / 255.",
    )


def _scaled_differently(data: DataPrint, validation: DataPrint) -> bool:
    if data.factor is not None and validation.factor is not None:
        return not (
            abs(data.factor - validation.factor) <= 0.05 * abs(data.factor)
            and abs((data.offset or 0) - (validation.offset or 0)) <= 0.05 * abs(data.factor) * 255
        )
    # Without a known scaling, only a gross difference: ranges of samples differ a little.
    wide = max(abs(data.maximum), abs(data.minimum))
    other = max(abs(validation.maximum), abs(validation.minimum))
    return min(wide, other) > 0 and max(wide, other) / min(wide, other) > 20


def _tested_on(record: FitRecord) -> int | None:
    return None if record.validation is None else record.validation.rows
