from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from mnist_course.exceptions import AssignmentError, GraderError
from mnist_course.grading.bundle import BundleInfo, build
from mnist_course.grading.container_size import Measurement, needed_size, sentence
from mnist_course.grading.gradescope_emulator import run

ROOT = Path(__file__).parents[2]
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "source": "# tiny-runs (5 points)\nassert answer == 42\n",
            "metadata": {
                "nbgrader": {
                    "grade_id": "tiny-runs",
                    "points": 5,
                    "grade": True,
                    "solution": False,
                    "locked": True,
                }
            },
        },
        {
            "cell_type": "markdown",
            "source": "Why?",
            "metadata": {
                "nbgrader": {"grade_id": "tiny-why", "points": 3, "grade": True, "solution": True}
            },
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with this package, a tiny assignment and no requirement to download."""
    clone = tmp_path_factory.mktemp("clone")
    left_out = shutil.ignore_patterns("__pycache__", "*.npz")
    shutil.copytree(ROOT / "mnist_course", clone / "mnist_course", ignore=left_out)
    shutil.copytree(ROOT / "autograder", clone / "autograder")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, clone / name)
    (clone / "README.md").write_text("# A clone\n")
    (clone / "requirements.txt").write_text("# nothing to install\n")
    (clone / "source" / "tiny").mkdir(parents=True)
    (clone / "source" / "tiny" / "tiny.ipynb").write_text(json.dumps(NOTEBOOK))
    return clone


@pytest.fixture(scope="module")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> BundleInfo:
    return build("tiny", tmp_path_factory.mktemp("built") / "tiny.zip", repository=repository)


def test_the_same_sources_give_the_same_bytes(
    repository: Path, built: BundleInfo, tmp_path: Path
) -> None:
    time.sleep(2.1)  # the clock of a zip has steps of two seconds
    for path in repository.rglob("*.py"):
        os.utime(path)
        path.chmod(0o600)
    old = os.umask(0o077)
    try:
        again = build("tiny", tmp_path / "again.zip", repository=repository)
    finally:
        os.umask(old)
    assert again.sha256 == built.sha256
    assert again.path.read_bytes() == built.path.read_bytes()


def test_the_zip_holds_what_gradescope_needs(built: BundleInfo) -> None:
    with zipfile.ZipFile(built.path) as archive:
        infos = archive.infolist()
        assert archive.testzip() is None
    modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in infos}
    [wheel] = [name for name in modes if name.endswith(".whl")]
    assert modes == {
        "assignment.json": 0o600,
        wheel: 0o600,
        "requirements.txt": 0o600,
        "run_autograder": 0o755,
        "setup.sh": 0o755,
        "source/tiny/tiny.ipynb": 0o600,
    }
    assert list(modes) == sorted(modes) == list(built.files)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert built.sha256 == hashlib.sha256(built.path.read_bytes()).hexdigest()
    assert built.size == built.path.stat().st_size


def test_the_wheel_is_whole_and_lean(built: BundleInfo) -> None:
    with zipfile.ZipFile(built.path) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".whl")]
        wheel = zipfile.ZipFile(io.BytesIO(archive.read(name)))
    names = wheel.namelist()
    assert {
        "mnist_course/py.typed",
        "mnist_course/grading/templates/feedback.html.j2",
        "mnist_course/grading/templates/feedback.css",
        "mnist_course/grading/gradescope_run.py",
    } <= set(names)
    assert not [n for n in names if "__pycache__" in n or n.startswith(("tests", "source"))]
    assert names[-1].endswith(".dist-info/RECORD")
    recorded = [line.split(",")[0] for line in wheel.read(names[-1]).decode().splitlines()]
    assert sorted(recorded) == sorted(names)


def test_points_are_described(built: BundleInfo) -> None:
    assert (built.automatic_points, built.manual_points) == (5, 3)
    with zipfile.ZipFile(built.path) as archive:
        described = json.loads(archive.read("assignment.json"))
    assert described["id"] == "tiny"
    assert described["total_points"] == 8
    assert described["container"] is None
    assert described["data"] == []
    assert [item["grade_id"] for item in described["items"]] == ["tiny-runs", "tiny-why"]
    assert built.container == "Container size: not measured yet."
    assert "set 5 on Gradescope" in str(built)
    assert "Graded by a person: 3 points" in str(built)


def test_the_repository_stays_clean(repository: Path, built: BundleInfo) -> None:
    left = [path.name for path in repository.iterdir() if path.name in {"build", "dist"}]
    left += [path.name for path in repository.rglob("*.egg-info")]
    assert left == []


def test_an_unknown_assignment_is_refused(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match="m99"):
        build("m99", tmp_path / "m99.zip", repository=repository)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_clone_is_refused(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    shutil.copytree(repository / "source" / "tiny", tmp_path / "source" / "tiny")
    with pytest.raises(GraderError, match="clone"):
        build("tiny", tmp_path / "tiny.zip", repository=tmp_path)


@pytest.mark.parametrize(
    ("peak_mb", "size"),
    [
        (1, "0.5 CPU, 0.75 GB"),
        (650, "0.5 CPU, 0.75 GB"),
        (651, "1 CPU, 1.5 GB"),
        (1_400, "1 CPU, 1.5 GB"),
        (1_401, "2 CPU, 3 GB"),
        (5_900, "4 CPU, 6 GB"),
        (5_901, "None"),
    ],
)
def test_the_smallest_container_that_fits(peak_mb: int, size: str) -> None:
    assert str(needed_size(peak_mb)) == size


def test_the_container_comes_from_the_measurement(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(repository, clone)
    measured = clone / "docs" / "measurements" / "tiny_memory.json"
    measured.parent.mkdir(parents=True)
    measured.write_text('{"peak_mb": 1200, "date": "2026-01-31", "command": "python -m x"}')
    info = build("tiny", tmp_path / "tiny.zip", repository=clone)
    assert info.container == (
        "Container size: choose 1 CPU, 1.5 GB on Gradescope (a grade peaks at 1,200 MB, measured "
        "on 2026-01-31 with 'python -m x')."
    )
    with zipfile.ZipFile(info.path) as archive:
        assert json.loads(archive.read("assignment.json"))["container"] == {
            "cpus": 1,
            "memory_mb": 1500,
        }


def test_no_container_is_large_enough() -> None:
    assert "no Gradescope container" in sentence(Measurement(9_000, "", ""))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"peak_mb": "12"}',
        '{"peak_mb": 0}',
        '{"peak_mb": true}',
        '{"peak_mb": 1.5}',
    ],
)
def test_a_wrong_measurement_is_an_error(repository: Path, tmp_path: Path, content: str) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(repository / "source", clone / "source")
    measured = clone / "docs" / "measurements" / "tiny_memory.json"
    measured.parent.mkdir(parents=True)
    measured.write_text(content)
    with pytest.raises(AssignmentError, match="measure again"):
        build("tiny", tmp_path / "tiny.zip", repository=clone)


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_scripts_are_valid_bash(script: str) -> None:
    path = ROOT / "autograder" / script
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    assert path.stat().st_mode & 0o111
    checked = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("setup", [True, False], ids=["setup.sh", "quick"])
def test_the_zip_grades_in_the_emulated_container(
    built: BundleInfo, tmp_path: Path, setup: bool
) -> None:
    (tmp_path / "notes.txt").write_text("no notebook")
    done = run(built.path, tmp_path / "notes.txt", output=tmp_path / "output", setup=setup)
    assert (done.exit_status, done.intake.problem) == (0, ""), done.stdout
    assert (done.intake.score, done.intake.max_score) == (0, 5)
    assert "no notebook" in str(done.intake.results["output"])
    assert done.intake.student_sees_total
    assert done.left_behind == ()


def test_an_assignment_about_fashion_has_it_fetched_if_it_can_be_had(
    repository: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(repository, clone)
    notebook = json.loads(json.dumps(NOTEBOOK))
    notebook["cells"][0]["source"] += "from mnist_course.datasets import fashion_mnist\n"
    (clone / "source/tiny/tiny.ipynb").write_text(json.dumps(notebook))
    infos = [build("tiny", tmp_path / f"{n}.zip", repository=clone) for n in range(2)]
    assert infos[0].sha256 == infos[1].sha256
    with zipfile.ZipFile(infos[0].path) as archive:
        assert json.loads(archive.read("assignment.json"))["data"] == ["fashion_mnist"]
    (tmp_path / "notes.txt").write_text("no notebook")
    output = tmp_path / "output"
    done = run(infos[0].path, tmp_path / "notes.txt", output=output, setup=True)
    assert (done.exit_status, done.intake.problem) == (0, ""), done.stdout
    # No package is installed there, so it cannot be had; the image is built all the same.
    log = (output / "setup.log").read_text()
    assert "WARNING: Fashion-MNIST is not here" in log and log.endswith("setup.sh: done\n")


def test_setup_fails_clearly_without_the_zips_files(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", str(ROOT / "autograder" / "setup.sh")],
        env=os.environ | {"AUTOGRADER_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "expected the contents of the zip" in done.stderr
