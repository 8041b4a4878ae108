"""Make a trial of a network that was trained by code of the author's own."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import ConfigurationError, RecordError
from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.recording.log import ExperimentLog
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.recording.weights import weights_digest
from mnist_course.experiments.trials.trial import Trial, check_seed_and_arm
from mnist_course.experiments.trials.versions import versions

__all__ = ["own_trial"]


def own_trial(
    arm: str,
    seed: int,
    record: FitRecord | ExperimentLog,
    *,
    model: Any,
    x_val: Any,
    y_val: Any = None,
    x_train: Any = None,
    y_train: Any = None,
) -> Trial:
    """Measure a network that your own code trained, as `run` measures its own.

    Parameters
    ----------
    arm : str
        The name of the condition.
    seed : int
        The one that you set before the model was built.
    record : FitRecord or ExperimentLog
        Of the fit that trained the model; in a log it is found by the model's weights.
    model : keras.Model
        With the weights that the fit left.
    x_val, y_val : array
        Images to measure on, with their classes, integers (n,). Without `y_val` the model is an
        autoencoder.
    x_train, y_train : array, optional
        Training images, of which the first 5,000 are measured too.

    Returns
    -------
    Trial
        With source ``own fit``, without a configuration.

    Raises
    ------
    ConfigurationError
        If arm or seed is of another kind, or the classes have another form.
    RecordError
        If the log has no fit that ended with the weights of this model, or the record is of other
        weights.

    Examples
    --------
    >>> log = ExperimentLog()                                        # doctest: +SKIP
    >>> model.fit(x_train, y_train, validation_data=(x_val, y_val))  # doctest: +SKIP
    >>> own_trial("mine", 0, log, model=model, x_val=x_val, y_val=y_val)  # doctest: +SKIP
    """
    check_seed_and_arm(seed, arm)
    fit, parts = _fit(record, weights_digest(model.get_weights()))
    from mnist_course.experiments.trials.measures import (
        TRAINING_ROWS,
        best_epoch,
        classification,
        reconstruction,
        weight_norms,
    )

    started = time.perf_counter()
    images = {"val": x_val}
    if x_train is not None:
        images["train"] = x_train[:TRAINING_ROWS]
    if y_val is None:
        found = reconstruction(model, images)
    else:
        classes = {"val": y_val, "train": None if y_train is None else y_train[:TRAINING_ROWS]}
        found = classification(
            model,
            {
                n: (x, _classes(f"y_{n}", classes[n], len(x)))
                for n, x in images.items()
                if classes[n] is not None
            },
        )
        if "train_cross_entropy" in found:
            found["gap"] = found["val_cross_entropy"] - found["train_cross_entropy"]
    return Trial(
        arm=arm,
        seed=seed,
        configuration=None,
        fit=fit,
        measured={
            "parameters": float(fit.parameters),
            "updates": float(sum(part.steps for part in parts)),
            "epochs": float(sum(part.epochs for part in parts)),
            "best_epoch": best_epoch(fit.history),
            **found,
            **weight_norms(model),
        },
        seconds=sum(part.seconds for part in parts) + time.perf_counter() - started,
        source="own fit",
        versions=versions(),
    )


def _classes(name: str, y: Any, rows: int) -> NDArray[np.integer]:
    classes = np.asarray(y)
    if classes.dtype.kind not in "iu" or classes.shape not in ((rows,), (rows, 1)):
        raise ConfigurationError(
            f"{name} must be the classes of {rows:,} images as whole numbers, of shape ({rows},), "
            f"got {classes.dtype} of shape {classes.shape}. From one-hot labels: "
            f"{name}.argmax(axis=1)."
        )
    return classes


def _fit(record: object, digest: str) -> tuple[FitRecord, tuple[FitRecord, ...]]:
    """Return the fit that made these weights, then all fits since they were fresh."""
    if isinstance(record, ExperimentLog):
        fit = next((f for f in reversed(record.fits) if f.weights_after == digest), None)
        if fit is None:
            raise RecordError(
                f"No fit in this log ended with the weights of this model; it has "
                f"{len(record)} fits. Call own_trial right after model.fit(...), with that model."
            )
        return fit, record.chain(fit)
    if not isinstance(record, FitRecord):
        raise RecordError(
            f"own_trial needs the record of a fit, got {describe(record)}. Write log = "
            "ExperimentLog() before the fit, then own_trial(arm, seed, log, model=model, ...)."
        )
    if record.weights_after != digest:
        raise RecordError(
            f"Fit {record.number} ended with other weights than this model has. Give the model "
            "of that fit, as the fit left it."
        )
    return record, (record,)
