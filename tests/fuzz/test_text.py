"""What is shown is visible, bounded and does nothing, whatever it was made from."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
from hypothesis import example, given
from hypothesis import strategies as st

from mnist_course.grading.clean_outputs import OutputCleaner
from mnist_course.grading.embedded_picture import PICTURE_TYPES, checked_picture
from mnist_course.grading.escaping import (
    csv_cell,
    markdown_text,
    plain_text,
    student_text,
    visible_lines,
)
from mnist_course.grading.redaction import redact
from mnist_course.grading.safe_html import clean_html
from tests.fuzz.cases import CASES, FEW, damaged

SPECIAL = [
    "\x1b[31m", "\x1b]0;", "\x1b]8;;", "\x07", "\x1b\\", "\x1bP", "\x9b", "\x90", "\x9c", "\r",
    "\n", "\t", "\0", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\ud800", "\udc00",
    "\ue000", "\U0010ffff", "e\u0301\u0301\u0301\u0301\u0301", "=", "+", "-", "@", "'", '"', ";",
    ",", "|", "<script>", "</", "&lt;", "](", "![", "**", "`", "$$", "https://", "@user", "www.",
    "# ", "1. ", "/root/", "/tmp/mnist-course-kernel-x/work/a",
]  # fmt: skip
texts = st.lists(st.sampled_from(SPECIAL) | st.text(st.characters(codec=None), max_size=6)).map(
    "".join
)
HIDING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
JOINERS = {"\u200c", "\u200d"}


def visible(text: str, *, also: str = "") -> bool:
    bad = {c for c in text if unicodedata.category(c) in HIDING} - JOINERS - set(also)
    return not bad and "\x1b" not in text


@CASES
@example(f"{Path.home()}{Path.home()}", 60)
@given(texts, st.integers(1, 60))
def test_one_line(text: str, limit: int) -> None:
    for show in (plain_text, student_text):
        shown = show(text, limit=limit)
        assert visible(shown) and len(shown) <= limit
        assert show(shown, limit=limit) == shown
    shown = markdown_text(text, limit=limit)
    assert visible(shown, also="\u2060") and "<" not in shown


@CASES
@given(texts, st.integers(1, 60))
def test_many_lines(text: str, limit: int) -> None:
    shown = visible_lines(text, limit=limit)
    assert visible(shown, also="\n\t") and len(shown) <= limit + 60
    whole = visible_lines(text, limit=10_000)
    assert visible_lines(whole, limit=10_000) == whole
    assert visible(redact(whole), also="\n\t")


@CASES
@example("=1")
@given(texts | st.integers() | st.floats() | st.none() | st.lists(texts, max_size=2))
def test_a_field_of_a_table(value: Any) -> None:
    cell = csv_cell(value)
    assert visible(cell) and "\n" not in cell
    if not isinstance(value, int | float):
        assert csv_cell(cell) == cell
        assert not re.match(r"[=+\-@|%\t\uff1d\uff0b\uff0d\uff20]", cell)
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow([cell, "end"])
    assert list(csv.reader(io.StringIO(buffer.getvalue()))) == [[cell, "end"]]


ACTING = re.compile(
    "script|style|iframe|object|embed|form|input|button|svg|math|link|meta|base|template|noscript|"
    "textarea|video|audio|source|portal|frame|frameset|applet"
)


class Acts(HTMLParser):
    """Collects what a page could act with."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ACTING.fullmatch(tag):
            self.found.append(tag)
        for name, value in attrs:
            good = {
                "src": r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]*",
                "href": r"https?://.*",
                "class": r"|dataframe",
                "rel": r"noopener noreferrer",
                "alt": r".*",
                "border": r"\d{0,5}%?|left|right|center|row|col",
                "colspan": r"\d{0,5}%?|left|right|center|row|col",
            }
            if name not in good or not re.fullmatch(good[name], value or "", re.DOTALL | re.I):
                self.found.append(f"{name}={value}")


HTML = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<math>",
    "<style>", "</style>", "<!--", "-->", "<![CDATA[", "]]>", "<table class='dataframe x'>", "<tr>",
    "<td colspan=2>", "<a href='javascript:alert(1)'>", "<a href=https://x.y>", "</a>", "<p>",
    "</p>", "<b>", "</b>", "<noscript>", "</noscript>", "<template>", "<textarea>", "<title>",
    "<iframe srcdoc='", "<img src='data:image/png;base64,AAAA'>", "<mglyph>", "<base href=//x>",
    "<img src=data:image/svg+xml;base64,AAAA>", "<form action=/x>", "&lt;", "&#60;script>",
    "<input autofocus onfocus=alert(1)>", "&#x0;", "\0", "<\0script>", "'", '"', ">", "=", " ", "<",
    "/", "<a \n href=\x01javascript:1>", "<div style='x' id=a>", "<plaintext>", "<select><style>",
    "<xmp>", "\\href{javascript:1}{x}",
]  # fmt: skip


@CASES
@given(st.lists(st.sampled_from(HTML) | st.text(max_size=4), max_size=15).map("".join))
def test_html(html: str) -> None:
    cleaned = clean_html(html)
    assert cleaned is not None
    assert Acts(cleaned).found == []
    # A browser parses it once more, and may nest it in another way: nothing appears.
    again = clean_html(cleaned)
    assert again is not None and Acts(again).found == []
    assert re.search(r"\\href(?![A-Za-z])", cleaned) is None


KINDS = st.sampled_from(
    [*PICTURE_TYPES, "text/html", "text/plain", "text/markdown", "image/svg+xml",
     "application/javascript", "<script>"]
)  # fmt: skip
contents = (
    texts | st.lists(st.sampled_from(HTML), max_size=4).map("".join) | st.none() | st.integers()
    | st.lists(texts, max_size=2) | st.just("iVBORw0KGgo=")
)  # fmt: skip
outputs = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "output_type": st.sampled_from(["stream", "error", "display_data", "execute_result"])
            | contents,
            "name": contents, "text": contents, "ename": contents, "evalue": contents,
            "traceback": st.lists(contents, max_size=3) | contents,
            "data": st.dictionaries(KINDS, contents, max_size=4) | contents,
            "execution_count": contents, "metadata": contents,
        },
    )
    | contents,
    max_size=5,
)  # fmt: skip


@FEW
@given(outputs | contents)
def test_outputs(value: Any) -> None:
    cleaned = OutputCleaner().clean(value)
    cell = nbformat.v4.new_code_cell("x", outputs=nbformat.from_dict(cleaned))
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    json.dumps(cleaned, allow_nan=False).encode()
    for output in cleaned:
        data = output.get("data", {})
        assert Acts(data.get("text/html", "")).found == []
        shown = [output.get("text", ""), *output.get("traceback", []), data.get("text/plain", "")]
        assert all(visible(text, also="\n\t") for text in shown)
        assert set(data) <= {"text/plain", "text/html", *PICTURE_TYPES}


@CASES
@given(damaged(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", (b'"', b"<", b"=", b" ", b"\n")))
def test_pictures(raw: bytes) -> None:
    for kind in PICTURE_TYPES:
        assert re.fullmatch(r"[A-Za-z0-9+/=]*", checked_picture(raw.decode("latin-1"), kind))
