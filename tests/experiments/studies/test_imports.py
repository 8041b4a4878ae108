"""What the grader's trusted side imports loads neither Keras nor tables nor figures."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"dask", "distributed", "keras", "matplotlib", "pandas", "scipy", "seaborn", "tensorflow"}


@pytest.mark.parametrize(
    "module",
    [
        "studies.claim",
        "studies.verdict",
        "studies.table",
        "studies.study",
        "studies.run_study",
        "studies.catalogue",
    ],
)
def test_imports_are_light(module: str):
    code = (
        f"import sys, json, mnist_course.experiments.{module}\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(json.loads(result.stdout))
