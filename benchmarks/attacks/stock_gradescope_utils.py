"""gradescope-utils: unit tests on the notebook converted to a script, as its users do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.attacks.neighbour import EVERYWHERE, Run
from benchmarks.attacks.stock_otter import gradescope_scores
from tests.attacks.attack import notebook_of
from tests.attacks.target import hidden_lines

__all__ = ["GradescopeUtils"]

_RUN = """import sys, unittest
sys.path[:0] = ["tests", "submission"]
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner
suite = unittest.defaultTestLoader.discover("tests")
with open("results/results.json", "w") as f:
    JSONTestRunner(visibility="visible", stream=f).run(suite)
"""
_SCRIPT = """#!/bin/bash
cd "$(dirname "$0")"
cp -r "$1"/* submission/
{jupyter} nbconvert --to script --log-level ERROR submission/tiny.ipynb
{python} run_tests.py
cp results/results.json "$2"
"""
_HEAD = """import unittest
from gradescope_utils.autograder_utils.decorators import number, visibility, weight
import tiny
from tiny import *


class TestTiny(unittest.TestCase):
"""


class GradescopeUtils:
    """Gradescope's own recipe for Python: convert, import, run unit tests, write JSON."""

    name = "gradescope-utils"

    def __init__(self, python: Path) -> None:
        self.python = python

    def prepare(self, template: Path, canary: str) -> None:
        """Write tests and the script that runs them."""
        for folder in ("tests", "submission", "results"):
            (template / folder).mkdir()
        (template / "run_tests.py").write_text(_RUN)
        program = template / "run_autograder"
        jupyter = self.python.with_name("jupyter")
        program.write_text(_SCRIPT.format(python=self.python, jupyter=jupyter))
        program.chmod(0o755)
        tests = [_HEAD]
        for item in EVERYWHERE:
            body = f"{item.visible}\n{hidden_lines(item, canary)}"
            lines = "\n".join(f"        {line}" for line in body.splitlines())
            tests.append(
                f"    @weight({item.points})\n    @number('{item.name}')\n"
                f"    def test_{item.name}(self):\n        '''{item.name}'''\n{lines}\n"
            )
        (template / "tests" / "test_tiny.py").write_text("\n".join(tests))

    def file(self, root: Path) -> Path:
        """Return where the submission is taken from."""
        return root / "submitted" / "alice" / "tiny.ipynb"

    def notebook(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the notebook without cells of tests: they are the unit tests."""
        made = notebook_of(parts, items=EVERYWHERE)
        made["cells"] = [
            c for c in made["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")
        ]
        return made

    def run(self, root: Path) -> Run:
        """Run the script that Gradescope would run."""
        results = root / "results" / "alice"
        command = [
            str(root / "course" / "run_autograder"),
            str(self.file(root).parent),
            str(results),
        ]
        return Run(command, root / "course", (results / "results.json",))

    def scores(self, outputs: Mapping[str, str]) -> dict[str, float] | None:
        """Read results.json; a test that failed has no score of its own."""
        (text,) = outputs.values()
        try:
            data = json.loads(text)
            for test in data["tests"]:
                test["name"] = str(test.get("number", test.get("name")))
        except (ValueError, KeyError, TypeError):
            return None
        return gradescope_scores(json.dumps(data))
