import copy
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.apps.api import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from mnist_course.cli import main
from mnist_course.exceptions import AssignmentError
from mnist_course.grading.release import check, generate

REPOSITORY = Path(__file__).parents[2]


def cell(cell_type, source, *, id, **nbgrader):
    made = {"cell_type": cell_type, "id": id, "metadata": {}, "source": source}
    if cell_type == "code":
        made |= {"execution_count": None, "outputs": []}
    if nbgrader:
        defaults = {"grade": False, "locked": False, "solution": False, "task": False}
        made["metadata"]["nbgrader"] = defaults | {"schema_version": 3, "grade_id": id} | nbgrader
    return made


CELLS = [
    cell("markdown", "# A tiny assignment\nAdd two numbers.", id="intro"),
    cell(
        "code",
        "def add(a, b):\n    total = 0\n    ### BEGIN SOLUTION\n    total = a + b\n"
        "    ### END SOLUTION\n    return total",
        id="tiny-add",
        solution=True,
    ),
    cell(
        "code",
        "# tiny-adds (4 points)\nassert add(1, 2) == 3, f'add(1, 2) is {add(1, 2)}, not 3'\n"
        "### BEGIN HIDDEN TESTS\nassert add(-7, 5) == -2, 'negative numbers'\n"
        "### END HIDDEN TESTS",
        id="tiny-adds",
        grade=True,
        locked=True,
        points=4,
    ),
    cell("markdown", "A model answer.", id="tiny-why", grade=True, solution=True, points=6),
]


