"""The words in which the proofs of this folder are written."""

from mnist_course.proof.proof import Edit, Margin, Mutant, Proof

__all__ = ["Edit", "Margin", "Mutant", "Proof"]
