"""Grade submissions with the real engine, as ``mnist-course grade`` does: the attacked process.

Reads its jobs from its standard input, so that no path of a secret is in its command line.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any

from mnist_course.without_iri_checks import without_iri_checks

__all__ = ["main"]


def _options(job: dict[str, Any]) -> dict[str, Any]:
    if not job["without"] and not job["forked"]:
        return {}
    from mnist_course.grading.sandbox import SandboxOptions
    from mnist_course.grading.shared_forkserver import with_shared_forkserver

    options = SandboxOptions(without=frozenset(job["without"]))
    if job["forked"]:
        options = with_shared_forkserver(options, Path(job["assignment"]))
    return {"options": options}


def grade(job: dict[str, Any]) -> None:
    """Grade, write every form of the result, show it in the terminal."""
    from mnist_course.grading import feedback, gradescope
    from mnist_course.grading.autograde import autograde, failed_grade
    from mnist_course.grading.terminal import show_grade

    assignment, output = Path(job["assignment"]), Path(job["output"])
    try:
        made = autograde(
            Path(job["submission"]),
            assignment,
            deadline_seconds=job["deadline"],
            cell_seconds=job["cell_seconds"],
            work=output,
            pictures=False,
            overlap=False,
            **_options(job),
        ).grade
    except Exception as error:
        traceback.print_exc()
        made = failed_grade(assignment, f"The grader itself failed: {type(error).__name__}")
    gradescope.write_results(made, output / "results.json")
    feedback.write_feedback(made, output / "feedback.html")
    show_grade(made, output)


def main() -> int:
    """Grade one submission after another, as for a class."""
    without_iri_checks()
    jobs = json.load(sys.stdin)
    logging.basicConfig(level=logging.INFO)
    for job in jobs:
        grade(job)
    return 0


if __name__ == "__main__":
    sys.exit(main())
