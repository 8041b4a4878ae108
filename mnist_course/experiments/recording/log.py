"""The experiment log of a notebook: every fit by itself, the reasons by its author."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording import log_table
from mnist_course.experiments.recording.fit_record import EvaluationRecord, FitRecord
from mnist_course.experiments.recording.journal import MOST_EVALUATIONS, MOST_FITS, Journal
from mnist_course.experiments.recording.settings import changed_knobs, settings
from mnist_course.experiments.recording.strict_dict import Fields, describe
from mnist_course.experiments.recording.weights import INITIAL_WEIGHTS_BYTES, weights_digest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExperimentLog"]

_LONGEST_WHY = 10_000
_LARGEST_FILE = 64 * 2**20


class ExperimentLog:
    """A record of every ``model.fit`` that follows, the first one being the baseline.

    A second log shows the same record as the first: running the cell twice loses nothing.

    Parameters
    ----------
    x_test, y_test : array, optional
        Data on which the accuracy of a fit without validation data is measured when it is over.
    fresh : bool
        True starts a new record that is numbered from 1 again, which suits the first cell of a
        notebook.

    Raises
    ------
    ValueError
        If only one of `x_test` and `y_test` is given.

    Examples
    --------
    >>> log = ExperimentLog()                                        # doctest: +SKIP
    >>> model.fit(x_train, y_train, validation_data=(x_val, y_val))  # doctest: +SKIP
    >>> log.why("the untouched network, to compare with")            # doctest: +SKIP
    >>> log                                                          # doctest: +SKIP
    """

    def __init__(self, x_test: Any = None, y_test: Any = None, *, fresh: bool = False) -> None:
        if (x_test is None) != (y_test is None):
            raise ValueError(
                "ExperimentLog needs test images with their labels, got only one of them. "
                "Write ExperimentLog(x_test, y_test), or ExperimentLog()."
            )
        from mnist_course.experiments.recording.recorder import start  # needs Keras

        self._journal = start().open_log(
            Journal() if fresh else None,
            test_data=None if x_test is None else (x_test, y_test),
        )
        self._read_only = False

    @classmethod
    def _showing(cls, journal: Journal, *, read_only: bool) -> ExperimentLog:
        log = cls.__new__(cls)
        log._journal = journal
        log._read_only = read_only
        return log

    @classmethod
    def automatic(cls) -> ExperimentLog:
        """Return a log of everything since the recorder was started, for who has opened none."""
        from mnist_course.experiments.recording.recorder import start

        return cls._showing(start().journal, read_only=False)

    @property
    def fits(self) -> tuple[FitRecord, ...]:
        """Every fit, in order."""
        return self._journal.fits

    @property
    def evaluations(self) -> tuple[EvaluationRecord, ...]:
        """Every ``model.evaluate`` outside a fit, in order."""
        return self._journal.evaluations

    def __len__(self) -> int:
        return len(self.fits)

    def why(self, number: int | str | None, sentence: str | None = None) -> None:
        """Write why a fit was tried.

        Parameters
        ----------
        number : int or None
            Number of the fit, None for the last one. May be left out: ``log.why("because ...")``
            right after a fit is about that fit.
        sentence : str
            The reason.

        Raises
        ------
        RecordError
            If there is no such fit, if the sentence is empty or longer than 10,000 characters,
            or if this log is a copy.
        """
        if isinstance(number, str) and sentence is None:
            number, sentence = None, number
        if self._read_only:
            raise RecordError("This log is a copy for reading: its reasons cannot be changed.")
        if not isinstance(sentence, str) or not sentence.strip():
            raise RecordError(
                f"A reason must be a sentence, got {describe(sentence)}. "
                'Write log.why("I changed ... because ...").'
            )
        if len(sentence) > _LONGEST_WHY:
            raise RecordError(
                f"A reason has at most {_LONGEST_WHY:,} characters, got {len(sentence):,}."
            )
        if not self.fits:
            raise RecordError("No fit has been recorded yet. Run model.fit(...) first.")
        if number is None:
            number = len(self.fits)
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not whole or not 1 <= int(number) <= len(self.fits):
            raise RecordError(
                f"There is no fit {describe(number)}. This log has fits 1 to {len(self.fits)}; "
                'log.why("...") right after model.fit(...) is always about that fit.'
            )
        self._journal.explain(int(number), sentence.strip())

    def find(self, weights: Sequence[np.ndarray]) -> FitRecord | None:
        """Return the latest fit that ended with these weights, None without one.

        Parameters
        ----------
        weights : sequence of numpy.ndarray
            ``model.get_weights()``.
        """
        return self._journal.find(weights_digest(weights))

    def chain(self, record: FitRecord) -> tuple[FitRecord, ...]:
        """Return the fits that made a model, from the one with fresh weights to `record`."""
        chain, fits = [record], self.fits
        while (before := chain[-1].continued_from) is not None and before <= len(fits):
            chain.append(fits[before - 1])
        return tuple(reversed(chain))

    def settings(self, record: FitRecord) -> dict[str, object]:
        """Name what was chosen for a fit, the epochs of all fits that it continued included."""
        return settings(record, earlier=self.chain(record)[:-1])

    def changed_knobs(self, record: FitRecord, other: FitRecord) -> tuple[str, ...]:
        """Name the knobs that differ between two fits of this log."""
        return changed_knobs(self.settings(record), self.settings(other))

    def one_knob_apart(self, record: FitRecord) -> FitRecord | None:
        """Return the latest earlier fit that differs in exactly one knob, None without one."""
        mine = self.settings(record)
        for other in reversed(self.fits[: record.number - 1]):
            if len(changed_knobs(self.settings(other), mine)) == 1:
                return other
        return None

    def table(self) -> pd.DataFrame:
        """Return the log as a table, one row for each fit.

        Returns
        -------
        pandas.DataFrame
            Index ``fit``; columns ``changed``, ``compared with`` (the earlier fit with the fewest
            differences), ``parameters``, ``epochs``, ``accuracy`` (percent), ``seconds``,
            ``why``, ``note``.
        """
        import pandas as pd

        rows = log_table.rows(self.fits)
        return pd.DataFrame(
            {
                "changed": [row.change for row in rows],
                "compared with": pd.array([row.compared_with for row in rows], dtype="Int64"),
                "parameters": [row.parameters for row in rows],
                "epochs": [row.epochs for row in rows],
                "accuracy": [
                    np.nan if row.accuracy is None else round(100 * row.accuracy, 2) for row in rows
                ],
                "seconds": [round(row.seconds, 1) for row in rows],
                "why": [row.why for row in rows],
                "note": [" ".join(row.notes) for row in rows],
            },
            index=pd.Index([row.number for row in rows], name="fit", dtype="int64"),
        )

    def show(self) -> None:
        """Display the table below a cell, from anywhere in it."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]

    def _repr_html_(self) -> str:
        return log_table.html(log_table.rows(self.fits))

    def __str__(self) -> str:
        return log_table.text(log_table.rows(self.fits)) or repr(self)

    def __repr__(self) -> str:
        best = max((fit.accuracy for fit in self.fits if fit.accuracy is not None), default=None)
        known = "" if best is None else f", best accuracy {100 * best:.2f} %"
        return f"<ExperimentLog: {len(self)} {'fit' if len(self) == 1 else 'fits'}{known}>"

    def to_dict(self, *, initial_weights: bool = True) -> dict[str, Any]:
        """Return the log as plain values.

        Parameters
        ----------
        initial_weights : bool
            False leaves the arrays out, so that the result can be written as JSON.
        """
        return {
            "fits": [fit.to_dict(initial_weights=initial_weights) for fit in self.fits],
            "evaluations": [evaluation.to_dict() for evaluation in self.evaluations],
        }

    @classmethod
    def from_dict(cls, value: object) -> ExperimentLog:
        """Read what `to_dict` wrote, believing nothing; the log is for reading only.

        Raises
        ------
        RecordError
            If anything in it has another form, if the fits are not numbered 1, 2, 3 ..., or if
            the initial weights of all fits are more than a log keeps.
        """
        return cls._showing(_journal_from(value), read_only=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the log as a JSON file, initial weights left out, to go on tomorrow.

        An old file is replaced only when the new one is complete.
        """
        target = Path(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            beside.write_text(json.dumps(self.to_dict(initial_weights=False)), encoding="utf-8")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ExperimentLog:
        """Read a log that `save` wrote, then record what follows into it.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        RecordError
            If the file is not a saved log.
        """
        from mnist_course.experiments.recording.recorder import start

        source = Path(path)
        if source.stat().st_size > _LARGEST_FILE:
            raise RecordError(f"{source.name} is too large for a saved log.")
        try:
            value = json.loads(source.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            raise RecordError(f"{source.name} is not a saved log: it is not JSON.") from None
        return cls._showing(start().open_log(_journal_from(value)), read_only=False)


def _journal_from(value: object) -> Journal:
    fields = Fields(value, "an experiment log", ("fits", "evaluations"))
    fits = fields.items("fits", FitRecord.from_dict, longest=MOST_FITS)
    if [fit.number for fit in fits] != list(range(1, len(fits) + 1)):
        raise RecordError("an experiment log: the fits must be numbered 1, 2, 3 ...")
    held = sum(array.nbytes for fit in fits for array in fit.initial_weights or ())
    if held > INITIAL_WEIGHTS_BYTES:
        raise RecordError(
            f"an experiment log: initial weights must be at most {INITIAL_WEIGHTS_BYTES} bytes "
            f"in all, got {held}"
        )
    evaluations = fields.items("evaluations", EvaluationRecord.from_dict, longest=MOST_EVALUATIONS)
    for evaluation in evaluations:
        if evaluation.number_of_fit is not None and evaluation.number_of_fit > len(fits):
            raise RecordError(
                f"an experiment log: an evaluation names fit {evaluation.number_of_fit}, "
                f"there are {len(fits)}"
            )
    return Journal(fits, evaluations)
