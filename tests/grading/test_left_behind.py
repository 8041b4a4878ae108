"""What a killed grader left is removed by the next one, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_course.grading.left_behind import held_folder, hold, remove_left_behind

OLD = 1_000_000_000  # seconds since 1970: long ago
_GRADER = """
import sys, time
from pathlib import Path
from mnist_course.grading.left_behind import held_folder
with held_folder("judge") as folder:
    (folder / "captured.frame").write_text("x")
    print(folder, flush=True)
    time.sleep(100)
"""


def make(place: Path, name: str, *, old: bool = True) -> Path:
    folder = place / name
    (folder / "work" / "deep").mkdir(parents=True)
    (folder / "work" / "file").write_text("x")
    if old:
        os.utime(folder, (OLD, OLD))
    return folder


def test_a_killed_grader_leaves_nothing_for_long(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _GRADER], env=environment, stdout=subprocess.PIPE, text=True
    ) as grader:
        assert grader.stdout is not None
        folder = Path(grader.stdout.readline().strip())
        assert remove_left_behind(tmp_path, young=0) == []  # it is at work
        grader.send_signal(signal.SIGKILL)
    assert (folder / "captured.frame").is_file()
    assert remove_left_behind(tmp_path) == []  # it may be that of one who begins
    assert remove_left_behind(tmp_path, young=0) == [folder]
    assert not folder.exists()


def test_all_that_graders_leave_is_found(tmp_path: Path) -> None:
    left = {make(tmp_path, f"mnist-course-{kind}-ab12") for kind in ("judge", "kernel")}
    left.add(make(tmp_path, "mnist-course-evaluator-cd34"))
    assert set(remove_left_behind(tmp_path)) == left
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_graders_stays(tmp_path: Path) -> None:
    others = make(tmp_path, "somebody-elses")
    mine = make(tmp_path, "mnist-course-notes")
    (tmp_path / "mnist-course-judge-link").symlink_to(others)
    (tmp_path / "mnist-course-judge-file").write_text("x")
    make(tmp_path, "mnist-course-kernel-young", old=False)
    held = make(tmp_path, "mnist-course-kernel-held")
    descriptor = hold(held)
    assert descriptor is not None
    before = sorted(tmp_path.rglob("*"))
    assert remove_left_behind(tmp_path) == []
    assert sorted(tmp_path.rglob("*")) == before and mine.is_dir()
    os.close(descriptor)
    assert remove_left_behind(tmp_path) == [held]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_stays(tmp_path: Path) -> None:
    folder = make(tmp_path, "mnist-course-judge-ab12")
    os.chown(folder, 12345, 12345)
    assert remove_left_behind(tmp_path) == [] and folder.is_dir()


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    assert remove_left_behind(tmp_path / "gone") == []


def test_at_the_end_the_folder_is_gone() -> None:
    with held_folder("judge") as folder:
        (folder / "file").write_text("x")
    assert not folder.exists()
