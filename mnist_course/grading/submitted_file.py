"""Find the notebook among the files that a student uploaded.

Nothing is parsed or extracted here: candidates are regular files below the folder, links are not
followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.submitted_zip import NOTEBOOK_NAME
from mnist_course.grading.untrusted_file import open_regular

__all__ = ["Choice", "choose_notebook"]

_MOST_FILES = 10_000
_MOST_FOLDERS = 1_000
_MOST_SEARCHED = 100  # notebooks that are looked into
_BYTES_SEARCHED = 512 << 20  # of all notebooks together
_PIECE = 1 << 20
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
    one with most of its cells. Where there is no notebook, a zip is taken; it is read in place.

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
    notebooks = [path for path in files if NOTEBOOK_NAME.search(path.name)]
    if not notebooks:
        notebooks = [path for path in files if path.suffix.lower() == ".zip"]
        if len(notebooks) > 1:
            raise SubmissionError(
                f"You handed in {len(notebooks)} zips and no notebook. Hand in the .ipynb file."
            )
    if not notebooks:
        raise SubmissionError(_nothing_to_grade(files, assignment_id))
    if len(notebooks) == 1:
        return Choice(notebooks[0])
    ids = [grade_id.encode() for grade_id in grade_ids]

    left = _BYTES_SEARCHED
    found: dict[Path, int] = {}
    for path in notebooks[:_MOST_SEARCHED]:
        found[path], looked_at = _count(path, ids, left)
        left -= looked_at

    def fitness(path: Path) -> tuple[bool, bool, int, int]:
        cells = found.get(path, 0)
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
    waiting, seen, opened = [folder], 0, 0
    while waiting and opened < _MOST_FOLDERS:
        opened += 1
        try:
            entries = os.scandir(waiting.pop(0))
        except OSError:  # too deep for a path, or not for us
            continue
        with entries:
            for entry in entries:
                seen += 1
                if seen > _MOST_FILES:
                    return
                if entry.name.startswith((".", "__MACOSX")):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        yield Path(entry.path)
                except OSError:  # gone again
                    continue


def _count(path: Path, grade_ids: Sequence[bytes], most: int) -> tuple[int, int]:
    """Count the ids that occur in the file; also return how many bytes were read."""
    missing, read, before = set(grade_ids), 0, b""
    overlap = max(map(len, grade_ids), default=0)
    try:
        with open_regular(path) as file:
            while missing and read < most and (piece := file.read(_PIECE)):
                read += len(piece)
                window = before + piece
                missing = {grade_id for grade_id in missing if grade_id not in window}
                before = window[-overlap:]
    except (OSError, SubmissionError):
        return 0, read
    return len(set(grade_ids)) - len(missing), read


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
