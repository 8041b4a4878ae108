"""Which part of an item each problem of a study costs."""

from __future__ import annotations

__all__ = ["PARTS", "PART_OF", "parts_of"]

PARTS = ("arms", "one change", "runs", "table", "plot", "claim")
"""What a study earns points for."""

PART_OF = {
    "too-few-arms": "arms",
    "arm-missing": "arms",
    "value-missing": "arms",
    "no-control": "arms",
    "label-differs": "one change",
    "not-as-configured": "one change",
    "arm-mixed": "one change",
    "two-changes": "one change",
    "arms-equal": "one change",
    "unequal-epochs": "one change",
    "unequal-updates": "one change",
    "unequal-parameters": "one change",
    "other-data": "one change",
    "other-scaling": "one change",
    "not-normalised": "runs",
    "scaled-differently": "runs",
    "trained-on-test": "runs",
    "validated-on-training": "runs",
    "test-for-choosing": "runs",
    "not-fresh": "runs",
    "same-start": "runs",
    "too-few-seeds": "runs",
    "run-copied": "runs",
    "no-own-run": "runs",
    "impossible-record": "runs",
    "measured-differs": "runs",
    "last-epoch-reported": "runs",
    "shipped-altered": "runs",
    "patience-too-long": "one change",
    "one-step-epochs": "runs",
    "penalty-in-loss": "claim",
    "claim-without-trial": "claim",
    "claim-not-measured": "claim",
    "judged-on-training": "claim",
}
"""Kind of a problem (see ``experiments/validity``) to the part that it costs."""


def parts_of(names: object) -> tuple[str, ...]:
    """Return the parts that an item gives points for.

    Raises
    ------
    ValueError
        If one of the names is no part: the cell's mistake, not the student's.
    """
    wanted = tuple(names) if isinstance(names, dict) else ()
    unknown = [name for name in wanted if name not in PARTS]
    if not wanted or unknown:
        raise ValueError(
            f"points are given for {', '.join(PARTS)}; got {', '.join(map(repr, unknown)) or names}"
        )
    return wanted
