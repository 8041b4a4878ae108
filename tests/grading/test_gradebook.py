import asyncio
import copy
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import compute_checksum, determine_grade
from traitlets.config.loader import PyFileConfigLoader

from mnist_course.grading.autograde import autograde
from mnist_course.grading.gradebook import SaveTrustedGrades, StudentView, collect_renamed
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    Picture,
    Verdict,
)
from mnist_course.grading.verdict_cells import (
    for_students,
    is_not_graded,
    report_cell,
    verdict_outputs,
)

# SQLAlchemy warns about how nbgrader fills its tables.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

REPOSITORY = Path(__file__).parents[2]
FINDING = Finding("add(1, 2) is <b>4</b>, not 3.", "Sums are needed later.", "Check the sign.")
NOTE = "the test runner stopped"


def cell(cell_type, source, *, id, **nbgrader):
    made = {"cell_type": cell_type, "id": id, "metadata": {}, "source": source}
    if cell_type == "code":
        made |= {"execution_count": None, "outputs": []}
    if nbgrader:
        defaults = {"grade": False, "locked": False, "solution": False, "task": False}
        made["metadata"]["nbgrader"] = defaults | {"schema_version": 3, "grade_id": id} | nbgrader
    return made


SOURCE = [
    cell("markdown", "# A tiny assignment\nAdd two numbers.", id="tiny-intro", locked=True),
    cell(
        "code",
        "def add(a, b):\n    total = 0\n    ### BEGIN SOLUTION\n    total = a + b\n"
        "    ### END SOLUTION\n    return total",
        id="tiny-add",
        solution=True,
    ),
    cell("code", "results = [add(1, 2), add(-7, 5)]\nprint(results)", id="tiny-run", locked=True),
    cell(
        "code",
        "# tiny-adds (4 points)\nassert results[0] == 3, f'add(1, 2) is {results[0]}, not 3'\n"
        "### BEGIN HIDDEN TESTS\nassert results[1] == -2, 'a sum of a negative number is wrong'\n"
        "### END HIDDEN TESTS",
        id="tiny-adds",
        grade=True,
        locked=True,
        points=4,
    ),
    cell("markdown", "A model answer.", id="tiny-why", grade=True, solution=True, points=6),
    cell("markdown", "One more item for a person.", id="tiny-more", locked=True),
    cell(
        "markdown",
        "# tiny-order (2 points)\nThe notebook as a whole.\n\n### BEGIN MARK SCHEME\n"
        "Be generous.\n### END MARK SCHEME",
        id="tiny-order",
        task=True,
        locked=True,
        points=2,
    ),
]


def write_notebook(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    top = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(top), encoding="utf-8")


class Course:
    """A real nbgrader course: folders, settings of this repository, sqlite gradebook."""

    def __init__(self, root):
        self.root = root

    def api(self, **autograde):
        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        config.Autograde.update(autograde)
        return NbGraderAPI(config=config)

    def submit(self, student, cells, name="tiny.ipynb"):
        write_notebook(self.root / "submitted" / student / "tiny" / name, cells)

    def answers(self):
        """Return the released cells with a correct answer in each."""
        released = self.root / "release" / "tiny" / "tiny.ipynb"
        cells = json.loads(released.read_text(encoding="utf-8"))["cells"]
        cells[1]["source"] = "def add(a, b):\n    return a + b"
        cells[4]["source"] = "Because sums add up."
        return cells

    def sanitized(self, student):
        """Run nbgrader's own first half of autograding; return the notebook."""
        outcome = self.api(autograde_preprocessors=[]).autograde("tiny", student)
        assert outcome["success"], outcome
        return self.autograded(student), outcome["log"]

    def autograded(self, student):
        path = self.root / "autograded" / student / "tiny" / "tiny.ipynb"
        return nbformat.read(path, as_version=4)

    def gradebook(self):
        return Gradebook(f"sqlite:///{self.root / 'gradebook.db'}")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    write_notebook(root / "source" / "tiny" / "tiny.ipynb", copy.deepcopy(SOURCE))
    outcome = Course(root).api().generate_assignment("tiny")
    assert outcome["success"], outcome
    return root


@pytest.fixture
def course(generated, tmp_path):
    shutil.copytree(generated, tmp_path / "course")
    return Course(tmp_path / "course")


