from __future__ import annotations

import os
from pathlib import Path

import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.submitted_file import choose_notebook


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
    ],
    ids=["nothing", "other files", "many files"],
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
