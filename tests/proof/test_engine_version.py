"""When a trial of yesterday is still one of today."""

from __future__ import annotations

import shutil
from pathlib import Path

import mnist_course
from mnist_course.proof.engine_version import engine_version


def test_it_changes_with_the_code_that_grades_and_with_no_other(tmp_path, monkeypatch):
    copy = tmp_path / "mnist_course"
    ignored = shutil.ignore_patterns("__pycache__", "data")
    shutil.copytree(Path(mnist_course.__file__).parent, copy, ignore=ignored)
    monkeypatch.setattr(mnist_course, "__file__", str(copy / "__init__.py"))
    before = engine_version()
    assert engine_version() == before

    for other in ("proof/page.py", "cli.py", "grading/notes.txt"):
        (copy / other).write_text("# another\n")
    assert engine_version() == before

    score = copy / "checks" / "score.py"
    score.write_text(score.read_text() + "# another\n")
    after = engine_version()
    assert after != before
    (copy / "checks" / "new.py").write_text("")
    assert engine_version() not in (before, after)
