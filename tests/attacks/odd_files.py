"""Files that are not what they seem: links, pipes, archives, names."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable

from tests.attacks.attack import ALL, OURS, Attack, Place

__all__ = ["ATTACKS"]


def _instead(make: Callable[[Place], object]) -> Callable[[Place], None]:
    """Put something else in the submission's place."""

    def prepare(place: Place) -> None:
        place.submission.unlink()
        make(place)

    return prepare


def _sparse(place: Place) -> None:
    with place.submission.open("wb") as file:
        file.truncate(20 << 30)


def _source_of(place: Place) -> str:
    return str(place.root / "course" / "source" / "tiny" / "tiny.ipynb")


def _shadows(place: Place) -> None:
    """Put modules beside the submission that Python might import in place of its own."""
    mark = f"open('/tmp/{place.nonce}', 'w')\n"
    for name in ("json", "numpy", "sitecustomize", "usercustomize", "conftest", "mnist_course",
                 "unittest", "random", "nbformat", "tiny"):  # fmt: skip
        (place.submission.parent / f"{name}.py").write_text(
            mark + "allclose = lambda *given, **named: True\n"
        )
    (place.submission.parent / "jupyter_config.py").write_text(mark)
    (place.submission.parent / "nbgrader_config.py").write_text(mark)
    (place.submission.parent / "otter_config.json").write_text("{")


def _odd_neighbours(place: Place) -> None:
    folder = place.submission.parent
    for name in (
        "-rf",
        "--config=x",
        "=cmd|'C calc'!A0",
        "a\nb\x1b[31m",
        "<img src=x>",
        "é\u202e",
    ):
        (folder / name).write_text("x")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "loop").symlink_to(folder)
    (folder / "zero.csv").symlink_to("/dev/zero")


def _zip_slip(notebook: dict[str, object], place: Place) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (f"../../../tmp/{place.nonce}", f"/tmp/{place.nonce}", "tiny.ipynb"):
            archive.writestr(name, "x" * 1000)
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, _source_of(place))
        archive.writestr("bomb", b"\0" * (200 << 20))
    return data.getvalue()


def _file(
    name: str,
    after: str,
    prepare: Callable[[Place], None] | None,
    *aims: str,
    file_name: str = "tiny.ipynb",
    rewrite: Callable[[dict[str, object], Place], bytes] | None = None,
    base: str = "wrong",
    keeps: tuple[str, ...] = (),
    graders: frozenset[str] = ALL,
) -> Attack:
    return Attack(
        name,
        "files",
        after,
        frozenset(aims),
        prepare=prepare,
        rewrite=rewrite,
        base=base,
        keeps=keeps,
        file_name=file_name,
        graders=graders,
    )


_ALL_KEPT = ("value", "array", "call", "text")

ATTACKS = (
    _file(
        "link to the source",
        "a link to the instructor's notebook is handed in",
        _instead(lambda place: place.submission.symlink_to(_source_of(place))),
        "points",
        "leak",
    ),
    _file(
        "link to another's work",
        "a link to what another student handed in",
        _instead(
            lambda place: place.submission.symlink_to(place.root / "submitted/bob/tiny.ipynb")
        ),
        "leak",
        "points",
    ),
    _file(
        "link to an endless device",
        "a link to /dev/zero is handed in",
        _instead(lambda place: place.submission.symlink_to("/dev/zero")),
        "no verdict",
    ),
    _file(
        "pipe",
        "a pipe that nobody writes is handed in",
        _instead(lambda place: os.mkfifo(place.submission)),
        "no verdict",
    ),
    _file(
        "folder",
        "a folder is handed in",
        _instead(lambda place: (place.submission / "deep").mkdir(parents=True)),
        "no verdict",
    ),
    _file("empty", "an empty file", _instead(lambda p: p.submission.touch()), "no verdict"),
    _file("20 GB of nothing", "a file of holes", _instead(_sparse), "no verdict"),
    _file("zip slip", "an archive with paths that lead out of it, links, and a bomb", None,
          "mark", "no verdict", "leak", rewrite=_zip_slip),
    _file("modules beside it", "Python modules beside the notebook that shadow the grader's",
          _shadows, "mark", "points"),
    _file("odd files beside it", "names like options, endless links, pipes", _odd_neighbours,
          "no verdict", "mark", base="honest", keeps=_ALL_KEPT),
    _file(
        "odd name",
        "a file name with markup, terminal commands and a formula",
        None,
        "injection",
        "no verdict",
        file_name="=cmd|' C'!A0 \x1b[31m\n<img src=x onerror=alert(@NONCE@)>.ipynb",
        graders=OURS,
        base="honest",
        keeps=_ALL_KEPT,
    ),
)  # fmt: skip
