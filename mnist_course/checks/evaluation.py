"""Points for a clean comparison of what was learnt with what was never seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mnist_course.checks.measurement import rows_of_test_set
from mnist_course.checks.score import CannotGrade, Score
from mnist_course.checks.trained_model import lineage, record_of
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import DataPrint
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_evaluation"]


def check_evaluation(
    model: Any, log: ExperimentLog, *, unseen: float = 2, no_overlap: float = 2, scaling: float = 1
) -> Score:
    """Check what the final model was trained on and measured on.

    Evaluating on the test set after every epoch, as the given notebook does, costs nothing.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    unseen, no_overlap, scaling : float
        Points for: no test image in the training data; no image in both training and validation
        data; both scaled alike. Test images in the training data cost all of them.

    Returns
    -------
    Score
        Zero when the model was trained on images of the test set.

    Raises
    ------
    CannotGrade
        If no recorded fit says what the model was trained on.
    """
    of = unseen + no_overlap + scaling
    record, _ = record_of(model, log)
    if record is None:
        raise CannotGrade("no recorded fit says on which images `model` was trained")
    seen = rows_of_test_set(record, log)
    if seen:
        return Score(
            0,
            of,
            f"The training data hold {seen:,} images of the test set.",
            "The network has seen the questions of its own exam.",
            "Fit on (x_train, y_train) only.",
        )
    points, findings = unseen, [Finding("No image of the test set was used for training.")]
    fits = lineage(record, log)
    shared = max(fit.shared_rows for fit in fits)
    if shared:
        findings.append(
            Finding(
                f"{shared:,} images are in both the training and the validation data.",
                "On these the network only has to remember, so the validation accuracy flatters.",
                "Use validation_data=(x_test, y_test), or validation_split=0.1 of the training "
                "data.",
            )
        )
    else:
        points += no_overlap
    used = [(fit.data, fit.validation) for fit in fits]
    different = [(a, b) for a, b in used if a is not None and b is not None and not _alike(a, b)]
    if different:
        trained_on, measured_on = different[0]
        findings.append(
            Finding(
                f"Training pixels run from {trained_on.minimum:g} to {trained_on.maximum:g}, those "
                f"of the validation data from {measured_on.minimum:g} to "
                f"{measured_on.maximum:g}.",
                "The network meets inputs of a size that it was never trained on.",
                "Scale both in the same line: x_train, x_test = x_train / 255, x_test / 255.",
            )
        )
    else:
        points += scaling
    return Score(points, of, findings=findings)


def _alike(a: DataPrint, b: DataPrint) -> bool:
    if a.factor is not None and b.factor is not None:
        spread = 255 * abs(a.factor)
        return (
            math.isclose(a.factor, b.factor, rel_tol=0.01)
            and abs((a.offset or 0.0) - (b.offset or 0.0)) <= 0.01 * spread
        )
    spread = max(a.maximum - a.minimum, b.maximum - b.minimum)
    return abs(a.mean - b.mean) <= 0.1 * spread
