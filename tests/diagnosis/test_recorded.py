from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.diagnosis.examine import diagnose
from mnist_course.diagnosis.recorded import check_record
from mnist_course.experiments.recording.fit_record import DataPrint, FitRecord, LayerRecord

TRAIN = DataPrint(
    rows=60_000,
    shape=(28, 28),
    dtype="float32",
    minimum=0.0,
    maximum=1.0,
    mean=0.1307,
    factor=1 / 255,
    offset=0.0,
    train_rows=60_000,
    test_rows=0,
    digest="0" * 32,
    labels="integer",
)
TEST = replace(TRAIN, rows=10_000, train_rows=0, test_rows=10_000, mean=0.1325)
RAW = {"maximum": 255.0, "factor": 1.0, "dtype": "uint8"}
SOUND = FitRecord(
    number=2,
    model_name="sequential",
    architecture="",
    compiled={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    parameters=50_890,
    layers=(
        LayerRecord("Flatten", "flatten", None, None, 0, None, False),
        LayerRecord("Dense", "dense", 64, "relu", 50_240, None, False),
        LayerRecord("Dense", "dense_1", 10, "softmax", 650, None, False),
    ),
    epochs=2,
    batch_size=32,
    steps=3750,
    validation_split=0.0,
    shuffle=True,
    callbacks=(),
    history={
        "loss": (0.2993, 0.1449),
        "accuracy": (0.9161, 0.9573),
        "val_loss": (0.1737, 0.1311),
        "val_accuracy": (0.9502, 0.9612),
    },
    accuracy=0.9612,
    seconds=6.8,
    data=TRAIN,
    validation=TEST,
    shared_rows=0,
    continued_from=None,
    weights_before="1" * 32,
    weights_after="2" * 32,
)

WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "raw pixels": ("input-not-scaled", {"data": replace(TRAIN, **RAW), "validation": None}),
    "NaN in x": ("input-not-finite", {"data": replace(TRAIN, finite=False)}),
    "225": (
        "divided-by-225",
        {"data": replace(TRAIN, maximum=255 / 225, factor=1 / 225), "validation": None},
    ),
    "test images in the training set": (
        "trained-on-test",
        {"data": replace(TRAIN, rows=70_000, test_rows=10_000)},
    ),
    "validated on training rows": (
        "validated-on-training",
        {"shared_rows": 10_000, "validation": replace(TEST, train_rows=10_000, test_rows=0)},
    ),
    "test set raw": ("scaled-differently", {"validation": replace(TEST, **RAW)}),
    "test set raw, no known scaling": (
        "scaled-differently",
        {"validation": replace(TEST, maximum=255.0, factor=None, offset=None)},
    ),
    "stopped by the test set": ("test-for-stopping", {"callbacks": ("EarlyStopping",)}),
    "not rebuilt": ("already-trained", {"continued_from": 1}),
    "one update per epoch": (
        "one-step-epochs",
        {
            "steps": 5,
            "epochs": 5,
            "batch_size": 60_000,
            "history": {"loss": (2.4, 2.2, 2.1, 2.0, 1.9)},
        },
    ),
    "Adam 1e-5": (
        "learning-rate-too-low",
        {
            "compiled": SOUND.compiled
            | {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-5}}},
            "history": {"loss": (2.3852, 2.3338), "val_accuracy": (0.10, 0.12)},
        },
    ),
}


@pytest.mark.parametrize(("name", "changes"), WRONG.values(), ids=WRONG)
def test_a_wrong_record_is_recognised(name: str, changes: dict[str, Any]) -> None:
    assert name in [finding.name for finding in check_record(replace(SOUND, **changes))]
    assert name in diagnose(record=replace(SOUND, **changes)).names


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validation": None},
        {"data": None, "validation": None},
        {"validation_split": 0.1, "validation": replace(TRAIN, rows=6_000, train_rows=6_000)},
        {"callbacks": ("EarlyStopping",), "validation": replace(TRAIN, rows=6_000)},
        {"callbacks": ("AccuracyHistory",)},
        # Each set standardised with its own mean and deviation.
        {
            "data": replace(TRAIN, minimum=-0.42, maximum=2.82, factor=0.0127, offset=-0.424),
            "validation": replace(TEST, minimum=-0.43, maximum=2.79, factor=0.0126, offset=-0.428),
        },
        {"batch_size": 0, "steps": 0},
        {
            "data": replace(TRAIN, **RAW),
            "validation": replace(TEST, **RAW),
            "layers": (
                LayerRecord(
                    "Rescaling", "r", None, None, 0, None, False, scale=1 / 255, offset=0.0
                ),
                *SOUND.layers,
            ),
        },
    ],
)
def test_a_sound_record_raises_no_alarm(changes: dict[str, Any]) -> None:
    record = replace(SOUND, **changes)
    assert check_record(record) == []
    assert diagnose(record=record).names == ()


def test_unscaled_pixels_stand_for_the_loss_that_they_cause() -> None:
    record = replace(
        SOUND,
        data=replace(TRAIN, **RAW),
        validation=None,
        history={"loss": (28.196, 5.0496, 2.5412), "accuracy": (0.57, 0.81, 0.87)},
        compiled=SOUND.compiled | {"optimizer": {"class_name": "Custom", "config": {}}},
    )
    assert diagnose(record=record).names == ("input-not-scaled",)


def test_images_scaled_unlike_the_recorded_ones() -> None:
    pixels = np.full((2, 28, 28), 255.0)
    assert "scaled-differently" in diagnose(x=pixels, record=SOUND).names
    assert diagnose(x=pixels / 255, record=SOUND).names == ()


STOPPED = replace(
    SOUND,
    callbacks=("EarlyStopping",),
    epochs=6,
    epochs_planned=20,
    steps=6 * 1875,
    history={
        "loss": (0.30, 0.14, 0.10, 0.08, 0.06, 0.05),
        "val_loss": (0.17, 0.13, 0.11, 0.12, 0.12, 0.13),
        "val_accuracy": (0.950, 0.961, 0.969, 0.966, 0.967, 0.964),
    },
    accuracy=0.969,
    validation=replace(TRAIN, rows=5_000, train_rows=5_000, digest="3" * 32),
)


def test_the_last_epoch_is_not_what_early_stopping_left() -> None:
    found = {finding.name: finding for finding in check_record(STOPPED)}
    assert "0.9640" in found["restored-weights"].saw and "epoch 3" in found["restored-weights"].saw
    assert "patience-too-long" not in found
    kept = {finding.name for finding in check_record(replace(STOPPED, accuracy=0.964))}
    assert "restored-weights" not in kept


def test_early_stopping_that_never_stopped() -> None:
    found = {finding.name: finding for finding in check_record(replace(STOPPED, epochs_planned=6))}
    assert "All 6 epochs" in found["patience-too-long"].saw
    without = {finding.name for finding in check_record(replace(STOPPED, callbacks=()))}
    assert not without & {"patience-too-long", "restored-weights"}
    learning = {"loss": (0.5, 0.4, 0.3, 0.2), "val_loss": (0.5, 0.4, 0.3, 0.2)}
    still = replace(STOPPED, epochs=4, epochs_planned=4, history=learning, steps=4 * 1875)
    assert "patience-too-long" not in {finding.name for finding in check_record(still)}
