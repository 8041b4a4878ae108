from __future__ import annotations

import json
import math
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_course.grading import wording
from mnist_course.grading.escaping import markdown_text, plain_text
from mnist_course.grading.gradescope import (
    failure_results,
    to_results,
    write_failure,
    write_results,
)
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    Picture,
    SandboxLayer,
    Verdict,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "https://evil.example and www.evil.example and <https://evil.example>",
    "# heading",
    "1. list",
    "- list",
    "> quote",
    "| a | b |\n|---|---|\n| c | d |",
    "**bold** __bold__ *i* _i_ `code` ~~gone~~",
    "```\nblock\n```",
    "[ref]: https://evil.example\n[ref]",
    "\\[not escaped\\](https://evil.example)",
    "&lt;b&gt; &#60;b&#62;",
    "$$\\href{https://evil.example}{x}$$",
    "---",
    "===",
    "a\\",
]
# As many rules as the parser has: what does not survive here survives nowhere.
RENDER = mistune.create_markdown(
    escape=False,
    plugins=["strikethrough", "table", "url", "footnotes", "superscript", "math", "mark"],
)


class Tags(HTMLParser):
    """The tags and the visible text of rendered Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(markdown: str) -> Tags:
    parser = Tags()
    html = RENDER(markdown)
    assert isinstance(html, str)
    parser.feed(html)
    return parser


def cell(
    name: str,
    verdict: Verdict,
    score: float | None,
    max_score: float = 10,
    findings: tuple[Finding, ...] = (),
    staff_note: str = "",
) -> CellGrade:
    return CellGrade(
        f"m5-{name}", name.title(), max_score, score, verdict, findings, staff_note, 0.25
    )


def graded(**changes: object) -> NotebookGrade:
    fields: dict[str, object] = {
        "assignment": "m5",
        "cells": (
            cell("runs", Verdict.PASSED, 10),
            cell(
                "accuracy",
                Verdict.PARTIAL,
                16,
                20,
                (Finding("Accuracy is 0.9432.", "The goal is 0.95.", "Widen the hidden layer."),),
            ),
            cell("log", Verdict.FAILED, 0),
            cell("health", Verdict.NOT_GRADED, 0, staff_note="the evaluator died"),
            cell("why", Verdict.MANUAL, None, 12),
        ),
        "measurements": {"accuracy": 0.94321, "parameters": 50890, "training_seconds": 12.345},
        "layers": (
            SandboxLayer("seccomp", True, "62 calls denied"),
            SandboxLayer("landlock", False),
        ),
        "errors": (CellError(7, "ValueError", "shapes (3,) and (4,)"),),
        "repairs": ("One grade cell was missing and was put back.",),
        "seconds": 31.416,
    }
    return NotebookGrade(**(fields | changes))  # type: ignore[arg-type]


def items_of(results: dict[str, object]) -> list[dict[str, object]]:
    tests = results["tests"]
    assert isinstance(tests, list)
    return tests


def test_every_field_is_one_that_gradescope_documents() -> None:
    results = to_results(graded())
    assert set(results) <= {
        "score",
        "execution_time",
        "output",
        "output_format",
        "test_output_format",
        "test_name_format",
        "visibility",
        "stdout_visibility",
        "extra_data",
        "tests",
        "leaderboard",
    }
    for test in items_of(results):
        assert set(test) <= {
            "score",
            "max_score",
            "status",
            "name",
            "name_format",
            "number",
            "output",
            "output_format",
            "tags",
            "visibility",
            "extra_data",
        }
        assert test["status"] in {"passed", "failed"}
        assert isinstance(test["number"], str)


def test_students_see_their_total_because_no_test_is_hidden() -> None:
    results = to_results(graded())
    assert results["visibility"] == "visible"
    assert {test["visibility"] for test in items_of(results)} == {"visible"}
    assert results["stdout_visibility"] == "hidden"


def test_points_add_up_to_the_automatic_ones() -> None:
    results = to_results(graded())
    tests = items_of(results)
    assert [test["number"] for test in tests] == ["1", "2", "3", "4"]
    assert sum(float(str(test["max_score"])) for test in tests) == 50
    assert results["score"] == sum(float(str(test["score"])) for test in tests) == 26
    assert [test["status"] for test in tests] == ["passed", "failed", "failed", "failed"]


def test_a_finding_reads_saw_why_next_step() -> None:
    output = str(items_of(to_results(graded()))[1]["output"])
    order = [
        output.index(text)
        for text in ("Some points", "Accuracy is 0.9432", "The goal is 0.95", "Widen the hidden")
    ]
    assert order == sorted(order)
    assert {"p", "strong"} == rendered(output).tags


def test_the_overview_tells_what_is_not_a_test() -> None:
    text = rendered(str(to_results(graded())["output"])).text
    assert "A person still grades 12 points: Why (12)." in text
    assert "Cell 7 stopped with ValueError: shapes (3,) and (4,)" in text
    assert "One grade cell was missing" in text
    assert "Test accuracy: 94.32 %" in text
    assert "Parameters: 50,890" in text


def test_the_numbers_of_pictures_are_told_in_words() -> None:
    picture = Picture("Confusion matrix", "4 was read as 9 in 31 images.", b"\x89PNG")
    output = str(to_results(graded(pictures=(picture,)))["output"])
    assert "Confusion matrix: 4 was read as 9 in 31 images." in rendered(output).text


def test_leaderboard_holds_what_was_measured() -> None:
    assert to_results(graded())["leaderboard"] == [
        {"name": "Accuracy", "value": 0.9432, "order": "desc"},
        {"name": "Parameters", "value": 50890, "order": "asc"},
        {"name": "Training seconds", "value": 12.3, "order": "asc"},
    ]
    only_some = to_results(graded(measurements={"accuracy": math.nan, "parameters": 7.0}))
    assert only_some["leaderboard"] == [{"name": "Parameters", "value": 7, "order": "asc"}]
    assert "leaderboard" not in to_results(graded(measurements={}))


def test_staff_see_in_extra_data_what_students_do_not() -> None:
    results = to_results(graded())
    extra = results["extra_data"]
    assert isinstance(extra, dict)
    assert extra["staff_notes"] == {"m5-health": "the evaluator died"}
    assert extra["verdicts"]["m5-health"] == "not graded"
    assert extra["sandbox"][1] == {"name": "landlock", "active": False, "detail": ""}
    assert extra["errors"] == [{"cell": 7, "kind": "ValueError", "message": "shapes (3,) and (4,)"}]
    shown = json.dumps([results["output"], results["tests"]])
    assert "evaluator died" not in shown
    assert "seccomp" not in shown


def test_a_broken_grader_gives_no_points_to_anybody() -> None:
    results = to_results(graded(grader_failed=True, headline="The kernel did not start."))
    tests = items_of(results)
    assert results["score"] == 0
    assert {test["score"] for test in tests} == {0.0}
    assert {test["status"] for test in tests} == {"failed"}
    assert sum(float(str(test["max_score"])) for test in tests) == 50
    assert "tell your instructor" in str(results["output"])
    assert all("tell your instructor" in str(test["output"]) for test in tests)
    assert "leaderboard" not in results


def test_failure_needs_nothing_to_be_known(tmp_path: Path) -> None:
    results = failure_results()
    assert results["score"] == 0
    assert results["tests"] == []
    assert "tell your instructor" in str(results["output"])
    path = tmp_path / "results.json"
    write_failure(path, "It broke.", cells=graded().cells, staff_note="Traceback ...")
    stored = json.loads(path.read_text())
    assert len(stored["tests"]) == 4
    assert stored["extra_data"]["staff_notes"]["grader"] == "Traceback ..."
    assert "Traceback" not in stored["output"]


def test_written_file_is_strict_json(tmp_path: Path) -> None:
    odd = graded(
        measurements={"accuracy": math.inf, "other": math.nan},
        errors=(CellError(1, "E\0\ud800", "\ud800 \0 \x1b[31mred\x1b[0m"),),
        seconds=math.nan,
    )
    path = tmp_path / "results.json"
    write_results(odd, path)
    text = path.read_text(encoding="ascii")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    stored = json.loads(text, parse_constant=refuse)
    assert "\\ud8" not in text
    assert "\\u0000" not in text
    assert "red" in stored["output"]
    assert "[31m" not in stored["output"]


def test_no_field_reaches_the_length_that_gradescope_cuts() -> None:
    long = "<&|~>" * 5_000
    grade = graded(
        cells=(cell("x", Verdict.FAILED, 0, findings=(Finding(long, long, long),) * 200),),
        errors=tuple(CellError(n, long, long) for n in range(500)),
        repairs=(long,) * 500,
        headline=long,
    )
    results = to_results(grade)
    outputs = [str(results["output"]), *(str(test["output"]) for test in items_of(results))]
    assert all(len(output) < 100_000 for output in outputs)
    assert "too long to show" in outputs[1]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["saw", "error", "headline", "repair", "title"])
def test_a_students_text_stays_text(text: str, place: str) -> None:
    changes: dict[str, object] = {
        "saw": {"cells": (cell("x", Verdict.FAILED, 0, findings=(Finding(text),)),)},
        "error": {"errors": (CellError(1, text, text),)},
        "headline": {"headline": text},
        "repair": {"repairs": (text,)},
        "title": {"cells": (CellGrade("m5-why", text, 10, None, Verdict.MANUAL),)},
    }[place]
    results = to_results(graded(**changes))
    outputs = [str(results["output"]), *(str(test["output"]) for test in items_of(results))]
    for output in outputs:
        page = rendered(output)
        assert page.tags <= {"p", "strong", "ul", "li"}
    shown = "".join(rendered(output).text for output in outputs).replace("\u2060", "")
    assert plain_text(text) in shown


@given(st.text(st.characters(codec=None), max_size=60))
def test_markdown_shows_exactly_the_plain_text(text: str) -> None:
    page = rendered("**Label:** " + markdown_text(text))
    assert page.tags <= {"p", "strong"}
    shown = page.text.replace("\u2060", "").strip().removeprefix("Label:").strip()
    assert shown == plain_text(text)


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_plain_text_is_short_visible_and_stable(text: str, limit: int) -> None:
    plain = plain_text(text, limit=limit)
    assert len(plain) <= limit
    assert not {unicodedata.category(c) for c in plain} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert not set(plain) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\0")
    assert plain_text(plain, limit=limit) == plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("\x1b[1;31mNameError\x1b[0m: x", "NameError: x"),
        ("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", "click"),
        ("two\r\n  lines\u2028three", "two lines three"),
        ("Z" + "\u0300" * 40, "Z" + "\u0300" * 3),
        ("Точность 中文 فارسی‌ها é", "Точность 中文 فارسی‌ها é"),
        ("x" * 3_000, "x" * 1_999 + "…"),
        (None, "None"),
    ],
    ids=["bidi", "ansi", "terminal link", "lines", "marks", "languages", "long", "no str"],
)
def test_plain_text_of(text: object, expected: str) -> None:
    assert plain_text(text) == expected


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            CellError(3, "TimeoutError", "The limit is 60 s."),
            "Cell 3 ran out of time. The limit is 60 s.",
        ),
        (CellError(3, "DeadKernelError", ""), "Cell 3 ended the Python process."),
        (
            CellError(3, "NameError", "name 'x' is not defined"),
            "Cell 3 stopped with NameError: name 'x' is not defined",
        ),
        (CellError(3, "KeyError", ""), "Cell 3 stopped with KeyError"),
    ],
)
def test_cell_errors_are_sentences(error: CellError, sentence: str) -> None:
    assert wording.cell_error(error) == sentence