def notebook(cells):
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "conda (3.13)", "language": "python", "name": "conda"},
            "language_info": {"name": "python", "version": "3.13.1"},
            "widgets": {"state": {}},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class Course:
    """A real course folder with one small assignment."""

    def __init__(self, root):
        self.root = root
        self.source = root / "source" / "tiny" / "tiny.ipynb"
        self.release = root / "release" / "tiny" / "tiny.ipynb"
        self.cells = copy.deepcopy(CELLS)
        self.source.parent.mkdir(parents=True)
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        self.write()

    def write(self):
        self.source.write_text(json.dumps(notebook(self.cells)), encoding="utf-8")

    def generate(self):
        return generate(root=self.root)

    def problems(self):
        return check(root=self.root)

    def released(self):
        return json.loads(self.release.read_text(encoding="utf-8"))["cells"]


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def tree(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_release_holds_no_answer(course):
    (released,) = course.generate()
    assert (released.id, released.path, released.changed) == ("tiny", course.release, True)
    text = course.release.read_text(encoding="utf-8")
    for secret in ("a + b", "-7", "negative", "model answer", "BEGIN", "END", "HIDDEN"):
        assert secret not in text
    sources = ["".join(c["source"]) for c in course.released()]
    assert sources[1] == "def add(a, b):\n    total = 0\n    # YOUR CODE HERE\n    return total"
    assert sources[3] == "YOUR ANSWER HERE"
    assert course.problems() == []


def test_the_same_bytes_on_every_run_and_machine(course, tmp_path_factory):
    course.generate()
    first = tree(course.root / "release")
    (again,) = course.generate()
    assert not again.changed

    elsewhere = Course(tmp_path_factory.mktemp("another machine"))
    elsewhere.cells[1]["metadata"]["collapsed"] = True  # what some editors leave behind
    elsewhere.cells[1]["metadata"]["ExecuteTime"] = {"start_time": "2024-01-01"}
    elsewhere.write()
    elsewhere.generate()
    assert tree(elsewhere.root / "release") == first
    content = course.release.read_bytes()
    assert content.endswith(b"}\n")
    metadata = json.loads(content)["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["language_info"] == {"name": "python"}
    assert [c["id"] for c in course.released()] == [c["id"] for c in CELLS]


def test_the_command_says_what_is_new(course):
    told = [
        CliRunner().invoke(main, ["release", "tiny", "--root", str(course.root)]).output
        for _ in range(2)
    ]
    assert told == [f"{course.release}: made anew\n", f"{course.release}: as it was\n"]


def test_nbgrader_itself_makes_the_same_bytes(course):
    course.generate()
    ours = tree(course.root / "release")
    shutil.rmtree(course.root / "release")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    outcome = NbGraderAPI(config=config).generate_assignment("tiny")
    assert outcome["success"], outcome
    assert (course.root / "gradebook.db").is_file()
    assert tree(course.root / "release") == ours


def test_the_instructors_gradebook_and_source_stay_as_they_are(course):
    before = course.source.read_bytes()
    course.generate()
    assert sorted(p.name for p in course.root.iterdir()) == [
        "nbgrader_config.py",
        "release",
        "source",
    ]
    assert course.source.read_bytes() == before


def test_files_that_the_source_no_longer_has_leave_the_release(course):
    figures = course.source.parent / "figures"
    figures.mkdir()
    (figures / "net.svg").write_text("<svg/>", encoding="utf-8")
    (course.source.parent / "model.keras").write_bytes(b"PK")
    (course.source.parent / "__pycache__").mkdir()
    (course.source.parent / "__pycache__" / "x.pyc").write_bytes(b"x")
    course.cells[0]["source"] += "\n![a net](figures/net.svg)"
    course.write()
    (released,) = course.generate()
    assert [p.name for p in released.files] == ["net.svg", "tiny.ipynb"]
    assert course.problems() == []

    shutil.rmtree(figures)
    (stale,) = [p for p in course.problems() if "net.svg" in p.file]
    assert "does not make it" in stale.sentence
    course.generate()
    assert not (course.release.parent / "figures").exists()


def test_nothing_is_written_when_nbgrader_rejects_the_source(course):
    course.generate()
    before = tree(course.root / "release")
    course.cells[1]["source"] = "### BEGIN SOLUTION\nx = 12345678"
    course.write()
    with pytest.raises(AssignmentError, match="no end solution statement"):
        course.generate()
    assert tree(course.root / "release") == before
    sentences = [p.sentence for p in course.problems() if p.cell == "tiny-add"]
    assert "BEGIN SOLUTION has no END SOLUTION." in sentences


@pytest.mark.parametrize("name", ["m6", "../tiny", ""])
def test_an_unknown_assignment_is_refused(course, name):
    with pytest.raises(AssignmentError, match="got tiny"):
        generate([name], root=course.root)


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(AssignmentError, match=r"no nbgrader_config\.py"):
        check(root=tmp_path)


def test_a_stale_release_is_reported_with_its_cell(course):
    (missing,) = course.problems()
    assert missing.file == "release/tiny/tiny.ipynb"
    assert "missing" in missing.sentence
    course.generate()
    course.cells[2]["source"] = course.cells[2]["source"].replace("is {", "gave {")
    course.write()
    (stale,) = course.problems()
    assert (stale.file, stale.cell) == ("release/tiny/tiny.ipynb", "tiny-adds")
    assert "Edit the source" in stale.sentence


def test_a_hand_made_leak_in_the_release_is_reported(course):
    course.generate()
    text = course.release.read_text(encoding="utf-8")
    course.release.write_text(
        text.replace("Add two numbers.", "Hint: assert add(-7, 5) == -2, 'negative numbers'"),
        encoding="utf-8",
    )
    (course.root / "release" / "old.ipynb").write_text("{}", encoding="utf-8")
    sentences = [p.sentence for p in course.problems()]
    assert any("a line that tiny-adds keeps from them" in s for s in sentences)
    assert any("Nothing under source/ makes this" in s for s in sentences)


def set_source(index, old, new):
    def change(cells):
        assert old in cells[index]["source"]
        cells[index]["source"] = cells[index]["source"].replace(old, new)

    return change


def set_value(index, key, value):
    return lambda cells: cells[index].update({key: value})


def set_known(index, key, value):
    return lambda cells: cells[index]["metadata"]["nbgrader"].update({key: value})


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        pytest.param(
            set_source(2, "BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST"),
            "tiny-adds",
            "almost a marker",
            id="singular marker that nbgrader does not know",
        ),
        pytest.param(
            set_source(2, "BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST"),
            "tiny-adds",
            "keeps from them: \"assert add(-7, 5) == -2, 'negative numbers'\"",
            id="and what it would give away",
        ),
        pytest.param(
            set_source(1, "### BEGIN SOLUTION", "### begin solution"),
            "tiny-add",
            "almost a marker",
            id="marker in small letters",
        ),
        pytest.param(
            set_source(1, "### BEGIN SOLUTION", "### BEGIN SOLTUION"),
            "tiny-add",
            "looks like a marker",
            id="misspelt marker",
        ),
        pytest.param(
            set_source(1, "### BEGIN SOLUTION\n", ""),
            "tiny-add",
            "END SOLUTION has no BEGIN SOLUTION",
            id="end without begin",
        ),
        pytest.param(
            set_source(1, "    total = 0\n", ""),
            "tiny-add",
            None,
            id="a body that is only a comment still has its return",
        ),
        pytest.param(
            set_source(1, "    total = 0\n    ###", "    if a:\n        ###"),
            "tiny-add",
            "not valid Python",
            id="block left empty by the stub",
        ),
        pytest.param(
            set_value(1, "outputs", [{"output_type": "stream", "name": "stdout", "text": "3"}]),
            "tiny-add",
            "saved outputs",
            id="saved output",
        ),
        pytest.param(set_value(2, "execution_count", 7), "tiny-adds", "count", id="count"),
        pytest.param(set_value(0, "id", "tiny-add"), "tiny-add", "used twice", id="cell id"),
        pytest.param(set_known(2, "grade_id", "tiny-why"), "tiny-why", "used twice", id="grade id"),
        pytest.param(
            set_known(2, "points", 5), "tiny-adds", "'# tiny-adds (5 points)'", id="points"
        ),
        pytest.param(
            set_source(2, "# tiny-adds (4 points)\n", ""), "tiny-adds", "first line", id="header"
        ),
        pytest.param(
            set_source(2, "# tiny-adds (4", "\n# tiny-adds (4"),
            "tiny-adds",
            "first line",
            id="blank",
        ),
        pytest.param(
            set_source(2, ", 'negative numbers'", ""), "tiny-adds", "Line 4: assert", id="assert"
        ),
        pytest.param(
            set_source(2, "assert add(1, 2)", r"x = '\d'" + "\nassert add(1, 2)"),
            "tiny-adds",
            "invalid escape",
            id="warning on stderr",
        ),
    ],
)
def test_rules_of_authoring(course, change, where, words):
    course.generate()
    change(course.cells)
    course.write()
    found = [
        p.sentence for p in course.problems() if p.cell == where and "release`" not in p.sentence
    ]
    stale = "The file is not what nbgrader makes"
    found = [sentence for sentence in found if not sentence.startswith(stale)]
    assert any(words in s for s in found) if words else found == []


