"""Make the students' notebook from the instructor's with nbgrader.

``source/<id>/<id>.ipynb`` is the truth, ``release/<id>/`` is generated and committed. nbgrader
runs in a temporary course directory with the settings of the course's ``nbgrader_config.py``, so
the instructor's gradebook and folders stay as they are, and the result is byte-identical on every
run and machine.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import capture_log
from traitlets.config.loader import Config, PyFileConfigLoader

from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import AssignmentError
from mnist_course.grading import release_rules
from mnist_course.grading.release_rules import Problem

__all__ = ["NormalizeNotebook", "Problem", "Released", "check", "generate"]

CONFIG_FILE = "nbgrader_config.py"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RAISED = re.compile(r"^ *((?:\w+\.)*\w*(?:Error|Exception|Invalid): .+)", re.MULTILINE)
_KEPT_CELL_METADATA = ("deletable", "editable", "nbgrader", "tags")
_NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True, slots=True)
class Released:
    """One generated assignment.

    Parameters
    ----------
    id : str
        ``m5``.
    path : Path
        The students' notebook, ``release/m5/m5.ipynb``.
    files : tuple of Path
        Everything that students get, the notebook included.
    changed : bool
        Whether any byte of ``release/<id>/`` is different now.
    """

    id: str
    path: Path
    files: tuple[Path, ...]
    changed: bool


class NormalizeNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Reduce a notebook to what students need, in one form.

    The last step of ``nbgrader generate_assignment``: whichever editor the instructor used,
    metadata, cell ids and format version come out the same. Cell ids stay those of the source; a
    cell without one gets its grade id or its position.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Normalise the notebook in place."""
        nb.metadata = _node(_NOTEBOOK_METADATA)
        nb.nbformat, nb.nbformat_minor = 4, 5
        taken: set[str] = set()
        for number, cell in enumerate(nb.cells, start=1):
            cell.metadata = _node(
                {key: cell.metadata[key] for key in _KEPT_CELL_METADATA if key in cell.metadata}
            )
            name = cell.get("id") or cell.metadata.get("nbgrader", {}).get("grade_id", "")
            cell["id"] = name if name and name not in taken else f"cell-{number:03d}"
            taken.add(cell["id"])
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return nb, resources


def generate(ids: Iterable[str] = (), *, root: Path) -> list[Released]:
    """Make ``release/<id>/`` for each assignment.

    Parameters
    ----------
    ids : iterable of str
        Assignments such as ``m5``; none means every folder under ``source/``.
    root : Path
        The course: ``source/`` and ``nbgrader_config.py`` are here, ``release/`` is written here.

    Returns
    -------
    list of Released
        In the order of ``ids``.

    Raises
    ------
    AssignmentError
        If an id is unknown, the settings are missing, or nbgrader rejects the notebook. Nothing
        is written then: all assignments are made before the first file is replaced.
    """
    with tempfile.TemporaryDirectory(prefix="mnist-course-release-") as scratch:
        chosen = _known(ids, root)
        trees = [_run_nbgrader(name, root=root, scratch=Path(scratch)) for name in chosen]
        return [
            _install(name, tree, root / "release" / name)
            for name, tree in zip(chosen, trees, strict=True)
        ]


def check(ids: Iterable[str] = (), *, root: Path) -> list[Problem]:
    """Report a stale release, a leak, or a rule of authoring that the source breaks.

    Parameters
    ----------
    ids : iterable of str
        Assignments such as ``m5``; none means every folder under ``source/``.
    root : Path
        The course.

    Returns
    -------
    list of Problem
        Empty when students can be given ``release/`` as it is.

    Raises
    ------
    AssignmentError
        If an id is unknown or the settings are missing.
    """
    chosen = _known(ids, root)
    problems = list(_unsourced(root))
    with tempfile.TemporaryDirectory(prefix="mnist-course-release-") as scratch:
        for name in chosen:
            source = root / "source" / name
            problems += release_rules.check_source(source, name=f"source/{name}")
            try:
                fresh = _run_nbgrader(name, root=root, scratch=Path(scratch))
            except AssignmentError as error:
                problems.append(Problem(f"source/{name}/{name}.ipynb", "", str(error)))
                continue
            committed = root / "release" / name
            problems += _differences(name, fresh=fresh, committed=committed)
            for tree in (fresh, committed):
                problems += release_rules.check_release(
                    tree, source / f"{name}.ipynb", name=f"release/{name}"
                )
    return list(dict.fromkeys(problems))  # fresh and committed trees share most problems


