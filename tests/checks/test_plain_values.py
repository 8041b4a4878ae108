"""Numbers and tables that a student left, whatever holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks.autoencoders.reconstructing import entries_of
from mnist_course.checks.plain_values import as_mapping, as_number, type_name
from mnist_course.grading.serialization import Opaque


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (np.float32(0.5), 0.5),
        (np.array([[2]]), 2.0),
        (pd.Series([4]), 4.0),
        (10**400, None),
        (True, None),
        ("3", None),
        ([1, 2], None),
        ([[1], [2, 3]], None),
        (float("nan"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_single_number(value: Any, number: float | None) -> None:
    assert as_number(value) == number


def test_a_table_is_its_columns() -> None:
    table = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "b"], index=[5, 6])
    assert as_mapping(table) == {"a": [1, 3], "b": [2, 4]}
    assert as_mapping({"a": 1}) == {"a": 1}
    assert as_mapping([1]) is None


def test_what_could_not_leave_a_notebook_is_called_what_it_was() -> None:
    assert type_name(Opaque("FacetGrid", "no")) == "FacetGrid"
    assert type_name(3) == "int"


def test_keys_that_are_no_lengths_are_left_out() -> None:
    entries, missing = entries_of({float("inf"): 1, "word": 2, "4": 3, 2.0: 4}, (2, 4), "errors")
    assert (entries, missing) == ({2: 4, 4: 3}, None)
