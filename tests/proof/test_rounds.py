"""Which mutants share a notebook."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mnist_course.proof.proof import Edit, Mutant
from mnist_course.proof.rounds import rounds


def mutant(name: str, item: str, *cells: str, alone: bool = False) -> Mutant:
    edits = tuple(Edit(cell, "old", "new") for cell in cells)
    return Mutant(name, item, edits, alone=alone)


def names(found: list[tuple[Mutant, ...]]) -> list[list[str]]:
    return [[one.name for one in together] for together in found]


def test_mutants_of_different_items_and_cells_share():
    one, two, three = mutant("a", "i", "c"), mutant("b", "i", "c"), mutant("d", "j", "e")
    assert names(rounds([one, two, three])) == [["a", "d"], ["b"]]
    assert names(rounds([one, two, three], all_alone=True)) == [["a"], ["b"], ["d"]]


def test_one_cell_is_not_edited_by_two():
    assert names(rounds([mutant("a", "i", "c", "d"), mutant("b", "j", "d")])) == [["a"], ["b"]]


def test_who_asks_to_be_alone_is():
    found = rounds(
        [mutant("a", "i", "c"), mutant("b", "j", "d", alone=True), mutant("e", "k", "f")]
    )
    assert names(found) == [["a", "e"], ["b"]]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ijkl"),
            st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_every_mutant_is_there_once_and_none_meets_another(drawn):
    made = [mutant(str(n), i, *cells, alone=alone) for n, (i, cells, alone) in enumerate(drawn)]
    found = rounds(made)
    assert sorted(one.name for together in found for one in together) == sorted(
        one.name for one in made
    )
    for together in found:
        items = [one.kills for one in together]
        cells = [edit.cell for one in together for edit in one.edits]
        assert len(set(items)) == len(items)
        assert len(set(cells)) == len(cells)
        assert len(together) == 1 or not any(one.alone for one in together)
