"""One arm by one measure: mean, spread, trials that failed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["ArmResult"]


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm by one measure.

    Parameters
    ----------
    arm : str
    n, failed : int
        Trials with a value, trials without.
    mean, sd : float
        Over the trials with a value (``ddof=1``), NaN where there are too few.
    """

    arm: str
    n: int
    failed: int
    mean: float
    sd: float

    @classmethod
    def from_values(cls, arm: str, values: Sequence[float]) -> ArmResult:
        """Sum up one arm; NaN is a trial that failed."""
        # Sorted, so that the order of the trials cannot change a last digit.
        finite = np.sort(np.array([v for v in values if not math.isnan(v)], dtype=np.float64))
        return cls(
            arm,
            len(finite),
            len(values) - len(finite),
            float(finite.mean()) if len(finite) else math.nan,
            float(finite.std(ddof=1)) if len(finite) > 1 else math.nan,
        )

    @property
    def lost(self) -> bool:
        """At least half of the trials failed."""
        return self.failed > 0 and self.failed >= self.n

    def rank(self, higher: bool) -> tuple[bool, bool, float, str]:
        """Return a key that sorts the best arm first, failures last, equal means by name."""
        mean = math.inf if math.isnan(self.mean) else -self.mean if higher else self.mean
        return self.lost, self.failed > 0, mean, self.arm
