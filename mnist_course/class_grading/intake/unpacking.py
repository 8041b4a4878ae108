"""Copy what may be a notebook to names that we choose, then choose the one to grade."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from mnist_course.class_grading.intake.found import some_of
from mnist_course.class_grading.intake.listing import ClassFile
from mnist_course.class_grading.intake.student_ids import folder_name, same_folder
from mnist_course.class_grading.intake.uploads import Upload
from mnist_course.exceptions import ClassError, SubmissionError
from mnist_course.grading.assignment import Assignment
from mnist_course.grading.notebook_outline import MAX_BYTES
from mnist_course.grading.submitted_file import Choice, choose_notebook
from mnist_course.grading.submitted_zip import NOTEBOOK_NAME

__all__ = ["MOST_BYTES", "Unpacking"]

MOST_BYTES = 32 << 30  # of a whole class
_MOST_COPIED = 100  # files of one student
_MOST_OF_ONE = 1 << 30  # bytes of one student
_PIECE = 1 << 20
_MARK = ".unpacked-by-mnist-course"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ ().+-]{0,79}")


class Unpacking:
    """A folder into which submissions are copied.

    Parameters
    ----------
    folder : Path
        Missing, empty, or filled by an earlier run, which is then removed.
    assignment : Assignment
    most_bytes : int
        Of all copies together.

    Raises
    ------
    ClassError
        If the folder holds anything else: it is somebody's, and is left alone.
    """

    def __init__(
        self, folder: Path, assignment: Assignment, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._folder = folder
        self._assignment = assignment
        self._most = self._left = most_bytes
        self._taken: set[str] = set()
        self._ready = False
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise ClassError(f"{folder} is not a folder; expected one to copy submissions to.")
        if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
            raise ClassError(
                f"{folder} holds files that were not copied there by this program; expected an "
                "empty folder to copy submissions to. Name another one."
            )

    def choose(self, upload: Upload) -> Choice:
        """Choose the notebook or zip of an upload, copied where it has to be.

        Raises
        ------
        SubmissionError
            If there is nothing to grade, in a sentence for the student.
        """
        if upload.folder is not None:
            return self._choose(upload.folder)
        candidates = [file for file in upload.files if NOTEBOOK_NAME.search(file.name)]
        if not candidates:
            candidates = [file for file in upload.files if file.name.lower().endswith(".zip")]
        if not candidates:
            names = [file.name for file in upload.files]
            raise SubmissionError(
                "There is no notebook in what you handed in: expected a file such as "
                f"“{self._assignment.id}.ipynb”, found {some_of(names) or 'no file'}."
            )
        if len(candidates) == 1 and candidates[0].path is not None:
            return Choice(candidates[0].path)
        if len(candidates) > _MOST_COPIED:
            raise SubmissionError(
                f"You handed in {len(candidates):,} notebooks; at most {_MOST_COPIED} are looked "
                "into. Hand in the one that you mean."
            )
        self._make_ready()
        try:
            folder = self._copy(upload.key, candidates)
        except OSError as error:
            raise ClassError(
                f"cannot copy the submission {upload.key!r} to {self._folder}: "
                f"{error.strerror or error}. Expected free space and readable files; make room "
                "or name another folder."
            ) from error
        return self._choose(folder)

    def _choose(self, folder: Path) -> Choice:
        ids = [cell.grade_id for cell in self._assignment.graded]
        return choose_notebook(folder, assignment_id=self._assignment.id, grade_ids=ids)

    def _copy(self, key: str, files: list[ClassFile]) -> Path:
        folder = self._folder / _free(folder_name(key), self._taken)
        folder.mkdir(mode=0o700)
        taken: set[str] = set()
        left = _MOST_OF_ONE
        for number, file in enumerate(files, start=1):
            name = _our_name(file.name)
            place = folder
            if same_folder(name) in taken:  # the student's folders are not rebuilt
                place = folder / str(number)
                place.mkdir(mode=0o700)
            taken.add(same_folder(name))
            left -= self._copy_file(file, place / name, most=min(left, MAX_BYTES))
        return folder

    def _copy_file(self, file: ClassFile, to: Path, *, most: int) -> int:
        """Copy one file; return its size. What it says of its own size is not asked for."""
        copied = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with (
            file.open() as source,
            os.fdopen(os.open(to, flags | getattr(os, "O_BINARY", 0), 0o600), "wb") as target,
        ):
            while piece := source.read(_PIECE):
                copied += len(piece)
                if copied > most:
                    raise SubmissionError(
                        f"What you handed in is too large: more than {most / 1e6:,.0f} MB. Clear "
                        "the outputs of your notebook, save it, and hand it in alone."
                    )
                if copied > self._left:
                    raise ClassError(
                        "the submissions of this class are too large to be unpacked: expected at "
                        f"most {self._most / 1e9:,.1f} GB. Look for one that is far larger than "
                        "the others, and take it out."
                    )
                target.write(piece)
        self._left -= copied
        return copied

    def _make_ready(self) -> None:
        """Empty the folder of an earlier run, once; its mark makes an interrupted one known."""
        if self._ready:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _MARK).touch()
            for entry in self._folder.iterdir():
                if entry.name == _MARK:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
        except OSError as error:
            raise ClassError(
                f"cannot copy submissions to {self._folder}: {error.strerror or error}. Expected "
                "a folder that can be written to; name another one."
            ) from error
        self._ready = True


def _our_name(name: str) -> str:
    """Return the student's name for a file where it is plain, else one of ours."""
    suffix = ".ipynb" if NOTEBOOK_NAME.search(name) else ".zip"
    stem = NOTEBOOK_NAME.sub("", name) if suffix == ".ipynb" else name[: -len(suffix)]
    stem = stem.strip()
    if not _PLAIN_NAME.fullmatch(stem) or folder_name(stem) != stem:
        stem = "notebook"
    return stem + suffix


def _free(name: str, taken: set[str]) -> str:
    """Return the name, numbered where a file system could take it for one that is in use."""
    free, number = name, 1
    while same_folder(free) in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(same_folder(free))
    return free
