"""The scores that the course demands for each example submission, from the real engine.

Two seeds here; ``SEEDS=5 python -m pytest tests/test_m5_verdicts.py`` takes a quarter of an hour.
The right solution over more seeds is part of the proof: docs/PROOF.md.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.grade_all import grade_example, unexpected
from examples.submissions import EXPECTED

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.keras]

SEEDS = range(int(os.environ.get("SEEDS", "2")))
# Nothing in these depends on the numbers that a seed makes.
ONCE = {"printed_accuracy", "never_ending_cell", "kernel_exit"}


@pytest.mark.parametrize("name", EXPECTED)
def test_scored_right(name: str, tmp_path: Path) -> None:
    def problems(seed: int) -> list[str]:
        folder = tmp_path / str(seed)
        grade = grade_example(name, folder, seed=seed)
        found = [f"seed {seed}: {words}" for words in unexpected(name, grade)]
        if grade.grader_failed:
            found.append(f"seed {seed}: {grade.headline}")
        for file in ("results.json", "feedback.html", "executed.ipynb"):
            if not (folder / file).is_file():
                found.append(f"seed {seed}: no {file}")
        return found

    seeds = SEEDS if name not in ONCE else SEEDS[:1]
    # A grade waits for processes most of the time: two at once share the cores well.
    with ThreadPoolExecutor(max_workers=2) as pool:
        assert not [words for found in pool.map(problems, seeds) for words in found]
