"""otter-grader: a notebook made with ``otter assign``, graded with ``otter run``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.attacks.neighbour import EVERYWHERE, Run, quiet
from tests.attacks.attack import code_cell
from tests.attacks.target import TINY, hidden_lines

__all__ = ["Otter"]

_CONFIG = """# ASSIGNMENT CONFIG
name: tiny
solutions_pdf: false
export_cell: false
init_cell: true
run_tests: false"""


def _raw(text: str) -> dict[str, Any]:
    return {"cell_type": "raw", "metadata": {}, "source": text}


class Otter:
    """``otter run`` on the machine itself, as its own container does inside."""

    name = "otter"

    def __init__(self, python: Path) -> None:
        self.program = str(python.with_name("otter"))
        self._student: dict[str, Any] = {}

    def prepare(self, template: Path, canary: str) -> None:
        """Write the source in Otter's form and let ``otter assign`` make both versions."""
        cells = [_raw(_CONFIG), code_cell(TINY.given)]
        for item in EVERYWHERE:
            hidden = (
                '""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\n'
                + hidden_lines(item, canary)
            )
            cells += [
                _raw(f"# BEGIN QUESTION\nname: {item.name}\npoints: {item.points}"),
                _raw("# BEGIN SOLUTION"),
                code_cell(f"# BEGIN SOLUTION\n{TINY.answers['honest'][item.name]}\n# END SOLUTION"),
                _raw("# END SOLUTION"),
                _raw("# BEGIN TESTS"),
                code_cell(f"# {TINY.grade_id(item)}\n{item.visible}"),
                code_cell(hidden),
                _raw("# END TESTS"),
                _raw("# END QUESTION"),
            ]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        source = {
            "cells": cells,
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
        (template / "tiny.ipynb").write_text(json.dumps(source))
        quiet([self.program, "assign", "tiny.ipynb", "dist"], template)
        (archive,) = (template / "dist" / "autograder").glob("*.zip")
        archive.rename(template / "autograder.zip")
        self._student = json.loads((template / "dist" / "student" / "tiny.ipynb").read_text())

    def file(self, root: Path) -> Path:
        """Return where the submission is taken from."""
        return root / "submitted" / "alice" / "tiny.ipynb"

    def notebook(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the student's version with answers in its answer cells."""
        made: dict[str, Any] = json.loads(json.dumps(self._student))
        answers = [code_cell(parts["answers"][item.name]) for item in EVERYWHERE]
        given = [
            c for c in made["cells"] if "otter_answer_cell" not in c["metadata"].get("tags", ())
        ]
        checks = [c for c in given if "".join(c["source"]).startswith("grader.check")]
        head = [c for c in given if c not in checks]
        around = [[code_cell(parts[name])] if parts[name] else [] for name in ("first", "last")]
        made["cells"] = [*head, *around[0], *answers, *around[1], *checks]
        for number, cell in enumerate(made["cells"]):
            cell["source"] = "".join(cell["source"])
            cell["id"] = f"cell-{number}"
        return made | {"nbformat_minor": 5}

    def run(self, root: Path) -> Run:
        """Grade one notebook without a container."""
        results = root / "results" / "alice"
        command = [
            self.program, "run", str(self.file(root)), "--no-logo",
            "-a", str(root / "course" / "autograder.zip"), "-o", str(results),
        ]  # fmt: skip
        return Run(command, root / "course", (results / "results.json",))

    def scores(self, outputs: Mapping[str, str]) -> dict[str, float] | None:
        """Read Gradescope's form of the results."""
        (text,) = outputs.values()
        return gradescope_scores(text)


def gradescope_scores(text: str) -> dict[str, float] | None:
    """Read points by item from a results.json."""
    try:
        tests = json.loads(text)["tests"]
        found = {str(t["name"]): float(t["score"]) for t in tests if "score" in t}
    except (ValueError, KeyError, TypeError):
        return None
    wanted = {item.name for item in EVERYWHERE}
    return {n: found[n] for n in wanted} if wanted <= found.keys() else None