def _node(value: Any) -> Any:
    """Copy plain data into the attribute-style dictionaries that nbgrader reads."""
    if isinstance(value, Mapping):
        items = {key: _node(item) for key, item in value.items()}
        return NotebookNode(items)  # type: ignore[no-untyped-call]
    return value


def _known(ids: Iterable[str], root: Path) -> list[str]:
    if not (root / CONFIG_FILE).is_file():
        raise AssignmentError(
            f"there is no {CONFIG_FILE} in this folder, expected the root of the course. "
            "Run the command there, or give the root."
        )
    source = root / "source"
    there = sorted(p.parent.name for p in source.glob("*/*.ipynb") if p.stem == p.parent.name)
    chosen = list(dict.fromkeys(ids)) or there
    for name in chosen:
        if not _ID.fullmatch(name) or name not in there:
            raise AssignmentError(
                f"there is no assignment {name!r}: expected source/{name}/{name}.ipynb, "
                f"got {', '.join(there) or 'no notebook under source/'}. Check the id."
            )
    return chosen


def _run_nbgrader(name: str, *, root: Path, scratch: Path) -> Path:
    """Run nbgrader's own generate_assignment and return the folder that it wrote."""
    shutil.copytree(root / "source" / name, scratch / "source" / name)
    config: Config = PyFileConfigLoader(CONFIG_FILE, path=str(root)).load_config()
    config.CourseDirectory.root = str(scratch)
    config.CourseDirectory.db_url = f"sqlite:///{scratch / 'gradebook.db'}"
    # What `nbgrader generate_assignment --no-db` sets: the bytes do not depend on the gradebook.
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    course = CourseDirectory(config=config, assignment_id=name)
    outcome = capture_log(GenerateAssignment(coursedir=course, config=config))
    if not outcome["success"]:
        told = outcome.get("log", "") + outcome["error"]
        reasons = _RAISED.findall(told) or told.strip().splitlines()[-1:]
        raise AssignmentError(
            f"nbgrader cannot make release/{name}: {reasons[0].rstrip('.')}. "
            f"Correct source/{name}/{name}.ipynb."
        )
    return scratch / "release" / name


def _files(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file()
    }


def _install(name: str, tree: Path, target: Path) -> Released:
    wanted, there = _files(tree), _files(target)
    for relative, content in wanted.items():
        if there.get(relative) != content:
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(target / relative, content)
    for relative in there.keys() - wanted.keys():
        (target / relative).unlink()
    _remove_empty(target)
    files = tuple(target / relative for relative in wanted)
    return Released(name, target / f"{name}.ipynb", files, changed=wanted != there)


def _remove_empty(tree: Path) -> None:
    for folder in sorted((p for p in tree.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def _differences(name: str, *, fresh: Path, committed: Path) -> Iterator[Problem]:
    wanted, there = _files(fresh), _files(committed)
    for relative in sorted(wanted.keys() | there.keys()):
        file = f"release/{name}/{relative}"
        if relative not in there:
            yield Problem(file, "", f"The file is missing. Run `mnist-course release {name}`.")
        elif relative not in wanted:
            yield Problem(
                file,
                "",
                f"Students would get this file, but source/{name}/ does not make it. "
                f"Run `mnist-course release {name}` to remove it.",
            )
        elif wanted[relative] != there[relative]:
            cell = _first_difference(wanted[relative], there[relative])
            yield Problem(
                file,
                cell,
                "The file is not what nbgrader makes from the source now. Edit the source, never "
                f"the release, then run `mnist-course release {name}`.",
            )


def _first_difference(wanted: bytes, there: bytes) -> str:
    """Return the label of the first cell that differs, empty when there is no such cell."""
    notebooks: list[Sequence[dict[str, Any]]] = []
    for content in (wanted, there):
        cells = release_rules.cells_of(content)
        if not cells:
            return ""
        notebooks.append(cells)
    for number, (new, old) in enumerate(zip(*notebooks, strict=False), start=1):
        if new != old:
            return release_rules.label(new, number)
    return ""


def _unsourced(root: Path) -> Iterator[Problem]:
    """Report what lies in ``release/`` without a folder of that name in ``source/``."""
    release = root / "release"
    for entry in sorted(release.iterdir()) if release.is_dir() else ():
        if not (root / "source" / entry.name).is_dir():
            yield Problem(
                f"release/{entry.name}",
                "",
                f"Nothing under source/ makes this. Remove it, or add source/{entry.name}/.",
            )