def by_id(nb):
    return {c.metadata.nbgrader.grade_id: c for c in nb.cells if "nbgrader" in c.metadata}


# ---- verdicts as outputs ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "score", "of"),
    [
        (Verdict.PASSED, 20, 20),
        (Verdict.PASSED, 0, 0),
        (Verdict.PARTIAL, 16.67, 20),
        (Verdict.PARTIAL, 0.0, 20),
        (Verdict.FAILED, 0, 20),
        (Verdict.NOT_GRADED, 0, 20),
    ],
)
@pytest.mark.parametrize("findings", [(), (FINDING, FINDING)], ids=["silent", "told"])
@pytest.mark.parametrize("note", ["", NOTE])
def test_nbgrader_reads_exactly_our_score(verdict, score, of, findings, note):
    grade = CellGrade("t-a", "A", of, score, verdict, findings, note)
    made = nbformat.v4.new_code_cell("1", outputs=verdict_outputs(grade))
    made.metadata = nbformat.from_dict(
        {"nbgrader": {"grade": True, "solution": False, "grade_id": "t-a", "points": of}}
    )
    nbformat.validate(nbformat.v4.new_notebook(cells=[made]))
    assert determine_grade(made) == (score, of)
    assert all(output.output_type != "stream" for output in made.outputs)
    assert is_not_graded(made.outputs) == (verdict is Verdict.NOT_GRADED)
    assert (NOTE in str(made.outputs)) == bool(note)
    assert NOTE not in str(for_students(made.outputs))
    assert ("Check the sign." in str(made.outputs)) == bool(findings)
    assert "<b>4" not in str([o.get("data") for o in made.outputs])  # text, never markup


def test_a_manual_item_has_no_verdict():
    with pytest.raises(ValueError, match="manual"):
        verdict_outputs(CellGrade("t-a", "A", 5, None, Verdict.MANUAL))


def test_the_report_tells_about_the_whole_submission():
    grade = NotebookGrade(
        "t",
        (),
        headline="This is *not* <a> notebook.",
        repairs=("The cell t-a was put back.",),
        errors=(CellError(3, "NameError", "name 'x' is not defined"),),
        measurements={"accuracy": 0.9512},
        pictures=(Picture("Confusion", 'true "against" predicted', b"\x89PNG"),),
    )
    source = report_cell(grade).source
    for words in ("put back", "Cell 3 stopped with NameError", "95.12 %", "base64,iVBORw"[:9]):
        assert words in source
    assert "<a>" not in source
    assert "*not*" not in source.replace("\\*", "")
    assert 'alt="true &quot;against&quot; predicted"' in source
    assert report_cell(NotebookGrade("t", ())) is None


# ---- renamed files ----------------------------------------------------------------------------


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("name", ["Copy of tiny (1).ipynb", "TINY_final.ipynb", "Übung.ipynb"])
def test_a_renamed_notebook_is_taken(course, name):
    course.submit("alice", course.answers(), name=name)
    nb, _ = course.sanitized("alice")
    assert names(course.root / "submitted" / "alice" / "tiny") == ["tiny.ipynb"]
    assert by_id(nb)["tiny-why"].source == "Because sums add up."


def test_of_several_notebooks_the_one_of_this_assignment_is_taken(course):
    scratch = [cell("code", "1 + 1", id="mine")]
    course.submit("alice", scratch, name="a_scratch.ipynb")
    course.submit("alice", course.answers(), name="tiny (2).ipynb")
    nb, _ = course.sanitized("alice")
    assert names(course.root / "submitted" / "alice" / "tiny") == ["a_scratch.ipynb", "tiny.ipynb"]
    assert by_id(nb)["tiny-why"].source == "Because sums add up."


def test_a_notebook_with_the_right_name_stays(course):
    course.submit("alice", [cell("code", "1 + 1", id="mine")])
    course.submit("alice", course.answers(), name="a better one.ipynb")
    folder = course.root / "submitted" / "alice" / "tiny"
    notebooks = [str(p) for p in sorted(folder.iterdir())]
    before = list(notebooks)
    collect_renamed(assignment="tiny", notebooks=notebooks, source=course.root / "source")
    assert notebooks == before
    assert names(folder) == ["a better one.ipynb", "tiny.ipynb"]


