"""Mistakes that the evaluations of a log show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mnist_course.diagnosis.findings import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import (
        DataPrint,
        EvaluationRecord,
        FitRecord,
    )

__all__ = ["check_evaluations"]

_ALL_OF_MNIST = 60_000
_MANY = 3  # networks that were tried on the test set: from here on somebody chooses


def check_evaluations(
    fits: Sequence[FitRecord], evaluations: Sequence[EvaluationRecord]
) -> list[Finding]:
    """Look at which images the networks of a log were judged on.

    Parameters
    ----------
    fits : sequence of FitRecord
        ``log.fits``.
    evaluations : sequence of EvaluationRecord
        ``log.evaluations``.
    """
    findings = []
    for fit in fits:
        judged = [e for e in evaluations if e.weights == fit.weights_after and e.data is not None]
        known = [e for e in judged if _trained_on(e.data, fit.data)]
        others = len(judged) - len(known) + (fit.validation is not None)
        if known and not others:
            findings.append(_on_training(fit, known[0]))
            break
    chosen = {e.weights for e in evaluations if e.data is not None and e.data.test_rows}
    chosen |= {
        fit.weights_after for fit in fits if fit.validation is not None and fit.validation.test_rows
    }
    if len(chosen) >= _MANY:
        findings.append(
            Finding(
                "test-for-choosing",
                f"{len(chosen)} different networks were judged on the test set.",
                "Whoever keeps the best of them has chosen by the test set; its accuracy is then "
                "a little too good, the more so the more were tried.",
                "Compare on validation images (validation_split=0.1), and use the test set once, "
                "for the network that you keep.",
                "hint",
            )
        )
    return findings


def _trained_on(judged: DataPrint | None, trained: DataPrint | None) -> bool:
    """Tell whether all images that judged were trained on."""
    if judged is None or trained is None:
        return False
    if judged.digest == trained.digest:
        return True
    # Of other rows it is certain only where every training image was used.
    whole = trained.train_rows >= _ALL_OF_MNIST and judged.dataset == trained.dataset
    return whole and judged.train_rows == judged.rows


def _on_training(fit: FitRecord, evaluation: EvaluationRecord) -> Finding:
    rows = 0 if evaluation.data is None else evaluation.data.rows
    reached = "" if evaluation.accuracy is None else f" ({evaluation.accuracy:.4f})"
    return Finding(
        "evaluated-on-training",
        f"The network of fit {fit.number} was evaluated on {rows:,} images that it was trained "
        f"on{reached}, and on no others.",
        "It may know those images by heart; what counts is what it does on images that it has "
        "never seen.",
        "Evaluate on x_test and y_test, or give validation_split=0.1 to fit.",
    )
