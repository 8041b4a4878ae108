"""Find the notebook among the files that a student uploaded.

Nothing is parsed here: candidates are regular files below the folder, links are not followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.escaping import plain_text

__all__ = ["Choice", "choose_notebook"]

# Browsers append .txt or .json to a download that they take for text.
_NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
_MOST_FILES = 10_000
_BYTES_SEARCHED = 64 * 1024 * 1024
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """The notebook to grade; ``note`` says to the student why this one, when there were several."""

    path: Path
    note: str = ""


def choose_notebook(folder: Path, *, assignment_id: str, grade_ids: Iterable[str]) -> Choice:
    """Choose the notebook to grade.

    One notebook is taken whatever its name ("Copy of m5 (1).ipynb"). Of several, one that holds
    cells of the assignment comes first, then the one with the assignment's exact name, then the
    one with most of its cells.

    Parameters
    ----------
    folder : Path
        What the student uploaded, subfolders included.
    assignment_id : str
        Id of the assignment; ``m5.ipynb`` is the exact name for ``m5``.
    grade_ids : iterable of str
        Ids of its graded cells, searched in the files as text.

    Raises
    ------
    SubmissionError
        If there is no notebook; the message is for the student.
    """
    files = sorted(_regular_files(folder))
    notebooks = [path for path in files if _NOTEBOOK.search(path.name)]
    if not notebooks:
        raise SubmissionError(_nothing_to_grade(files, assignment_id))
    if len(notebooks) == 1:
        return Choice(notebooks[0])
    ids = [grade_id.encode() for grade_id in grade_ids]

    def fitness(path: Path) -> tuple[bool, bool, int, int]:
        cells = _count(path, ids)
        exact = path.name.lower() == f"{assignment_id}.ipynb".lower()
        return cells > 0, exact, cells, -len(path.parts)

    # max() keeps the first of equals, and the files are sorted: the choice never depends on luck.
    best = max(notebooks, key=fitness)
    name = plain_text(best.relative_to(folder).as_posix(), limit=200)
    return Choice(
        best,
        f"You handed in {len(notebooks)} notebooks, and “{name}” was graded. If you meant another "
        "one, hand in that one alone.",
    )


def _regular_files(folder: Path) -> Iterator[Path]:
    """Yield what a student may have meant to hand in: no links, no hidden files, not endless."""
    seen = 0
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [f for f in folders if not f.startswith((".", "__MACOSX"))]
        for name in names:
            seen += 1
            if seen > _MOST_FILES:
                return
            path = Path(where, name)
            if not name.startswith(".") and stat.S_ISREG(path.lstat().st_mode):
                yield path


def _count(path: Path, grade_ids: Sequence[bytes]) -> int:
    """Count the ids that occur in the file."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            content = file.read(_BYTES_SEARCHED)
    except OSError:
        return 0
    return sum(grade_id in content for grade_id in grade_ids)


def _nothing_to_grade(files: Sequence[Path], assignment_id: str) -> str:
    names = [f"“{plain_text(path.name, limit=80)}”" for path in files[:_NAMES_SHOWN]]
    if len(files) > _NAMES_SHOWN:
        names.append(f"{len(files) - _NAMES_SHOWN} more")
    found = f"found {', '.join(names)}" if names else "found no file"
    return (
        f"There is no notebook in what you handed in: expected a file such as “{assignment_id}"
        f".ipynb”, {found}. In Colab choose File > Download > Download .ipynb, in Jupyter File > "
        "Download, then hand in that file."
    )
