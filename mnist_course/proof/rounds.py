"""Which mutants may share a notebook, because they are about different items and cells."""

from __future__ import annotations

from collections.abc import Iterable

from mnist_course.proof.proof import Mutant

__all__ = ["rounds"]


def rounds(mutants: Iterable[Mutant], *, all_alone: bool = False) -> list[tuple[Mutant, ...]]:
    """Put mutants into as few notebooks as an easy rule finds.

    Items are independent of each other, so mutants of different items can be graded together,
    unless they edit the same cell or ask to be alone.

    Parameters
    ----------
    mutants : iterable of Mutant
    all_alone : bool
        One notebook for each.

    Returns
    -------
    list of tuple of Mutant
        Every mutant once; each goes to the first notebook that has room for it.
    """
    shared: list[list[Mutant]] = []
    alone: list[tuple[Mutant, ...]] = []
    for mutant in mutants:
        if all_alone or mutant.alone:
            alone.append((mutant,))
            continue
        free = (round_ for round_ in shared if not any(_meet(mutant, other) for other in round_))
        place = next(free, None)
        if place is None:
            shared.append([mutant])
        else:
            place.append(mutant)
    return [*map(tuple, shared), *alone]


def _meet(one: Mutant, other: Mutant) -> bool:
    cells = {edit.cell for edit in one.edits} & {edit.cell for edit in other.edits}
    return one.kills == other.kills or bool(cells)