def test_an_unknown_assignment_is_said_not_raised(course, caplog):
    course.submit("alice", course.answers(), name="x.ipynb")
    path = course.root / "submitted" / "alice" / "tiny" / "x.ipynb"
    collect_renamed(assignment="m99", notebooks=[str(path)], source=course.root / "source")
    assert path.is_file()
    assert "cannot read the assignment" in caplog.text


# ---- sanitizing -------------------------------------------------------------------------------


def lose_metadata(cells):
    for c in cells:
        c["metadata"] = {}


def delete_grade_cell(cells):
    del cells[3]


def duplicate_grade_cell(cells):
    cells.append(copy.deepcopy(cells[3]) | {"id": "again"})


def claim_points(cells):
    cells[3]["metadata"]["nbgrader"]["points"] = 400
    cells[3]["metadata"]["tags"] = ["skip-execution"]
    cells[3]["source"] = "# tiny-adds (400 points)\npass"


def break_metadata(cells):
    cells[2]["metadata"] = {"nbgrader": {"grade": True}}  # nbgrader alone: KeyError 'grade_id'
    cells[1]["metadata"]["nbgrader"]["schema_version"] = 99


def forge_output(cells):
    cells[3]["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "4.0"},
            "metadata": {},
            "execution_count": 1,
        }
    ]


def add_cells(cells):
    for number in range(0, 12, 2):
        cells.insert(number, cell("code", "x = 1", id=f"extra-{number}"))


@pytest.mark.parametrize(
    "damage",
    [
        lose_metadata,
        delete_grade_cell,
        duplicate_grade_cell,
        claim_points,
        break_metadata,
        forge_output,
        add_cells,
    ],
)
def test_every_graded_cell_is_there_once_as_the_gradebook_knows_it(course, damage):
    cells = course.answers()
    damage(cells)
    course.submit("alice", cells)
    nb, _ = course.sanitized("alice")
    known = [c.metadata.nbgrader.get("grade_id") for c in nb.cells if "nbgrader" in c.metadata]
    assert sorted(known) == sorted(c["id"] for c in SOURCE)
    test = by_id(nb)["tiny-adds"]
    assert test.source == SOURCE[3]["source"]
    assert test.metadata.nbgrader.points == 4
    assert test.metadata.nbgrader.checksum == compute_checksum(test)
    assert test.outputs == []
    assert "tags" not in test.metadata
    assert by_id(nb)["tiny-why"].source == "Because sums add up."
    assert determine_grade(by_id(nb)["tiny-why"]) == (None, 6)  # for a person


def test_a_missing_answer_goes_to_a_person(course):
    cells = course.answers()
    del cells[4]
    course.submit("alice", cells)
    nb, log = course.sanitized("alice")
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in nb.cells]
    assert ids.index("tiny-why") == ids.index("tiny-adds") + 1
    answer = by_id(nb)["tiny-why"]
    assert "No cell of the submission was recognised" in answer.source
    assert "model answer" not in answer.source
    assert determine_grade(answer) == (None, 6)
    assert "tiny-why" in log


def test_an_untouched_answer_is_worth_nothing(course):
    cells = course.answers()
    cells[4]["source"] = "YOUR ANSWER HERE"
    course.submit("alice", cells)
    nb, _ = course.sanitized("alice")
    assert determine_grade(by_id(nb)["tiny-why"]) == (0, 6)


def test_pasted_pictures_stay_in_the_answer(course):
    cells = course.answers()
    cells[4]["attachments"] = {"curve.png": {"image/png": "iVBORw0KGgo="}}
    course.submit("alice", cells)
    nb, _ = course.sanitized("alice")
    assert by_id(nb)["tiny-why"].attachments == {"curve.png": {"image/png": "iVBORw0KGgo="}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b"{}",
        b"\xff\xfe\x00",
        b'{"nbformat": 4, "cells": 3}',
        b"[" * 9999,
    ],
    ids=["empty", "text", "list", "object", "bytes", "no cells", "deep"],
)
def test_a_file_that_is_no_notebook_still_gets_its_cells(course, content):
    path = course.root / "submitted" / "alice" / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    nb, _ = course.sanitized("alice")
    assert sorted(by_id(nb)) == ["tiny-adds", "tiny-order", "tiny-why"]
    assert determine_grade(by_id(nb)["tiny-why"]) == (0, 6)
    assert path.read_bytes() == content


