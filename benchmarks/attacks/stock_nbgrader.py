"""Stock nbgrader: its own preprocessors, its own configuration but for shorter time limits."""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.attacks.neighbour import EVERYWHERE, Run, quiet
from tests.attacks.attack import notebook_of
from tests.attacks.world import source_notebook

__all__ = ["Nbgrader"]

_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "attacked"
c.Execute.timeout = 10
c.ExecutePreprocessor.timeout = 10
c.NbGrader.logfile = ""
"""
_USER = 64123  # nbgrader runs on the instructor's machine, as the instructor
_SCORES = """
select base_cell.name, grade.auto_score from grade
join base_cell on base_cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
"""


class Nbgrader:
    """``nbgrader autograde`` in a course folder."""

    name = "nbgrader"

    def __init__(self) -> None:
        self.program = str(Path(sys.executable).with_name("nbgrader"))

    def prepare(self, template: Path, canary: str) -> None:
        """Make a course and generate its assignment, which fills the gradebook."""
        (template / "nbgrader_config.py").write_text(_CONFIG)
        source = template / "source" / "tiny" / "tiny.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(json.dumps(source_notebook(canary, items=EVERYWHERE)))
        quiet([self.program, "generate_assignment", "tiny"], template)

    def file(self, root: Path) -> Path:
        """Return nbgrader's place for a student's notebook."""
        return root / "course" / "submitted" / "alice" / "tiny" / "tiny.ipynb"

    def notebook(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the released notebook with answers."""
        return notebook_of(parts, items=EVERYWHERE)

    def run(self, root: Path) -> Run:
        """Grade one student."""
        course = root / "course"
        command = [self.program, "autograde", "tiny", "--student", "alice", "--force"]
        executed = course / "autograded" / "alice" / "tiny" / "tiny.ipynb"
        return Run(command, course, (course / "gradebook.db", executed), _USER)

    def scores(self, outputs: Mapping[str, str]) -> dict[str, float] | None:
        """Read the gradebook."""
        gradebook, executed = outputs.values()
        if not executed:
            return None  # nbgrader takes the folder away when anything went wrong
        with tempfile.NamedTemporaryFile(suffix=".db") as file:
            file.write(gradebook.encode("utf-8", "surrogateescape"))
            file.flush()
            with sqlite3.connect(file.name) as connection:
                rows = connection.execute(_SCORES).fetchall()
        found = {name.removeprefix("tiny-"): points for name, points in rows}
        wanted = {item.name: found.get(item.name) for item in EVERYWHERE}
        if any(points is None for points in wanted.values()):
            return None
        return {name: float(points or 0) for name, points in wanted.items()}
