"""The scores that the course demands for each example submission, from the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.grade_all import grade_example, unexpected
from examples.submissions import EXPECTED

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.keras]

# A verdict that does not depend on training is the same for every seed.
ONCE = {"printed_accuracy", "never_ending_cell", "kernel_exit"}
CASES = [(name, seed) for name in EXPECTED for seed in (range(1) if name in ONCE else range(5))]


@pytest.mark.parametrize(("name", "seed"), CASES, ids=[f"{n}-{s}" for n, s in CASES])
def test_scored_right(name: str, seed: int, tmp_path: Path) -> None:
    grade = grade_example(name, tmp_path, seed=seed)
    assert not grade.grader_failed, grade.headline
    assert not unexpected(name, grade)
    assert (tmp_path / "results.json").is_file()
    assert (tmp_path / "feedback.html").is_file()
