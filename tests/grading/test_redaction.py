"""Paths of the grading machine are named by their purpose; a student's own stay."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import mnist_course
from mnist_course.grading.redaction import redact

PACKAGE = str(Path(mnist_course.__file__).parent)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{tempfile.gettempdir()}/mnist-course-kernel-ab_1c/work/a.csv", "<scratch>/a.csv"),
        (f"'{tempfile.gettempdir()}/mnist-course-kernel-ab_1c'", "'<scratch>'"),
        ("/tmp/mnist-course-x/home/tmp/ipykernel_7/8.py", "<scratch>/ipykernel_7/8.py"),
        ("File /tmp/ipykernel_12/345.py:3", "File <scratch>/345.py:3"),
        (np.__file__, "<python>/numpy/__init__.py"),
        (os.__file__, "<python>/os.py"),
        ("/usr/lib/python3.11/json/decoder.py", "<python>/json/decoder.py"),
        (f"{PACKAGE}/grading/x.py", "<mnist-course>/grading/x.py"),
        (f"file://{PACKAGE}/x.py", "file://<mnist-course>/x.py"),
        (f"{Path.home()}/secret and {Path.home()}.", "<home>/secret and <home>."),
        ("/autograder/source/m5", "<autograder>/source/m5"),
    ],
)  # fmt: skip
def test_paths_of_this_machine(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    ["data.csv", "/content/drive/MyDrive/a.csv", "/usr/share/x", "/tmp/a.csv", "1/2", "",
     f"x{Path.home()}/a", f"{Path.home()}less", "C:\\Users\\me", "https://keras.io/a"],
)  # fmt: skip
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_a_working_folder_that_is_gone_is_no_problem(tmp_path: Path) -> None:
    program = (
        "import os, sys; os.rmdir(os.getcwd())\n"
        "from mnist_course.grading.redaction import redact; print(redact('ok'))"
    )
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=gone, capture_output=True, text=True, check=True
    )
    assert done.stdout == "ok\n"
