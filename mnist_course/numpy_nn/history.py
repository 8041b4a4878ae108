"""What was measured after each epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class History:
    """The record of one ``fit``.

    Attributes
    ----------
    history : dict of str to list of float
        ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``: one value for each epoch. ``loss``
        and ``accuracy`` are means over the epoch while the weights changed, as in Keras; the
        others were measured at its end. With ``validation_freq`` above 1 the ``val_`` lists are
        shorter.
    epoch : list of int
        The epochs, counted from 0.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    epoch: list[int] = field(default_factory=list)

    def append(self, epoch: int, logs: dict[str, float]) -> None:
        """Add what was measured in one epoch."""
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
