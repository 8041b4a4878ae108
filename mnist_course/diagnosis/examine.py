"""What is wrong with this model, in words."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.findings import Diagnosis, Finding
from mnist_course.diagnosis.history import check_history, curve
from mnist_course.diagnosis.inputs import check_inputs
from mnist_course.diagnosis.network import Network, network_of, of_record
from mnist_course.diagnosis.probe import check_activity, check_predictions, nan_outputs
from mnist_course.diagnosis.recorded import check_record, scaled_differently
from mnist_course.diagnosis.static import check_static

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord

__all__ = ["diagnose"]

_PREDICTED = 10_000  # images that are predicted: the whole test set, not the training set
_PROBED = 1_000  # images whose hidden activity is kept

# Findings that only show the effect of another one, which then stands for both.
_EFFECTS = {
    "input-not-scaled": ("learning-rate-too-high",),
    "missing-softmax": ("learning-rate-too-high", "rows-not-probabilities"),
    "output-activation": ("learning-rate-too-high", "rows-not-probabilities"),
    "sigmoid-output": ("rows-not-probabilities",),
    "binary-crossentropy": ("rows-not-probabilities",),
    "divided-twice": ("learning-rate-too-low", "still-learning"),
    "one-step-epochs": ("few-updates",),
    "dead-units": ("low-rank",),
    "saturated-units": ("low-rank",),
}


def diagnose(
    model: Any = None,
    history: Any = None,
    x: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    record: FitRecord | None = None,
) -> Diagnosis:
    """Say what is wrong with one network: the number, why it matters, what to try next.

    The more is passed, the more can be seen. Nothing that is passed is changed.

    Parameters
    ----------
    model : keras.Model, optional
        Its layers, loss and learning rate are read; with ``x``, its predictions and hidden units.
    history : keras.callbacks.History or mapping, optional
        What ``model.fit`` returned, or its ``history``.
    x : array of shape (n, 28, 28) or (n, 784), optional
        Images as the model takes them, best a few hundred of the test set or all of it. The first
        10,000 are predicted, the first 1,000 show the hidden units.
    y : array of shape (n,) or (n, 10), optional
        Their labels, integer or one-hot.
    record : FitRecord, optional
        The record of the fit, ``log.fits[-1]``.

    Returns
    -------
    Diagnosis
        A sequence of findings, problems first; empty when nothing suspicious was found.

    Raises
    ------
    TypeError
        If ``model`` is no Keras model or ``history`` holds no curves.
    ValueError
        If nothing was passed, or the images do not fit the model or the labels.

    Examples
    --------
    >>> history = model.fit(x_train, y_train, epochs=5)   # doctest: +SKIP
    >>> diagnose(model, history, x_test, y_test)           # doctest: +SKIP
    """
    if all(part is None for part in (model, history, x, record)):
        raise ValueError(
            "diagnose got nothing to look at. Pass at least one of model, history, x, record, for "
            "example diagnose(model, history, x_test, y_test)."
        )
    curves, params, trained = _curves(history)
    model = trained if model is None else model
    if model is not None and not hasattr(model, "layers"):
        raise TypeError(
            f"diagnose expected a Keras model, got {type(model).__name__}. Pass the network itself "
            "as model, and what model.fit returned as history."
        )
    labels, classes, present = _labels(y)
    network = _network(model, record)
    if labels is None and record is not None and record.data is not None:
        labels = record.data.labels
    data = None if record is None else record.data
    digits = data is not None and data.train_rows > 0 and data.dataset != "fashion_mnist"
    findings: list[Finding] = []
    if network is not None:
        findings += check_static(network, labels=labels, classes=classes, digits=digits or None)
    if x is not None:
        images = np.asarray(x)[:_PREDICTED]
        if y is not None and len(np.asarray(y)) != len(np.asarray(x)):
            raise ValueError(
                f"x and y do not belong together: {len(np.asarray(x)):,} images, "
                f"{len(np.asarray(y)):,} labels. Pass the labels of exactly these images."
            )
        findings += _probe(model, images, y, network, present, curves)
        findings += _against_record(images, record)
    if record is not None:
        findings += check_record(record, network)
    if curves is not None:
        steps, epochs = params.get("steps"), len(curve(curves, "loss"))
        findings += check_history(
            curves,
            network=network,
            steps=steps,
            updates=steps * epochs if steps else None,
            rows=None if record is None or record.data is None else record.data.rows,
        )
    return Diagnosis(_causes(findings))


def _curves(
    history: Any,
) -> tuple[Mapping[str, Sequence[float]] | None, dict[str, Any], Any]:
    """Return the curves, what ``fit`` was asked for, the model that the history belongs to."""
    if history is None:
        return None, {}, None
    curves = getattr(history, "history", history)
    if not isinstance(curves, Mapping) or not all(isinstance(name, str) for name in curves):
        raise TypeError(
            "history holds no learning curves: expected what model.fit returned, or its .history, "
            f"got {type(history).__name__}."
        )
    params = getattr(history, "params", None)
    return curves, params if isinstance(params, dict) else {}, getattr(history, "model", None)


def _network(model: Any, record: FitRecord | None) -> Network | None:
    if model is not None:
        return network_of(model)
    return None if record is None else of_record(record)


def _labels(y: npt.ArrayLike | None) -> tuple[str | None, int | None, int | None]:
    """Return the form of the labels, the number of classes they need, how many occur."""
    if y is None:
        return None, None, None
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        return "one-hot", labels.shape[1], int(labels.any(axis=0).sum())
    if labels.size == 0 or labels.dtype.kind not in "biuf":
        return None, None, None
    return "integer", int(labels.max()) + 1, len(np.unique(labels))


def _probe(
    model: Any,
    images: npt.NDArray[Any],
    y: npt.ArrayLike | None,
    network: Network | None,
    present: int | None,
    curves: Mapping[str, Sequence[float]] | None,
) -> list[Finding]:
    finite = bool(np.isfinite(images).all())
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 1.0)
    findings = check_inputs(low, high, network=network, finite=finite)
    if model is None or not finite or not images.size:
        return findings
    keras_model = _is_keras(model)
    if keras_model:
        from mnist_course.diagnosis.activity import as_inputs, forward, hidden_activity, is_built

        if not is_built(model):
            return [*findings, _not_built()]
        weights = [np.asarray(array) for array in model.get_weights()]
        broken = sum(int(array.size - np.isfinite(array).sum()) for array in weights)
        if broken:
            total = sum(array.size for array in weights)
            return [*findings, nan_outputs(f"{broken:,} of {total:,} weights are NaN or infinite.")]
        inputs = as_inputs(model, images)
        predictions = forward(model, inputs)
        activity = hidden_activity(model, inputs[:_PROBED])
    else:
        from mnist_course.checks.backend import current

        inputs = images.astype(np.float32)
        predictions = current().predict(model, inputs)
        activity = current().hidden_activations(model, inputs[:_PROBED])
    if not isinstance(predictions, np.ndarray):
        return findings  # several outputs: not a network of this course
    findings += check_predictions(predictions, network=network, classes_present=present)
    if network is None or not network.reconstructs:
        findings += check_activity(activity)
    if y is not None and curves is not None and predictions.ndim == 2:
        findings += _restored(predictions, np.asarray(y)[: len(images)], curves)
    return findings


def _restored(
    predictions: npt.NDArray[Any],
    y: npt.NDArray[Any],
    curves: Mapping[str, Sequence[float]],
) -> list[Finding]:
    """Compare the model's accuracy with the last epoch of its history."""
    values = curve(curves, "val_accuracy")
    truth = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    accuracy = float(np.mean(predictions.argmax(axis=1) == truth))
    half = 0.5 / len(truth)
    if not values or abs(values[-1] - accuracy) < half:
        return []
    # The exact accuracy of an earlier epoch on as many images is no coincidence.
    epochs = [epoch for epoch, v in enumerate(values, start=1) if abs(v - accuracy) < half / 10]
    if not epochs or len(truth) < 500:
        return []
    return [
        Finding(
            "restored-weights",
            f"The history ends at a validation accuracy of {values[-1]:.4f}; the model itself has "
            f"{accuracy:.4f}, the value of epoch {epochs[-1]}.",
            "The weights of that epoch were restored (EarlyStopping does that), so the last "
            "entry of the history is not the accuracy of the model you hold.",
            "Report what model.evaluate gives for the final model.",
            "hint",
        )
    ]


def _against_record(images: npt.NDArray[Any], record: FitRecord | None) -> list[Finding]:
    if record is None or record.data is None or not images.size:
        return []
    trained = max(abs(record.data.minimum), abs(record.data.maximum))
    shown = float(np.abs(images).max())
    if min(trained, shown) > 0 and max(trained, shown) / min(trained, shown) > 20:
        return [scaled_differently(record.data.maximum, float(images.max()))]
    return []


def _not_built() -> Finding:
    return Finding(
        "not-built",
        "The network has 0 weights so far.",
        "A network gets its weights when it knows the shape of its input, so nothing can be said "
        "about its units and its answers yet.",
        "Start the network with keras.Input((28, 28)), or train it first.",
        "hint",
    )


def _causes(findings: list[Finding]) -> list[Finding]:
    names = {finding.name for finding in findings}
    explained = {effect for name in names for effect in _EFFECTS.get(name, ())}
    return [finding for finding in findings if finding.name not in explained]


def _is_keras(model: Any) -> bool:
    # A Keras model can only exist where Keras has been imported; the grader never imports it.
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(model, keras.Model)
