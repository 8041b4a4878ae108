"""Lay out an experiment log for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.recording.settings import changed_knobs, settings, wording

__all__ = ["TableRow", "html", "rows", "text"]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One fit beside the earlier fit that it is nearest to.

    Parameters
    ----------
    number : int
    changed : tuple of str
        ``learning rate: 1e-05 → 0.001``, one for each knob that differs.
    compared_with : int or None
        The earlier fit with the fewest differences, the latest of them; None for the first fit.
    parameters, epochs : int
    accuracy : float or None
        0..1.
    seconds : float
    why : str
    notes : tuple of str
        What a reader must know before believing the accuracy.
    tainted : bool
        True when the accuracy was measured on images that were trained on.
    """

    number: int
    changed: tuple[str, ...]
    compared_with: int | None
    parameters: int
    epochs: int
    accuracy: float | None
    seconds: float
    why: str
    notes: tuple[str, ...]
    tainted: bool

    @property
    def change(self) -> str:
        """The changes in one line."""
        if self.compared_with is None:
            return "baseline"
        return "; ".join(self.changed) or "nothing"

    @property
    def percent(self) -> str:
        """The accuracy as ``97.31 %``; a dash when unknown."""
        return "–" if self.accuracy is None else f"{100 * self.accuracy:.2f} %"


def rows(fits: Sequence[FitRecord]) -> tuple[TableRow, ...]:
    """Compare every fit with the earlier ones.

    Parameters
    ----------
    fits : sequence of FitRecord
        All fits of a log, in order.
    """
    by_number = {fit.number: fit for fit in fits}
    chains = {fit.number: _chain(fit, by_number) for fit in fits}
    knobs = {fit.number: settings(fit, earlier=chains[fit.number]) for fit in fits}
    return tuple(
        _row(fit, [other.number for other in fits[:place]], knobs, chains[fit.number])
        for place, fit in enumerate(fits)
    )


def _chain(fit: FitRecord, by_number: dict[int, FitRecord]) -> tuple[FitRecord, ...]:
    """Return the fits that a fit continued, the first one first, itself left out."""
    chain: list[FitRecord] = []
    while fit.continued_from is not None and fit.continued_from in by_number:
        fit = by_number[fit.continued_from]
        chain.append(fit)
    return tuple(reversed(chain))


def _row(
    fit: FitRecord,
    earlier: Sequence[int],
    knobs: dict[int, dict[str, object]],
    chain: tuple[FitRecord, ...],
) -> TableRow:
    mine = knobs[fit.number]
    differences = {number: changed_knobs(knobs[number], mine) for number in earlier}
    nearest = min(differences, key=lambda number: (len(differences[number]), -number), default=None)
    changed: tuple[str, ...] = ()
    if nearest is not None:
        before = knobs[nearest]
        changed = tuple(
            f"{name}: {wording(before[name])} → {wording(mine[name])}"
            for name in differences[nearest]
        )
    return TableRow(
        number=fit.number,
        changed=changed,
        compared_with=nearest,
        parameters=fit.parameters,
        epochs=fit.epochs,
        accuracy=fit.accuracy,
        seconds=fit.seconds,
        why=fit.why,
        notes=_notes(fit, chain, None if changed else nearest),
        tainted=bool(fit.shared_rows or (fit.data is not None and fit.data.test_rows)),
    )


def _notes(fit: FitRecord, chain: tuple[FitRecord, ...], same_as: int | None) -> tuple[str, ...]:
    notes = []
    if chain:
        total = fit.epochs + sum(other.epochs for other in chain)
        notes.append(
            f"Went on from the weights of fit {fit.continued_from}: {_epochs(total)} in all. "
            "Build the model anew for a fresh start."
        )
    if fit.data is not None and fit.data.test_rows:
        notes.append(
            f"Trained on {fit.data.test_rows:,} images of the test set: its test accuracy says "
            "nothing about new images."
        )
    if fit.shared_rows:
        notes.append(f"{fit.shared_rows:,} validation images are training images too.")
    if _scaled_differently(fit):
        notes.append("Training images and validation images are scaled differently.")
    if same_as is not None:
        notes.append(f"Same settings as fit {same_as}: the difference is chance.")
    if any(not math.isfinite(value) for value in fit.history.get("loss", ())):
        notes.append("The loss became NaN or infinite.")
    if fit.stopped_by:
        notes.append(
            f"Stopped by {fit.stopped_by} after {fit.epochs} of {_epochs(fit.epochs_planned)}."
        )
    return tuple(notes)


def _scaled_differently(fit: FitRecord) -> bool:
    one, two = fit.data, fit.validation
    if one is None or two is None or one.factor is None or two.factor is None:
        return False
    return not math.isclose(one.factor, two.factor, rel_tol=1e-3)


def text(table: Sequence[TableRow]) -> str:
    """Write the table for a terminal, one block of lines for each fit."""
    lines = []
    for row in table:
        against = "" if row.compared_with is None else f" (against fit {row.compared_with})"
        lines.append(
            f"{row.number:>3}. {row.percent:>8}  {row.change}{against}; "
            f"{row.parameters:,} parameters, {_epochs(row.epochs)}, {row.seconds:.1f} s"
        )
        lines.append(f"     why: {row.why or _call(row.number)}")
        lines.extend(f"     note: {note}" for note in row.notes)
    return "\n".join(lines)


def html(table: Sequence[TableRow]) -> str:
    """Write the table for a notebook; everything that came from a fit is escaped."""
    if not table:
        return (
            "<p>No fit has been recorded yet. Every <code>model.fit(...)</code> from now on "
            "appears here by itself.</p>"
        )
    fair = [row.accuracy for row in table if row.accuracy is not None and not row.tainted]
    best = max(fair, default=None)
    head = "".join(f'<th style="text-align:{_SIDES[name]}">{name}</th>' for name in _SIDES)
    body = "".join(_html_row(row, best) for row in table)
    return (
        '<table style="border-collapse:collapse"><caption style="text-align:left">'
        f"Experiment log: {len(table)} {'fit' if len(table) == 1 else 'fits'}"
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


_SIDES = {
    "fit": "right",
    "changed": "left",
    "against": "right",
    "parameters": "right",
    "epochs": "right",
    "accuracy": "right",
    "seconds": "right",
    "why": "left",
    "note": "left",
}


def _html_row(row: TableRow, best: float | None) -> str:
    percent = escape(row.percent)
    if best is not None and row.accuracy == best and not row.tainted:
        percent = f'<strong title="the highest accuracy of this log">{percent}</strong>'
    why = escape(row.why) if row.why else f"type <code>{escape(_call(row.number))}</code>"
    changed = "<br>".join(escape(change) for change in row.changed) or escape(row.change)
    cells = {
        "fit": str(row.number),
        "changed": changed,
        "against": "" if row.compared_with is None else f"fit {row.compared_with}",
        "parameters": f"{row.parameters:,}",
        "epochs": str(row.epochs),
        "accuracy": percent,
        "seconds": f"{row.seconds:.1f}",
        "why": why,
        "note": "<br>".join(f"⚠ {escape(note)}" for note in row.notes),
    }
    # No colours of our own: the table follows JupyterLab's light or dark theme.
    return (
        "<tr>"
        + "".join(
            f'<td style="text-align:{side};vertical-align:top">{cells[name]}</td>'
            for name, side in _SIDES.items()
        )
        + "</tr>"
    )


def _epochs(number: int) -> str:
    return f"{number} epoch" if number == 1 else f"{number} epochs"


def _call(number: int) -> str:
    return f'log.why({number}, "...")'
