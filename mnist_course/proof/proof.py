"""The form in which an assignment says what its grading must show."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["Edit", "Margin", "Mutant", "Proof"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one cell of the reference submission.

    The reference submission is the instructor's notebook with its solutions, without the markers
    of solutions and without hidden tests.

    Parameters
    ----------
    cell : str
        The notebook's id of the cell, ``m1-normalise-solution``.
    old : str or None
        Text that is in the cell exactly once; None replaces the whole cell.
    new : str
        What comes instead.

    Raises
    ------
    ValueError
        If the edit names no cell, looks for nothing, or changes nothing.
    """

    cell: str
    old: str | None
    new: str

    def __post_init__(self) -> None:
        if not self.cell:
            raise ValueError("an edit names the cell that it changes, got an empty id")
        if self.old == "":
            raise ValueError(
                f"{self.cell}: an edit looks for a text, got none. Give the text to replace, or "
                "None for the whole cell."
            )
        if self.old == self.new:
            raise ValueError(f"{self.cell}: the edit changes nothing, got {self.new!r} twice")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A plausible wrong solution that must cost its item points.

    Parameters
    ----------
    name : str
        What the student did, in a few words: ``divides by 225``.
    kills : str
        The graded item that must notice: its grade id, ``m1-normalise``.
    edits : tuple of Edit
        What makes the wrong solution out of the right one; edits of one cell apply in order.
    at_most : float, optional
        The most points that the item may still give; by default anything less than all.
    alone : bool
        True for a mutant that reaches beyond its own item (it breaks the data, or ends the
        kernel); it gets a notebook of its own. Items are independent of each other, so the others
        may share one.

    Raises
    ------
    ValueError
        If there is no name, item or edit, or the bound is not a number of points.
    """

    name: str
    kills: str
    edits: tuple[Edit, ...]
    at_most: float | None = None
    alone: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.kills:
            raise ValueError(f"a mutant has a name and an item, got {self.name!r}, {self.kills!r}")
        if not self.edits:
            raise ValueError(f"mutant {self.name!r} of {self.kills}: there is no edit")
        if self.at_most is not None and not (math.isfinite(self.at_most) and self.at_most >= 0):
            raise ValueError(
                f"mutant {self.name!r} of {self.kills}: at_most is a number of points, "
                f"got {self.at_most!r}"
            )


@dataclass(frozen=True, slots=True)
class Margin:
    """How far the reference must stay from the edge of an item that depends on chance.

    Parameters
    ----------
    item : str
        Grade id of the item, ``m3-accuracy``.
    measured : str
        Name of the number among the measurements of the grade, ``accuracy``.
    threshold : float
        Where the item begins to lose points.
    lowest : bool
        True when the number must be at least the threshold, False when at most.

    Raises
    ------
    ValueError
        If a name is empty or the threshold is not finite.
    """

    item: str
    measured: str
    threshold: float
    lowest: bool = True

    def __post_init__(self) -> None:
        if not self.item or not self.measured or not math.isfinite(self.threshold):
            raise ValueError(
                "a margin has an item, a measured number and a finite threshold, got "
                f"{self.item!r}, {self.measured!r}, {self.threshold!r}"
            )


@dataclass(frozen=True, slots=True)
class Proof:
    """What the grading of one assignment must show.

    Parameters
    ----------
    id : str
        The assignment, ``m1``.
    untouched : float
        The most automatic points that the release may get as it is.
    mutants : tuple of Mutant
        At least one for each automatic item, each with its own name.
    margins : tuple of Margin
        For items that depend on chance and whose number the grade tells.
    seeds : int
        How many seeds the reference is tried with, unless the command says another number.
    seeded : tuple of str
        Where the seed stands in the notebook, written with ``{}`` in its place: the text with 0
        there is replaced wherever it stands outside grade cells. None: nothing depends on chance.
    trials : tuple of (Configuration, int)
        Trials, each with its seed, that the wrong solutions share; run once, instead of in every
        one of their notebooks. The right solution trains them itself.

    Raises
    ------
    ValueError
        If there is no id, a number is out of range, a text has no ``{}``, or two mutants share a
        name.
    """

    id: str
    untouched: float
    mutants: tuple[Mutant, ...]
    margins: tuple[Margin, ...] = ()
    seeds: int = 10
    seeded: tuple[str, ...] = ("SEED = {}",)
    trials: tuple[tuple[Configuration, int], ...] = ()

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a proof names its assignment, got an empty id")
        if not (math.isfinite(self.untouched) and self.untouched >= 0):
            raise ValueError(f"{self.id}: untouched is a number of points, got {self.untouched!r}")
        if self.seeds < 1:
            raise ValueError(f"{self.id}: seeds is at least 1, got {self.seeds}")
        for text in self.seeded:
            if text.count("{}") != 1 or text == "{}":
                raise ValueError(f"{self.id}: a text of the seed holds {{}} once, got {text!r}")
        names = Counter(mutant.name for mutant in self.mutants)
        twice = sorted(name for name, count in names.items() if count > 1)
        if twice:
            raise ValueError(f"{self.id}: more than one mutant is called {', '.join(twice)}")
