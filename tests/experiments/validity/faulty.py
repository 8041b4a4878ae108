"""Every study with a planted error, from the course's list of mistakes to recognise."""

from __future__ import annotations

from tests.experiments.validity.cases import Case
from tests.experiments.validity.faulty_arms import arms, labels
from tests.experiments.validity.faulty_changes import budgets, changes
from tests.experiments.validity.faulty_claims import conclusions
from tests.experiments.validity.faulty_data import data
from tests.experiments.validity.faulty_records import records, stopping
from tests.experiments.validity.faulty_runs import runs

__all__ = ["FAULTY"]

FAULTY: tuple[Case, ...] = (
    *labels(),
    *arms(),
    *changes(),
    *budgets(),
    *data(),
    *runs(),
    *records(),
    *stopping(),
    *conclusions(),
)
