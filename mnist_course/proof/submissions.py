"""The submissions that a proof needs graded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from mnist_course.exceptions import ProofError
from mnist_course.proof.proof import Mutant, Proof
from mnist_course.proof.reference import as_bytes, edited, reference, reseeded

__all__ = ["Submission", "Submissions", "check_items"]


@dataclass(frozen=True, slots=True)
class Submission:
    """A notebook to be graded, and why.

    Parameters
    ----------
    what : str
        ``reference, seed 3``, ``untouched`` or the names of its mutants.
    content : bytes
        The notebook.
    seed : int or None
        Of a reference; None for the others.
    mutants : tuple of Mutant
        The wrong solutions in it.
    """

    what: str
    content: bytes
    seed: int | None = None
    mutants: tuple[Mutant, ...] = ()

    @property
    def is_release(self) -> bool:
        """Whether this is the release as it stands."""
        return self.seed is None and not self.mutants


class Submissions:
    """Makes the submissions of one proof from the course's notebooks.

    Parameters
    ----------
    proof : Proof
    root : Path
        The course.

    Raises
    ------
    ProofError
        If the instructor's notebook cannot be read.
    """

    def __init__(self, proof: Proof, root: Path) -> None:
        self._proof = proof
        self._released = root / "release" / proof.id / f"{proof.id}.ipynb"
        self._reference = reference(root / "source" / proof.id / f"{proof.id}.ipynb")

    def reference(self, seed: int) -> Submission:
        """Return the right solution with a seed.

        Raises
        ------
        ProofError
            If the notebook holds no place for the seed.
        """
        notebook = self._reference
        if seed:
            notebook = reseeded(notebook, self._proof.seeded, seed)
        return Submission(f"reference, seed {seed}", as_bytes(notebook), seed=seed)

    def untouched(self) -> Submission:
        """Return the release as it is.

        Raises
        ------
        ProofError
            If there is no release.
        """
        try:
            return Submission("untouched", self._released.read_bytes())
        except OSError as error:
            raise ProofError(
                f"release/{self._proof.id}/ cannot be read: {error.strerror}. "
                f"Run: mnist-course release {self._proof.id}"
            ) from error

    def mutated(self, *mutants: Mutant) -> Submission:
        """Return the right solution with the edits of one or more mutants.

        Raises
        ------
        ProofError
            If an edit does not fit the notebook.
        """
        notebook: NotebookNode = self._reference
        for mutant in mutants:
            notebook = edited(notebook, mutant.edits, by=f"mutant {mutant.name!r}")
        what = " + ".join(mutant.name for mutant in mutants)
        return Submission(what, as_bytes(notebook), mutants=mutants)

    def unfit(self) -> dict[str, str]:
        """Return why a mutant cannot be made, by its name, for those that cannot."""
        found = {}
        for mutant in self._proof.mutants:
            try:
                self.mutated(mutant)
            except ProofError as error:
                found[mutant.name] = str(error)
        return found


def check_items(proof: Proof, items: Iterable[str]) -> list[str]:
    """Return a sentence for every item without a mutant, and for every name that is no item."""
    known = list(items)
    killed = {mutant.kills for mutant in proof.mutants}
    found = [
        f"no mutant is aimed at {item}: nothing shows that a wrong solution loses its points."
        for item in known
        if item not in killed
    ]
    for mutant in proof.mutants:
        if mutant.kills not in known:
            found.append(f"mutant {mutant.name!r} is aimed at {mutant.kills!r}, which is no item.")
    for margin in proof.margins:
        if margin.item not in known:
            found.append(f"a margin is about {margin.item!r}, which is no item.")
    return found
