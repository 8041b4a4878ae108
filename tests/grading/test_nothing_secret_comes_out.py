"""A grade full of hostile text and secrets, through every writer.

Whatever a student could have written is an attack here, and whatever is for staff holds a canary.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.utils import determine_grade

from mnist_course.grading import report
from mnist_course.grading.assignment import AssignmentCell
from mnist_course.grading.executed_notebook import write_executed
from mnist_course.grading.execution import Execution
from mnist_course.grading.feedback import write_feedback
from mnist_course.grading.gradescope import write_failure, write_results
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    Picture,
    SandboxLayer,
    Signal,
    Verdict,
)
from mnist_course.grading.submission import AlignedCell, AlignedNotebook
from mnist_course.grading.terminal import progress_bar, show_grade
from mnist_course.grading.verdict_cells import (
    for_students,
    report_cell,
    signal_outputs,
    verdict_outputs,
)

CANARY = "canary-5b1f"
PATHS = (sys.prefix, str(Path.home()), "/tmp/mnist-course-kernel-9z")
SCRIPT = "<script>alert(1)</script>"
COMMANDS = "\x1b]0;owned\x07\x1b[2J\x9b31m\x1b]52;c;eA==\x07\r\b\0\x7f\u202e\u2066\u200b\ud800"
ATTACK = " ".join(
    [
        SCRIPT, '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", COMMANDS,
        "[link](javascript:alert(1)) ![](https://evil.example/x) **bold** | a | `", "[/red][bold]x",
        "{{ 7 * 7 }}", *(f"{path}/secret.py" for path in PATHS),
    ]
)  # fmt: skip
ENDLESS = ATTACK + "x" * 3_000_000
HIDDEN = (
    f"# m5-a (5 points)\nassert 1\n### BEGIN HIDDEN TESTS\nassert '{CANARY}'\n### END HIDDEN TESTS"
)


def hostile_grade(text: str = ATTACK, count: int = 200) -> NotebookGrade:
    findings = (Finding(text, text, text),) * count
    return NotebookGrade(
        "m5",
        (
            CellGrade("m5-a", text, 5, 5, Verdict.PASSED, findings, CANARY),
            CellGrade("m5-b", text, 5, 2, Verdict.PARTIAL, findings, CANARY),
            CellGrade("m5-c", text, 5, 0, Verdict.FAILED, findings, CANARY),
            CellGrade("m5-d", text, 5, 0, Verdict.NOT_GRADED, findings, CANARY),
            CellGrade("m5-e", text, 5, None, Verdict.MANUAL),
        ),
        headline=text,
        repairs=(text,) * count,
        errors=(CellError(3, text[:80], text),) * count,
        measurements={text[:300]: 1.5, "accuracy": 10**400},
        pictures=(Picture(text, text, b"\x89PNG\r\n\x1a\n"),),
        layers=(SandboxLayer(f"layer {CANARY}", False, f"{CANARY} {text}"),),
        signals=(Signal(f"kind {CANARY}", f"{CANARY} {text}"),) * count,
    )


def check(shown: str, *, escapes: str = "", most: int = 2_000_000) -> None:
    """Nothing that commands, hides or tells is in what a student (or a terminal) gets."""
    assert CANARY not in shown
    for path in PATHS:
        assert path not in shown
    bad = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"}}
    # The word joiner is our own: it ends what Markdown would take for a link.
    assert bad - set("\n\t\u2060" + escapes) == set()
    assert len(shown) < most


def texts(value: Any) -> str:
    """Every text of a JSON value, as it is after parsing."""
    if isinstance(value, dict):
        return "\n".join([*value, *map(texts, value.values())])
    if isinstance(value, list):
        return "\n".join(map(texts, value))
    return str(value)


@pytest.mark.parametrize("grade", [hostile_grade(), hostile_grade(ENDLESS, 2)], ids=["", "endless"])
def test_results_for_gradescope(tmp_path: Path, grade: NotebookGrade) -> None:
    write_results(grade, tmp_path / "results.json")
    raw = (tmp_path / "results.json").read_text(encoding="ascii")
    assert {c for c in raw if not c.isprintable()} == {"\n"}
    stored = json.loads(raw)
    extra = stored.pop("extra_data")
    assert CANARY in json.dumps(extra) and SCRIPT in json.dumps(extra)  # staff see all of it
    check(texts(stored))
    for text in [stored["output"], *(test["output"] for test in stored["tests"])]:
        assert SCRIPT not in text and "<" not in text
        assert re.search(r"(?<!\\)\]\(", text) is None  # a link
        assert len(text) < 100_000


@pytest.mark.parametrize("grade", [hostile_grade(), hostile_grade(ENDLESS, 2)], ids=["", "endless"])
def test_the_feedback_page(tmp_path: Path, grade: NotebookGrade) -> None:
    write_feedback(grade, tmp_path / "feedback.html")
    page = (tmp_path / "feedback.html").read_text(encoding="utf-8")
    check(page)
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page and "49" not in page.partition("7 * 7")[2][:5]


def test_cells_for_nbgrader() -> None:
    grade = hostile_grade()
    cells = [report_cell(grade)]
    for item in grade.automatic:
        outputs = verdict_outputs(item)
        made = nbformat.v4.new_code_cell("1", outputs=outputs)
        made.metadata = nbformat.from_dict(
            {"nbgrader": {"grade": True, "solution": False, "grade_id": "x", "points": 5}}
        )
        assert determine_grade(made) == (item.score, 5)
        assert CANARY in texts(outputs)
        made.outputs = for_students([*outputs, *signal_outputs(grade)])
        cells.append(made)
    shown = texts(json.loads(json.dumps(cells)))
    check(shown)
    html = [o["data"]["text/html"] for c in cells[1:] for o in c.outputs if "data" in o]
    assert html and not any("<script" in part or "<img" in part for part in html)


def executed(tmp_path: Path, text: str) -> str:
    given = AssignmentCell(0, "code", HIDDEN, "m5-a", 5, grade=True, locked=True)
    cells = (
        AlignedCell(1, "code", f"print({text[:2000]!r})".replace("\ud800", "")),
        AlignedCell(2, "code", "# m5-a (5 points)\nassert 1", given),
    )
    outputs: list[Any] = [
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "stream", "name": "stderr", "text": [text, text]},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text] * 9},
        *({"output_type": "display_data", "data": {kind: text}, "metadata": {text[:9]: text}}
          for kind in ("text/plain", "text/html", "text/markdown", "image/png", "image/svg+xml",
                       "application/javascript", "application/json", text)),
        {"output_type": "execute_result", "execution_count": text, "data": {"text/html": text}},
        {"output_type": text}, text, None,
    ]  # fmt: skip
    execution = Execution(
        cells=1, errors=(), outputs={1: outputs * 3}, captured=None, layers=(), seconds=1.0
    )
    path = write_executed(
        AlignedNotebook(cells, (), 1), execution, hostile_grade(text, 9), tmp_path
    )
    return path.read_text(encoding="ascii")


@pytest.mark.parametrize("text", [ATTACK, ENDLESS], ids=["", "endless"])
def test_the_executed_notebook(tmp_path: Path, text: str) -> None:
    raw = executed(tmp_path, text)
    assert {c for c in raw if not c.isprintable()} == {"\n"}
    notebook = nbformat.reads(raw, as_version=4)
    nbformat.validate(notebook)
    outputs = notebook.cells[0].outputs
    check(texts(json.loads(json.dumps([outputs, notebook.cells[1]]))), most=60_000_000)
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert kinds <= {"text/plain", "text/html"}
    for output in outputs:
        html = output.get("data", {}).get("text/html", "")
        tags = re.findall(r"<[^>]*", html)
        assert not any("script" in tag or "onerror" in tag or "evil" in tag for tag in tags)


@pytest.mark.parametrize("colours", [False, True])
def test_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, colours: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    if colours:
        monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar(f"{ATTACK}.ipynb") as move:
        move("run [/red] cell 1", 0, 1)
    show_grade(hostile_grade(), Path("[red]out[/]"))
    show_grade(hostile_grade(ENDLESS, 1), None)
    printed = capsys.readouterr()
    shown = printed.out + printed.err
    assert ("\x1b" in shown) is colours
    # rich's own: colours, and moving the bar's cursor
    shown = re.sub(r"\x1b\[(?:\d+(?:;\d+)*m|\?25[lh]|\d?[AK]|\dJ)|\r", "", shown)
    bad = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"}}
    assert bad <= {"\n"}
    assert "owned" not in shown and "[/red]" in shown and "[red]out[/]/" in shown
    assert len(shown) < 2_000_000


def test_a_broken_grader_tells_staff_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "m5.ipynb"
    cell = {"cell_type": "code", "source": HIDDEN, "metadata": {"nbgrader": {
        "grade_id": "m5-a", "points": 5, "grade": True, "locked": True}}}  # fmt: skip
    source.write_text(json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}}))

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"in {HIDDEN} of {sys.prefix}/x.py: {COMMANDS}{CANARY}")

    monkeypatch.setattr(report, "autograde", broken)
    grade = report.grade_to_folder(tmp_path / "mine.ipynb", source, tmp_path / "out")
    assert grade.grader_failed and CANARY in grade.headline  # for who runs the command
    stored = json.loads((tmp_path / "out" / "results.json").read_text(encoding="ascii"))
    assert CANARY in json.dumps(stored.pop("extra_data"))
    assert [test["max_score"] for test in stored["tests"]] == [5]
    check(texts(stored))
    check((tmp_path / "out" / "feedback.html").read_text(encoding="utf-8"))
    assert not (tmp_path / "out" / "executed.ipynb").exists()


def test_a_failure_written_by_itself(tmp_path: Path) -> None:
    write_failure(tmp_path / "r.json", ATTACK, staff_note=f"{CANARY} {ATTACK}")
    stored = json.loads((tmp_path / "r.json").read_text(encoding="ascii"))
    assert CANARY in json.dumps(stored.pop("extra_data"))
    check(texts(stored))