def test_a_pipe_in_the_place_of_the_notebook_stops_nobody(course):
    path = course.root / "submitted" / "alice" / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    nb, _ = course.sanitized("alice")
    assert sorted(by_id(nb)) == ["tiny-adds", "tiny-order", "tiny-why"]


def test_nothing_of_a_submission_but_its_sources_and_pictures_goes_on(course):
    cells = course.answers()
    for made in cells:
        made["metadata"]["tags"] = ["canary"]
        if made["cell_type"] == "code":
            made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "canary"}]
    cells[4]["attachments"] = {"a.png": {"image/png": '"><script>canary</script>'}}
    path = course.root / "submitted" / "alice" / "tiny" / "tiny.ipynb"
    write_notebook(path, cells)
    top = json.loads(path.read_text(encoding="utf-8"))
    top["metadata"] = {"canary": 1, "language_info": {"pygments_lexer": "canary"}}
    path.write_text(json.dumps(top), encoding="utf-8")
    nb, _ = course.sanitized("alice")
    assert by_id(nb)["tiny-why"].source == "Because sums add up."
    assert "canary" not in json.dumps(nb)


def test_a_source_edited_after_the_gradebook_was_filled_is_refused(course):
    source = course.root / "source" / "tiny" / "tiny.ipynb"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace("(4 points)", "(5 points)").replace('"points": 4', '"points": 5'),
        encoding="utf-8",
    )
    course.submit("alice", course.answers())
    outcome = course.api().autograde("tiny", "alice")
    assert not outcome["success"]
    assert "disagree on tiny-adds: run `nbgrader generate_assignment tiny`" in outcome["log"]


# ---- saving and showing -----------------------------------------------------------------------


def graded_by_hand(course, grade):
    """Return the sanitized notebook of a student with one verdict written into it."""
    course.submit("alice", course.answers())
    nb, _ = course.sanitized("alice")
    by_id(nb)["tiny-adds"].outputs = verdict_outputs(grade)
    place = {
        "notebook": "tiny",
        "assignment": "tiny",
        "student": "alice",
        "db_url": f"sqlite:///{course.root / 'gradebook.db'}",
    }
    return nb, {"nbgrader": place}


@pytest.mark.parametrize(
    ("verdict", "score", "by_a_person"),
    [
        (Verdict.PASSED, 4, False),
        (Verdict.PARTIAL, 2.5, False),
        (Verdict.FAILED, 0, False),
        (Verdict.NOT_GRADED, 0, True),
    ],
)
def test_what_could_not_be_graded_goes_to_a_person(course, verdict, score, by_a_person):
    grade = CellGrade("tiny-adds", "Adds", 4, score, verdict, (FINDING,), NOTE)
    nb, resources = graded_by_hand(course, grade)
    SaveTrustedGrades().preprocess(nb, resources)
    with course.gradebook() as gradebook:
        recorded = gradebook.find_grade("tiny-adds", "tiny", "tiny", "alice")
        assert recorded.score == score
        assert recorded.needs_manual_grade is by_a_person
        assert gradebook.find_grade("tiny-why", "tiny", "tiny", "alice").needs_manual_grade


def test_students_see_no_hidden_test_and_no_staff_note(course):
    grade = CellGrade("tiny-adds", "Adds", 4, 0, Verdict.FAILED, (FINDING,), NOTE)
    nb, resources = graded_by_hand(course, grade)
    mine = nbformat.v4.new_code_cell("# ### BEGIN HIDDEN TESTS\nx = 1")
    nb.cells.append(mine)  # nbgrader's own step raises: no END, and no grade cell
    StudentView().preprocess(nb, resources)
    test = by_id(nb)["tiny-adds"]
    assert test.source == SOURCE[3]["source"].split("\n### BEGIN")[0]
    assert NOTE not in str(test)
    assert FINDING.next_step in str(test)
    assert mine.source == "# ### BEGIN HIDDEN TESTS\nx = 1"
    assert "generous" in SOURCE[-1]["source"]
    assert "generous" not in by_id(nb)["tiny-order"].source


# ---- all of it, as an instructor runs it ------------------------------------------------------


