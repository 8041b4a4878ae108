"""Write docs/MISTAKES.md: every mistake, what recognises it, what it says, which test shows it.

``python -m benchmarks.mistakes_page``
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.mistakes import MISTAKES, SECTIONS, Mistake
from mnist_course.atomic_write import write_text
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.odd import ODD

__all__ = ["PAGE", "page", "write_page"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "MISTAKES.md"

_INTRODUCTION = """\
# Mistakes that the course recognises

Written by `python -m benchmarks.mistakes_page`; a test checks that it is up to date. Each message
is what the detector says about a small example of the mistake: what we saw, why it
matters, what to try next. Names of modules stand below `mnist_course`.

A network is looked at by `diagnose(...)`, a cell by `check_code(...)`, a log by
`check_evaluations(...)`, a study by `diagnose_study(...)`: all from `mnist_course.diagnosis`, all
of them functions that a student may call. Studies are judged by `experiments/validity/`, one check
in one function, which the grader (`checks/study/`) uses too.
"""


def page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION, _counts()]
    for section in SECTIONS:
        rows = [_row(mistake) for mistake in MISTAKES if mistake.section == section]
        parts.append("\n".join([f"## {section}", "", _HEAD, *rows]))
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


_HEAD = "| mistake | detector | message | test |\n|---|---|---|---|"


def write_page(path: Path = PAGE) -> None:
    """Write the page."""
    write_text(path, page())


def _counts() -> str:
    kinds = Counter(case.kind for case in FAULTY)
    return (
        f"The table holds {len(MISTAKES)} mistakes. The checks of studies are tried on "
        f"{len(FAULTY)} studies with one planted error each ({len(kinds)} kinds, every one found "
        f"with its own name), and on {len(ODD)} correct but unusual ones, in which they find "
        "nothing (`tests/experiments/validity/`)."
    )


def _row(mistake: Mistake) -> str:
    saw, why, next_step = mistake.example()
    message = f"**{_cell(saw)}** {_cell(why)} *{_cell(next_step)}*"
    return (
        f"| {_cell(mistake.words)} | `{mistake.detector}`: `{mistake.name}` | {message} | "
        f"`{_cell(mistake.test)}` |"
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    write_page()