def test_a_source_that_leaks_is_found_after_it_was_released(course):
    set_source(2, "BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST")(course.cells)
    course.write()
    course.generate()  # nbgrader accepts it
    assert "negative" in course.release.read_text(encoding="utf-8")
    released = [p for p in course.problems() if p.file == "release/tiny/tiny.ipynb"]
    assert {p.cell for p in released} == {"tiny-adds"}
    assert any("A marker is left" in p.sentence for p in released)


def test_magics_are_python_too(course):
    course.cells.append(cell("code", "%matplotlib inline\nfiles = !ls\nawait x()", id="magic"))
    course.cells.append(cell("code", "%%time\n1 + 1", id="timed"))
    course.write()
    course.generate()
    assert course.problems() == []


def test_stray_files_and_notebooks_in_the_source_are_reported(course):
    folder = course.source.parent
    (folder / "answers.txt").write_text("the trick:\n  total = a + b\n", encoding="utf-8")
    shutil.copy(course.source, folder / "tiny-copy.ipynb")
    course.generate()
    problems = [str(p) for p in course.problems()]
    assert any(p.startswith("source/tiny/tiny-copy.ipynb: An assignment is one") for p in problems)
    assert any("answers.txt: No released cell mentions this file" in p for p in problems)
    assert any("answers.txt: Students would read a line that tiny-add" in p for p in problems)
