"""Reading examples/proofs/<id>.py."""

from __future__ import annotations

import sys

import pytest

from mnist_course.exceptions import ProofError
from mnist_course.proof.proof_file import read_proof, source_ids

GOOD = """\
from mnist_course.proof.proof import Edit, Mutant, Proof

PROOF = Proof("tiny", 0.0, (Mutant("m", "tiny-adds", (Edit("tiny-add", "+", "-"),)),))
"""


def test_a_proof_is_read(course):
    course.prove_with(GOOD)
    before = list(sys.path)
    assert read_proof("tiny", course.root).mutants[0].name == "m"
    assert sys.path == before
    assert source_ids(course.root) == ["tiny"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace('Proof("tiny"', 'Proof("m1"'), "a Proof of 'tiny', got one of m1"),
        ("PROOF = 3", "a Proof of 'tiny', got int"),
        ("proof = 3", "a Proof of 'tiny', got NoneType"),
        ("PROOF = ", "cannot be read: SyntaxError"),
        (GOOD.replace('"+", "-"', '"+", "+"'), "cannot be read: ValueError: tiny-add: the edit"),
    ],
)
def test_what_is_no_proof_is_an_error_with_the_files_name(course, text, words):
    course.prove_with(text)
    with pytest.raises(ProofError, match=r"examples/proofs/tiny\.py") as caught:
        read_proof("tiny", course.root)
    assert words in str(caught.value)


def test_a_missing_proof_is_an_error(course):
    with pytest.raises(ProofError, match=r"there is no examples/proofs/tiny\.py"):
        read_proof("tiny", course.root)
