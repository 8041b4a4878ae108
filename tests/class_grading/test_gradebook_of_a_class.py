"""The grades of a class are in nbgrader's gradebook, and what a person gave stays."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from mnist_course.cli import main
from tests.class_grading.tiny_class import CLASS, TinyClass

# SQLAlchemy warns about how nbgrader fills its tables.
pytestmark = [
    pytest.mark.kernel,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
REPOSITORY = Path(__file__).parents[2]
POINTS = {"ada": 10.0, "bob": 6.0, "cleo": 4.0, "dan": 6.0}


def command(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--root", str(root)], catch_exceptions=False)


def grade(root: Path, *words: str) -> Result:
    places = ["--store", str(root / "store"), "--output", str(root / "results")]
    return command(root, "grade-class", "tiny", str(root / "submitted"), *places, *words)


def export(root: Path, platform: str) -> tuple[Result, list[list[str]]]:
    places = ["--store", str(root / "store"), "--results", str(root / "results")]
    result = command(root, "export", "tiny", platform, *places)
    text = (root / "results" / f"{platform}.csv").read_text(encoding="utf-8-sig")
    return result, list(csv.reader(text.splitlines()))


def automatic(submission: Any) -> float:
    return sum(grade.auto_score or 0.0 for one in submission.notebooks for grade in one.grades)


def book(root: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{root / 'gradebook.db'}")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose class was graded, the gradebook included."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    TinyClass(root)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    outcome = NbGraderAPI(config=config).generate_assignment("tiny")
    assert outcome["success"], outcome
    result = grade(root)
    assert result.exit_code == 0, result.output
    assert "nbgrader's gradebook has these grades" in result.output
    return root


def test_scores_are_those_of_the_engine(course: Path):
    with book(course) as gradebook:
        found = {s.student.id: automatic(s) for s in gradebook.assignment_submissions("tiny")}
        item = gradebook.find_grade("tiny-why", "tiny", "tiny", "ada")
        assert item.needs_manual_grade or item.auto_score is None
    assert found == POINTS
    for student in CLASS:
        text = (course / "autograded" / student / "tiny" / "tiny.ipynb").read_text()
        assert "right" in text or "mean" in text


def test_a_page_shows_the_class(course: Path):
    page = (course / "results" / "class.html").read_text(encoding="utf-8")
    assert all(f'href="{student}/feedback.html"' in page for student in CLASS)
    assert not (course / "results" / "class.html").stat().st_mode & 0o077


def test_manual_points_stay_when_a_test_changes(course: Path, tmp_path: Path):
    shutil.copytree(course, tmp_path / "course")
    root = tmp_path / "course"
    result, rows = export(root, "gradescope")
    assert result.exit_code == 1 and result.output.count("has no total") == len(CLASS)
    total = rows[0].index("Total Score")
    assert {row[total] for row in rows[1:]} == {""}
    with book(root) as gradebook:
        for points, student in enumerate(CLASS):
            item = gradebook.find_grade("tiny-why", "tiny", "tiny", student)
            item.manual_score, item.needs_manual_grade = float(points), False
            gradebook.find_comment("tiny-why", "tiny", "tiny", student).manual_comment = "Good."
        gradebook.db.commit()
    result, rows = export(root, "gradescope")
    assert "has no total" not in result.output
    assert sorted(float(row[total]) for row in rows[1:]) == [6.0, 7.0, 9.0, 10.0]

    tiny = TinyClass.__new__(TinyClass)
    tiny.root = root
    from tests.proof.tiny_course import Course

    tiny.course = Course(root)
    tiny.change_test("6 if 0.2 < mean < 0.8 else 0", "6 if 0.2 < mean < 0.95 else 0")
    shown = grade(root, "--what-if")
    assert shown.exit_code == 0 and "cleo" in shown.output and "Nothing was changed" in shown.output
    with book(root) as gradebook:
        assert automatic(gradebook.find_submission("tiny", "cleo")) == 4.0
    result = grade(root)
    assert result.exit_code == 0, result.output
    with book(root) as gradebook:
        one = gradebook.find_submission("tiny", "cleo")
        assert (automatic(one), one.score) == (10.0, 12.0)
        comment = gradebook.find_comment("tiny-why", "tiny", "tiny", "cleo")
        assert comment.manual_comment == "Good."


def test_nothing_is_recorded_twice(course: Path, tmp_path: Path):
    shutil.copytree(course, tmp_path / "course")
    root = tmp_path / "course"
    books = {path: path.stat().st_mtime_ns for path in root.glob("autograded/*/*/*.ipynb")}
    assert len(books) == len(CLASS)
    (root / "results" / "gradebook.json").write_text("damaged")
    moved = grade(root, "--no-gradebook")
    assert moved.exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in books} == books
    result = grade(root)
    assert result.exit_code == 0 and "4 known" in result.output
    again = {path: path.stat().st_mtime_ns for path in books}
    assert all(again[path] > books[path] for path in books)
    assert grade(root).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in books} == again


def test_an_assignment_that_was_never_released(tmp_path: Path):
    shutil.copy(REPOSITORY / "nbgrader_config.py", tmp_path)
    TinyClass(tmp_path)
    result = grade(tmp_path)
    assert result.exit_code == 1
    assert "nbgrader generate_assignment tiny" in result.output
    assert (tmp_path / "results" / "ada" / "results.json").is_file()  # the grades are there


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing", "."], "no assignment 'nothing'"),
        (["tiny", "elsewhere"], "does not exist"),
        (["tiny", "submitted", "--again", "eve"], "nobody of that name handed in: eve"),
        (["tiny", "submitted", "--gradebook"], "expected nbgrader_config.py"),
    ],
)
def test_wrong_usage_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
):
    TinyClass(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["grade-class", *words])
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert not (tmp_path / "results").exists()


def test_what_lies_elsewhere_is_collected(course: Path, tmp_path: Path):
    shutil.copytree(course, tmp_path / "course")
    root = tmp_path / "course"
    elsewhere = tmp_path / "uploads"
    elsewhere.mkdir()
    for name, whose in (("eve", "ada"), ("finn", "bob")):
        shutil.copy(root / "submitted" / whose / "tiny" / "tiny.ipynb", elsewhere / f"{name}.ipynb")
    roster = tmp_path / "roster.csv"
    roster.write_text("id,first_name,last_name,email\neve,Eve,Ng,eve@school.example\nfinn,,,\n")
    other = root / "submitted" / "finn" / "tiny" / "tiny.ipynb"
    other.parent.mkdir(parents=True)
    other.write_text("another file")
    words = ["grade-class", "tiny", str(elsewhere), "--roster", str(roster), "--store"]
    words += [str(root / "store"), "--output", str(tmp_path / "results"), "--gradebook"]
    result = command(root, *words)
    assert result.exit_code == 3, result.output
    assert "finn: not in the gradebook" in result.output and "another file" in result.output
    assert other.read_text() == "another file"
    with book(root) as gradebook:
        assert automatic(gradebook.find_submission("tiny", "eve")) == 10.0
        student = gradebook.find_student("eve")
        assert (student.first_name, student.email) == ("Eve", "eve@school.example")
        with pytest.raises(MissingEntry):
            gradebook.find_submission("tiny", "finn")
    copied = root / "submitted" / "eve" / "tiny" / "tiny.ipynb"
    assert copied.read_bytes() == (elsewhere / "eve.ipynb").read_bytes()
    other.unlink()
    result = command(root, *words)
    assert result.exit_code == 0, result.output
    with book(root) as gradebook:
        assert automatic(gradebook.find_submission("tiny", "finn")) == 6.0


def test_nothing_to_export(tmp_path: Path):
    (tmp_path / "results").mkdir()
    (tmp_path / "store").mkdir()
    places = ["--store", str(tmp_path / "store"), "--results", str(tmp_path / "results")]
    result = command(tmp_path, "export", "tiny", "canvas", *places)
    assert result.exit_code == 1 and "Grade the class first" in result.output
