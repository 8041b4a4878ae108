from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from mnist_course.grading.feedback import to_html, write_feedback
from mnist_course.grading.results import (
    CellError,
    CellGrade,
    Finding,
    NotebookGrade,
    Picture,
    SandboxLayer,
    Verdict,
)

VOID = {"meta", "img", "rect", "br", "hr", "link", "input"}
STYLE = Path(__file__).parents[2] / "mnist_course" / "grading" / "templates" / "feedback.css"
HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "[click](javascript:alert(1))",
    "&lt;b&gt;",
]


class Page(HTMLParser):
    """A page as a flat list of (tag, attributes, text); fails on a tag that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], "a tag is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.elements[index][2].append(data)
        if not self.open or self.elements[self.open[-1]][0] != "style":
            self.text += data

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        """Return (attributes, text) of every such element."""
        return [(a, " ".join("".join(t).split())) for name, a, t in self.elements if name == tag]

    def tags(self) -> set[str]:
        return {tag for tag, _, _ in self.elements}


def graded(**changes: object) -> NotebookGrade:
    finding = Finding("Accuracy is 0.9432.", "The goal is 0.95.", "Train longer.")
    fields: dict[str, object] = {
        "assignment": "m5",
        "cells": (
            CellGrade("m5-runs", "Runs", 5, 5, Verdict.PASSED),
            CellGrade("m5-accuracy", "Accuracy", 20, 16, Verdict.PARTIAL, (finding,)),
            CellGrade("m5-log", "Log", 10, 0, Verdict.FAILED, (Finding("1 entry."),)),
            CellGrade("m5-health", "Health", 5, 0, Verdict.NOT_GRADED, staff_note="for staff only"),
            CellGrade("m5-why", "Why", 12, None, Verdict.MANUAL),
        ),
        "measurements": {"accuracy": 0.9432, "parameters": 50890},
        "errors": (CellError(7, "ValueError", "shapes (3,) and (4,)"),),
        "repairs": ("One cell was put back.",),
        "pictures": (Picture("Confusion matrix", "4 was read as 9 (31 times).", b"\x89PNG...."),),
        "layers": (SandboxLayer("landlock", False, "kernel too old"),),
        "seconds": 31.4,
    }
    return NotebookGrade(**(fields | changes))  # type: ignore[arg-type]


def test_the_page_has_no_script_and_loads_nothing() -> None:
    html = to_html(graded())
    page = Page(html)
    assert not page.tags() & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for tag, attributes, _ in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "srcset", "action", "data"):
            assert str(attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_this_style_sheet_and_nothing_else() -> None:
    html = to_html(graded())
    page = Page(html)
    [policy] = [str(a["content"]) for a, _ in page.all("meta") if a.get("http-equiv") is not None]
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )


def test_the_page_can_be_walked_without_seeing_it() -> None:
    page = Page(to_html(graded()))
    assert page.all("html")[0][0]["lang"] == "en"
    for landmark in ("header", "main", "footer", "title", "h1"):
        assert len(page.all(landmark)) == 1, landmark
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.all("caption")[0][1] == "Points for each item"
    assert {a["scope"] for a, _ in page.all("th")} == {"col", "row"}
    assert all(a.get("alt") for a, _ in page.all("img"))
    assert all(a.get("aria-hidden") == "true" for a, _ in page.all("svg"))


def test_every_reference_has_its_target() -> None:
    page = Page(to_html(graded()))
    ids = [str(a["id"]) for _, a, _ in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = [str(a["href"])[1:] for a, _ in page.all("a")]
    labels = [str(a["aria-labelledby"]) for _, a, _ in page.elements if "aria-labelledby" in a]
    assert set(links + labels) <= set(ids)


def test_an_item_shows_score_verdict_and_saw_why_next_step() -> None:
    text = {str(a["id"]): text for a, text in Page(to_html(graded())).all("article") if "id" in a}
    assert text["item-1"] == "Runs Full points 5 of 5"
    assert text["item-2"] == (
        "Accuracy Some points 16 of 20 What we saw Accuracy is 0.9432. Why it matters The goal is "
        "0.95. Next step Train longer."
    )
    assert text["item-3"] == "Log No points 0 of 10 What we saw 1 entry."
    assert "could not decide" in text["item-4"]


def test_the_page_tells_the_whole_grade() -> None:
    text = " ".join(Page(to_html(graded())).text.split())
    for part in (
        "21 of 40 automatic points",
        "12 more points are graded by a person",
        "A person still grades 12 points: Why (12).",
        "Test accuracy 94.32 %",
        "Cell 7 stopped with ValueError: shapes (3,) and (4,)",
        "One cell was put back.",
        "4 was read as 9 (31 times).",
        "Your code ran in a process of its own, apart from the tests.",
    ):
        assert part in text


def test_staff_notes_and_sandbox_details_stay_away_from_students() -> None:
    html = to_html(graded())
    assert "for staff only" not in html
    assert "landlock" not in html
    assert "kernel too old" not in html


def test_a_broken_grader_shows_no_points() -> None:
    page = Page(to_html(graded(grader_failed=True, headline="The kernel did not start.")))
    text = " ".join(page.text.split())
    assert "Please tell your instructor" in text
    assert "The kernel did not start." in text
    assert "16 / 20" not in text
    assert "Accuracy is 0.9432" not in text
    assert page.all("article") == []


def test_a_grade_without_anything_is_a_page_too() -> None:
    page = Page(to_html(NotebookGrade("m5", (), headline="This file is not a notebook.")))
    assert "This file is not a notebook." in page.text
    assert "There is no item to show." in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_students_text_stays_text(text: str) -> None:
    calm = Page(to_html(graded()))
    page = Page(
        to_html(
            graded(
                assignment=text,
                headline=text,
                repairs=(text,),
                errors=(CellError(1, text, text),),
                measurements={text: 1.0},
                pictures=(Picture(text, text, b"\x89PNG"),),
                cells=(
                    CellGrade(text, text, 5, 0, Verdict.FAILED, (Finding(text, text, text),)),
                    CellGrade(text, text, 5, None, Verdict.MANUAL),
                ),
            )
        )
    )
    assert page.tags() <= calm.tags()
    assert {a for _, attrs, _ in page.elements for a in attrs} <= {
        a for _, attrs, _ in calm.elements for a in attrs
    }
    assert page.text.count(text) >= 10


def test_invisible_characters_do_not_arrive() -> None:
    html = to_html(graded(errors=(CellError(1, "E", "a\u202eb\u2066c\0d\x1b[31me\ud800"),)))
    assert "abcde\ufffd" in html
    html.encode("utf-8")


def test_both_colour_schemes_have_readable_contrast() -> None:
    light, dark = (_palette(part) for part in _schemes(STYLE.read_text()))
    for palette in (light, light | dark):
        pairs = [("ink", "page"), ("ink", "card"), ("muted", "page"), ("muted", "card")]
        pairs += [("accent", "card"), ("accent", "page"), ("ink", "none-soft")]
        pairs += [(name, f"{name}-soft") for name in ("good", "some", "none", "calm")]
        for ink, paper in pairs:
            # WCAG 2.2, 1.4.3: 4.5 for text of normal size
            assert _contrast(palette[ink], palette[paper]) >= 4.5, (ink, paper)


def _schemes(css: str) -> tuple[str, str]:
    first, second, *_ = re.findall(r":root\s*\{(.*?)\}", css, re.DOTALL)
    return first, second


def _palette(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def _contrast(first: str, second: str) -> float:
    """Contrast ratio as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def test_the_page_is_written_as_utf8(tmp_path: Path) -> None:
    write_feedback(graded(headline="Точность 中文"), tmp_path / "feedback.html")
    assert "Точность 中文" in (tmp_path / "feedback.html").read_text(encoding="utf-8")


def test_names_between_backticks_are_code_and_nothing_between_them_acts() -> None:
    finding = Finding("`model` has <b>no</b> `<script>alert(1)</script>` here")
    cell = CellGrade("m5-log", "Log", 10, 0, Verdict.FAILED, (finding,))
    page = Page(to_html(graded(cells=(cell,), errors=())))
    assert [text for _, text in page.all("code")] == ["model", "<script>alert(1)</script>"]
    assert "script" not in page.tags()
    assert "has <b>no</b>" in page.text
