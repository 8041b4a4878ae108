"""Keep the records of one notebook in their order."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from mnist_course.experiments.recording.fit_record import EvaluationRecord, FitRecord
from mnist_course.experiments.recording.weights import INITIAL_WEIGHTS_BYTES

__all__ = ["MOST_EVALUATIONS", "MOST_FITS", "Journal"]

MOST_FITS = 500
MOST_EVALUATIONS = 2_000

_logger = logging.getLogger(__name__)


class Journal:
    """The fits with the evaluations of one log, numbered from 1.

    Parameters
    ----------
    fits : iterable of FitRecord
        Numbered 1, 2, 3 ...
    evaluations : iterable of EvaluationRecord
    """

    def __init__(
        self,
        fits: Iterable[FitRecord] = (),
        evaluations: Iterable[EvaluationRecord] = (),
    ) -> None:
        self._fits = list(fits)
        self._evaluations = list(evaluations)

    @property
    def fits(self) -> tuple[FitRecord, ...]:
        """The fits in their order."""
        return tuple(self._fits)

    @property
    def evaluations(self) -> tuple[EvaluationRecord, ...]:
        """The evaluations in their order."""
        return tuple(self._evaluations)

    def add_fit(self, record: FitRecord) -> None:
        """Append a fit: give it its number, find the fit that it continued, keep the budget."""
        if len(self._fits) >= MOST_FITS:
            _logger.warning("The experiment log is full: %d fits. This one is left out.", MOST_FITS)
            return
        held = sum(_weights_bytes(fit) for fit in self._fits)
        fits_in = held + _weights_bytes(record) <= INITIAL_WEIGHTS_BYTES
        self._fits.append(
            replace(
                record,
                number=len(self._fits) + 1,
                continued_from=self._fit_before(record.weights_before),
                initial_weights=record.initial_weights if fits_in else None,
            )
        )

    def add_evaluation(self, record: EvaluationRecord) -> None:
        """Append an evaluation: find the fit whose model it was."""
        if len(self._evaluations) >= MOST_EVALUATIONS:
            return
        fit = self.find(record.weights)
        self._evaluations.append(replace(record, number_of_fit=None if fit is None else fit.number))

    def explain(self, number: int, why: str) -> None:
        """Write the reason of fit `number`, which must exist."""
        self._fits[number - 1] = replace(self._fits[number - 1], why=why)

    def find(self, digest: str) -> FitRecord | None:
        """Return the latest fit that ended with these weights."""
        return next((fit for fit in reversed(self._fits) if fit.weights_after == digest), None)

    def _fit_before(self, digest: str) -> int | None:
        """Return the number of the latest fit that made the weights a fit began with.

        A fit that changed nothing (a learning rate of 0) made no weights: a model that is built
        again from the same seed does not continue it.
        """
        if not digest:
            return None
        for fit in reversed(self._fits):
            if fit.weights_after == digest and fit.weights_before != digest:
                return fit.number
        return None


def _weights_bytes(fit: FitRecord) -> int:
    return sum(array.nbytes for array in fit.initial_weights or ())
