from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import BinaryIO

import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading import submitted_file
from mnist_course.grading.submitted_file import choose_notebook
from mnist_course.grading.untrusted_file import open_regular


def upload(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"Copy of m5 (1).ipynb": ""}, "Copy of m5 (1).ipynb"),
        ({"M5.IPYNB": ""}, "M5.IPYNB"),
        ({"m5.ipynb.txt": "", "notes.txt": ""}, "m5.ipynb.txt"),
        ({"deep/er/mine.ipynb": ""}, "deep/er/mine.ipynb"),
        ({"m5.ipynb": "m5-runs", "other.ipynb": "m5-runs m5-log"}, "m5.ipynb"),
        ({"a.ipynb": "", "b.ipynb": "m5-runs m5-log", "c.ipynb": "m5-runs"}, "b.ipynb"),
        ({"m5.ipynb": "empty", "solution.ipynb": "m5-runs"}, "solution.ipynb"),
        ({"z/m5.ipynb": "", "m5.ipynb": "", "a/m5.ipynb": ""}, "m5.ipynb"),
        ({"b.ipynb": "", "a.ipynb": ""}, "a.ipynb"),
        ({"work.zip": "", "notes.txt": ""}, "work.zip"),
        ({"work.zip": "", "m5.ipynb": ""}, "m5.ipynb"),
        ({"a.ipynb": "x" * 1_048_573 + "m5-runs", "0.ipynb": ""}, "a.ipynb"),
        ({".ipynb_checkpoints/m5.ipynb": "m5-runs", "x.ipynb": ""}, "x.ipynb"),
        ({"__MACOSX/._m5.ipynb": "", "._m5.ipynb": "", "x.ipynb": ""}, "x.ipynb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_notebook_is_found(tmp_path: Path, files: dict[str, str], chosen: str) -> None:
    choice = choose_notebook(
        upload(tmp_path, files), assignment_id="m5", grade_ids=["m5-runs", "m5-log"]
    )
    assert choice.path == tmp_path / chosen
    visible = [name for name in files if "." not in {name[0], name.rpartition("/")[2][0]}]
    assert bool(choice.note) == (sum("ipynb" in name for name in visible) > 1)
    if choice.note:
        assert chosen in choice.note


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "found no file"),
        ({"report.pdf": "", "m5.py": ""}, "“m5.py”, “report.pdf”"),
        ({f"{n}.txt": "" for n in range(9)}, "4 more"),
        ({"\u202ea\n\x1b[31m.txt": ""}, "“a .txt”"),
    ],
    ids=["nothing", "other files", "many files", "odd name"],
)
def test_no_notebook_is_a_clear_sentence(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(SubmissionError, match=r"no notebook.*expected.*m5\.ipynb") as raised:
        choose_notebook(upload(tmp_path, files), assignment_id="m5", grade_ids=[])
    assert said in str(raised.value)


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = upload(tmp_path / "source", {"m5.ipynb": "hidden tests"})
    submission = upload(tmp_path / "submission", {"readme.txt": ""})
    (submission / "m5.ipynb").symlink_to(secret / "m5.ipynb")
    (submission / "folder").symlink_to(secret)
    os.mkfifo(submission / "pipe.ipynb")
    with pytest.raises(SubmissionError):
        choose_notebook(submission, assignment_id="m5", grade_ids=[])


def test_several_zips_are_refused(tmp_path: Path) -> None:
    upload(tmp_path, {"a.zip": "", "b.ZIP": ""})
    with pytest.raises(SubmissionError, match="2 zips and no notebook"):
        choose_notebook(tmp_path, assignment_id="m5", grade_ids=[])


def test_an_upload_that_is_deep_wide_or_odd_is_searched_all_the_same(tmp_path: Path) -> None:
    upload(tmp_path, {"m5.ipynb": "m5-runs"})
    (tmp_path / os.fsdecode(b"\xff\xfe.ipynb")).write_text("")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.ipynb"))
    for n in range(1500):
        (tmp_path / f"folder{n}").mkdir()
    here = os.open(tmp_path, os.O_RDONLY)
    opened = [here]
    for _ in range(1500):  # deeper than Python recurses, and than a path may be long
        os.mkdir("deep", dir_fd=opened[-1])
        opened.append(os.open("deep", os.O_RDONLY, dir_fd=opened[-1]))
        os.close(opened.pop(-2))
    os.close(opened.pop())
    choice = choose_notebook(tmp_path, assignment_id="m5", grade_ids=["m5-runs"])
    assert choice.path == tmp_path / "m5.ipynb"
    assert "2 notebooks" in choice.note and choice.note.isprintable()
    subprocess.run(["rm", "-rf", str(tmp_path / "deep")], check=True)


def test_a_crowd_of_large_notebooks_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0

    def counting(path: Path) -> BinaryIO:
        file = open_regular(path)

        class Counting:
            __enter__ = lambda self: self  # noqa: E731
            __exit__ = lambda self, *exc: file.close()  # noqa: E731

            def read(self, size: int) -> bytes:
                nonlocal read
                piece = file.read(size)
                read += len(piece)
                return piece

        return Counting()  # type: ignore[return-value]

    monkeypatch.setattr(submitted_file, "open_regular", counting)
    for n in range(300):
        with (tmp_path / f"{n}.ipynb").open("wb") as large:
            large.truncate(200 << 20)  # sparse
    choice = choose_notebook(tmp_path, assignment_id="m5", grade_ids=["m5-runs"])
    assert "300 notebooks" in choice.note
    assert read <= (512 << 20) + (1 << 20) * 100
