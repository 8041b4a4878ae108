"""Points for autoencoders of several lengths, with errors that are theirs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mnist_course.checks.autoencoders.images import LENGTHS, grader_images
from mnist_course.checks.autoencoders.reconstructing import (
    code_length,
    entries_of,
    reconstruction_error,
)
from mnist_course.checks.plain_values import as_number, type_name
from mnist_course.checks.score import CheckFailed, Score, note
from mnist_course.checks.trained_model import record_of
from mnist_course.experiments.recording.data_print import read
from mnist_course.experiments.recording.settings import settings
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_reconstruction_errors", "measured_errors"]

TOLERANCE = 0.005  # of an error: another order of sums, half precision
NOISE = 0.05  # of an error: two trainings with other seeds differ by 1 to 4 %
_MUST_AGREE = ("learning rate", "optimizer", "loss", "epochs", "batch size", "training images")


def measured_errors(
    autoencoders: Any, lengths: tuple[int, ...] = LENGTHS
) -> tuple[dict[int, float], list[Finding]]:
    """Measure each autoencoder on the grader's validation images.

    Returns
    -------
    (errors, findings)
        By length, where the model has that length; a finding for each other one.
    """
    models, missing = entries_of(autoencoders, lengths, "autoencoders")
    errors: dict[int, float] = {}
    findings = [] if missing is None else [missing]
    for k, model in models.items():
        name = f"autoencoders[{k}]"
        try:
            error = reconstruction_error(model, name)
        except CheckFailed as failed:
            findings.append(failed.finding)
            continue
        narrow = code_length(model)
        if narrow != k:
            findings.append(
                Finding(
                    f"`{name}` has {narrow} units at its narrowest; expected {k}.",
                    "The name of an entry must be what it holds, or the curve is drawn at the "
                    "wrong place.",
                    f"Build it with a code of {k} numbers.",
                )
            )
            continue
        errors[k] = error
    return errors, findings


def check_reconstruction_errors(
    errors: Any,
    autoencoders: Any,
    log: ExperimentLog,
    *,
    lengths: tuple[int, ...] = LENGTHS,
    recomputed: float,
    falling: float,
    one_change: float,
) -> Score:
    """Give points for a reconstruction curve.

    Parameters
    ----------
    errors : dict of int to float
        Mean squared error on the validation images by the length of the code.
    autoencoders : dict of int to keras.Model
    log : ExperimentLog
    lengths : tuple of int
    recomputed : float
        For errors that are those of the models; in part for some of them.
    falling : float
        For measured errors that fall with the length, but for noise.
    one_change : float
        For fits that differ in the length of the code alone, on training images only.
    """
    of = recomputed + falling + one_change
    measured, findings = measured_errors(autoencoders, lengths)
    if not measured:
        return Score(0, of, findings=findings)
    note(**{f"mse_{k}": error for k, error in measured.items()})
    given, missing = entries_of(errors, lengths, "errors")
    wrong = [
        problem
        for k, error in measured.items()
        if k in given and (problem := _wrong_error(k, given[k], error)) is not None
    ]
    right = sum(k in given for k in measured) - len(wrong)
    findings += [missing] if missing is not None else []
    findings += wrong[:2]
    earned = recomputed * right / len(lengths)
    if len(measured) == len(lengths):
        late = _not_falling(measured)
        mixed = _more_than_one_change(autoencoders, log, lengths)
        earned += (falling if late is None else 0) + (one_change if mixed is None else 0)
        findings += [found for found in (late, mixed) if found is not None]
    if findings:
        return Score(earned, of, findings=findings)
    shown = ", ".join(f"{k}: {error:.4f}" for k, error in measured.items())
    return Score(of, of, f"Your {len(measured)} errors are right ({shown}).")


def _wrong_error(k: int, said: Any, measured: float) -> Finding | None:
    number = as_number(said)
    if number is None:
        return Finding(
            f"`errors[{k}]` is a {type_name(said)}, not a number.",
            "Only numbers can be compared and drawn.",
            f"errors[{k}] = autoencoder.evaluate(x_val, x_val, verbose=0)",
        )
    if abs(number - measured) <= TOLERANCE * measured:
        return None
    saw = f"`errors[{k}]` is {number:.5f}; on the validation images it is {measured:.5f}."
    if abs(number - 784 * measured) <= TOLERANCE * 784 * measured:
        return Finding(
            saw,
            "That is the sum over the 784 pixels, not their mean.",
            "Take the mean over images and pixels, as loss='mse' does.",
        )
    if abs(number**2 - measured) <= 2 * TOLERANCE * measured:
        return Finding(
            saw,
            "That is the root of the mean squared error.",
            "Keep the mean squared error itself: shares of variance are computed from squares.",
        )
    return Finding(
        saw,
        "An error on the training images, or of another network, is no measure of this one: the "
        "mean over the epoch in `history` is neither.",
        "autoencoder.evaluate(x_val, x_val, verbose=0), after fit, for each k.",
    )


def _not_falling(measured: Mapping[int, float]) -> Finding | None:
    for shorter, longer in pairwise(sorted(measured)):
        if measured[longer] > (1 + NOISE) * measured[shorter]:
            return Finding(
                f"With {longer} numbers the error is {measured[longer]:.4f}, with {shorter} it is "
                f"{measured[shorter]:.4f}.",
                "A longer code can hold all that a shorter one holds, so its error is as small, "
                "but for noise. If it is larger, the training failed, not the code.",
                f"Train k = {longer} again with a fresh network: units may be dead.",
            )
    return None


def _more_than_one_change(
    autoencoders: Mapping[Any, Any], log: ExperimentLog, lengths: tuple[int, ...]
) -> Finding | None:
    models, _ = entries_of(autoencoders, lengths, "autoencoders")
    records: dict[int, FitRecord] = {}
    for k, model in models.items():
        record, exact = record_of(model, log)
        if record is None or not exact:
            return Finding(
                f"No recorded fit ends in the weights of `autoencoders[{k}]`.",
                "Whether the networks were trained alike is read from the record of their fits.",
                "Build and fit each network in this notebook, and change nothing afterwards.",
            )
        records[k] = record
    for k, record in records.items():
        if record.data is not None and record.data.digest != _training_images():
            return Finding(
                f"`autoencoders[{k}]` was trained on {record.data.rows:,} images that are not "
                "those in x_train.",
                "The curve is compared with PCA's, which saw the images in x_train and no others; "
                "what a network has seen it can learn by heart.",
                "fit(x_train, x_train, ...) for every k.",
            )
    return _unlike(records, log)


@lru_cache(maxsize=1)
def _training_images() -> str:
    known = read(grader_images().x_train)
    assert known is not None  # they are images
    return known.print.digest


def _unlike(records: Mapping[int, FitRecord], log: ExperimentLog) -> Finding | None:
    done = {k: settings(r, earlier=_before(r, log)) for k, r in records.items()}
    layers = {
        k: tuple(layer.units for layer in record.layers if layer.units and layer.units != k)
        for k, record in records.items()
    }
    first = min(done)
    for k in done:
        for knob in _MUST_AGREE:
            if done[k][knob] != done[first][knob]:
                return Finding(
                    f"{knob}: {done[k][knob]} for k = {k}, but {done[first][knob]} for "
                    f"k = {first}.",
                    "If two things change at once, nobody knows which of them changed the error.",
                    "Train all networks with the same settings, each with fresh weights.",
                )
        if layers[k] != layers[first] and k not in (layers[first] or ()):
            return Finding(
                f"Beside the code, the layers have {_listed(layers[k])} units for k = {k}, but "
                f"{_listed(layers[first])} for k = {first}.",
                "If two things change at once, nobody knows which of them changed the error.",
                "Keep the hidden layers, and change the code alone.",
            )
    return None


def _before(record: FitRecord, log: ExperimentLog) -> tuple[FitRecord, ...]:
    return tuple(log.chain(record) or (record,))[:-1]


def _listed(units: tuple[int | None, ...]) -> str:
    return "-".join(map(str, units)) or "no"
