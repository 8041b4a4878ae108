"""List the files below a folder without following a link."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path

from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.listing import ClassFile, Listing, is_meant
from mnist_course.exceptions import ClassError
from mnist_course.grading.untrusted_file import open_regular

__all__ = ["MOST_FILES", "entries_of", "is_folder", "list_folder"]

MOST_FILES = 200_000
_MOST_DEPTH = 40


def list_folder(folder: Path, *, most_depth: int = _MOST_DEPTH) -> Listing:
    """List the regular files below a folder.

    Parameters
    ----------
    folder : Path
    most_depth : int
        How deep to look; 1 is the folder itself.

    Returns
    -------
    Listing
        Sorted by path; links, devices and folders that cannot be read are its problems.

    Raises
    ------
    ClassError
        If the folder cannot be read or holds more than 200,000 files.
    """
    files: list[ClassFile] = []
    odd: list[str] = []
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    seen = 0
    while waiting:
        here, parts = waiting.pop()
        try:
            entries = entries_of(here)
        except ClassError:
            if not parts:
                raise
            odd.append("/".join(parts))
            continue
        for entry in entries:
            seen += 1
            if seen > MOST_FILES:
                raise ClassError(
                    f"{folder.name} holds too many files: expected at most {MOST_FILES:,} below "
                    "it. Check that this is the folder of the submissions."
                )
            below = (*parts, entry.name)
            if entry.is_file(follow_symlinks=False):
                path = Path(entry.path)
                files.append(ClassFile(below, partial(open_regular, path), path))
            elif entry.is_dir(follow_symlinks=False) and len(below) < most_depth:
                waiting.append((Path(entry.path), below))
            else:
                odd.append("/".join(below))
    problems = []
    if odd:
        problems.append(
            Problem(
                folder.name,
                "was not read in full: only files and folders are, links are not followed. Left "
                f"out: {some_of(sorted(odd))}. Put the files themselves there.",
            )
        )
    return Listing(tuple(sorted(files, key=lambda file: file.parts)), tuple(problems))


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder, and no link to one, that can be asked about."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is directly in a folder, sorted by name, without what computers add.

    Raises
    ------
    ClassError
        If it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if is_meant((e.name,))), key=lambda e: e.name)
    except OSError as error:
        raise ClassError(
            f"the folder {folder} cannot be read: {error.strerror or error}. Expected a folder "
            "with submissions; check its name and your permissions."
        ) from error