def nbgrader(course, *arguments):
    """Run a real nbgrader command in the course, its environment not activated."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PATH", "PYTHONWARNINGS"}}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.root,
        env=environment | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


STUDENTS = {
    # a correct answer, in a notebook that Colab renamed and stripped, with a warning on stderr
    "alice": (
        "Copy of tiny (1).ipynb",
        "import sys, warnings\nwarnings.warn('careful')\nprint('nbgrader' in sys.modules)\n"
        "def add(a, b):\n    return a + b",
        4,
    ),
    # right where the visible test looks, wrong where the hidden one does
    "bob": ("tiny.ipynb", "def add(a, b):\n    return abs(a) + abs(b)", 0),
    # would be full marks in stock nbgrader: the kernel that judges is the student's own
    "carla": (
        "tiny.ipynb",
        "def add(a, b):\n    return 0\nimport builtins\nbuiltins.AssertionError = ValueError\n"
        "get_ipython().ast_transformers.clear()\n"
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
        0,
    ),
    "dora": ("tiny.ipynb", "import os\nos._exit(0)", 0),
}


@pytest.fixture(scope="module")
def graded(generated, tmp_path_factory):
    """Run `nbgrader autograde` and `generate_feedback` over all students, once."""
    course = Course(tmp_path_factory.mktemp("graded") / "course")
    shutil.copytree(generated, course.root)
    for student, (name, answer, _) in STUDENTS.items():
        cells = course.answers()
        cells[1]["source"] = answer
        if student == "alice":
            lose_metadata(cells)
        course.submit(student, cells, name=name)
    (course.root / "submitted" / "erik" / "tiny").mkdir(parents=True)
    (course.root / "submitted" / "erik" / "tiny" / "tiny.ipynb").write_bytes(b"PK\x03\x04")
    for command in ("autograde", "generate_feedback"):
        code, output = nbgrader(course, command, "tiny")
        assert code == 0, output
    return course


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("student", [*STUDENTS, "erik"])
def test_the_gradebook_holds_the_score(graded, student):
    expected = STUDENTS[student][2] if student in STUDENTS else 0
    with graded.gradebook() as gradebook:
        recorded = gradebook.find_grade("tiny-adds", "tiny", "tiny", student)
        assert recorded.auto_score == expected
        assert not recorded.needs_manual_grade
        by_hand = gradebook.find_grade("tiny-why", "tiny", "tiny", student)
        assert by_hand.needs_manual_grade is (student != "erik")


@pytest.mark.kernel
@pytest.mark.slow
def test_the_engine_alone_gives_the_same_score(graded):
    submitted = graded.root / "submitted" / "alice" / "tiny" / "tiny.ipynb"
    source = graded.root / "source" / "tiny" / "tiny.ipynb"
    assert autograde(submitted, source, deadline_seconds=300).grade.score == STUDENTS["alice"][2]


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("student", [*STUDENTS, "erik"])
def test_feedback_pages_tell_no_secret(graded, student):
    page = (graded.root / "feedback" / student / "tiny" / "tiny.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub("<[^>]+>", "", page))
    for secret in ("results[1]", "HIDDEN TESTS", "For staff", "MARK SCHEME", "generous"):
        assert secret not in text
    assert "assert results[0] == 3" in text


@pytest.mark.kernel
@pytest.mark.slow
def test_staff_see_the_hidden_tests_and_the_students_outputs(graded):
    cells = by_id(graded.autograded("alice"))
    assert cells["tiny-adds"].source == SOURCE[3]["source"]
    assert cells["tiny-run"].outputs[0].text == "[3, -2]\n"
    printed = [o.text for o in cells["tiny-add"].outputs if o.get("name") == "stdout"]
    assert printed == ["False\n"]  # student code does not share nbgrader's process
    assert "careful" in str(cells["tiny-add"].outputs)


@pytest.mark.kernel
@pytest.mark.slow
def test_formgrader_grades_again_within_its_event_loop(graded):
    async def handle_request():
        return graded.api().autograde("tiny", "bob")

    outcome = asyncio.run(handle_request())
    assert outcome["success"], outcome
    with graded.gradebook() as gradebook:
        assert gradebook.find_grade("tiny-adds", "tiny", "tiny", "bob").auto_score == 0


@pytest.mark.kernel
def test_students_can_validate_their_notebook(course):
    cells = course.answers()
    write_notebook(course.root / "mine.ipynb", cells)
    code, output = nbgrader(course, "validate", "mine.ipynb")
    assert code == 0, output
    assert "Success! Your notebook passes all the tests." in output
