"""Outputs are kept as far as they show something, and do nothing."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import nbformat
import pandas as pd
import pytest

from mnist_course.grading.clean_outputs import OutputCleaner
from mnist_course.grading.safe_html import clean_html

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(60))).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(20)).decode()


def clean(*outputs: Any) -> list[dict[str, Any]]:
    cleaned = OutputCleaner().clean(list(outputs))
    cell = nbformat.v4.new_code_cell("x", outputs=nbformat.from_dict(cleaned))
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    return cleaned


def data(**kinds: Any) -> dict[str, Any]:
    named = {kind.replace("__", "/").replace("_p_", "+"): value for kind, value in kinds.items()}
    (output,) = clean({"output_type": "display_data", "data": named, "metadata": {"x": 1}})
    assert output["metadata"] == {}
    kept: dict[str, Any] = output["data"]
    return kept


def test_honest_outputs_stay() -> None:
    table = pd.DataFrame({"digit": [3, 8], "share": [0.5, 0.25]})._repr_html_()
    kept = data(text__plain="   digit", text__html=table)
    assert '<table border="1" class="dataframe">' in kept["text/html"]
    assert "<td>0.25</td>" in kept["text/html"] and "<style" not in kept["text/html"]
    assert kept["text/plain"] == "   digit"
    assert data(image__png=PNG + "\n", text__plain="<Figure>") == {
        "image/png": PNG, "text/plain": "<Figure>",
    }  # fmt: skip
    assert data(image__jpeg=JPEG)["image/jpeg"] == JPEG
    assert data(text__html=["<b>a", "</b>"])["text/html"] == "<b>a</b>"
    assert data(text__markdown="**bold**", text__plain="<Markdown>") == {"text/plain": "**bold**"}
    assert data(text__latex="$x$")["text/plain"] == "$x$"
    (stream,) = clean({"output_type": "stream", "name": "stdout", "text": "1/2\r2/2\x1b[0m\n"})
    assert stream == {"output_type": "stream", "name": "stdout", "text": "2/2\n"}
    (result,) = clean(
        {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "42"}}
    )
    assert result["data"] == {"text/plain": "42"} and result["execution_count"] == 3


def test_a_drawing_is_shown_as_a_picture() -> None:
    html = data(image__svg_p_xml="<svg><script>alert(1)</script></svg>")["text/html"]
    assert html.startswith('<img alt="drawing" src="data:image/svg+xml;base64,')
    assert "script" not in html


@pytest.mark.parametrize(
    "fake",
    ['"><script>alert(1)</script>', "AAAA", "iVBORw0KGgo=!", [PNG, 1], 7, "é", PNG * 400_000],
)  # fmt: skip
def test_a_picture_that_is_none_is_left_out(fake: Any) -> None:
    assert list(data(image__png=fake)) == ["text/plain"]
    assert list(data(image__jpeg=PNG)) == ["text/plain"]


def test_what_could_run_is_named_and_left_out() -> None:
    kept = data(application__javascript="alert(1)")
    assert kept == {"text/plain": "[an output of the type application/javascript was left out]"}
    assert "text/html" not in data(**{"application__vnd.jupyter.widget-view_p_json": {"a": 1}})


def test_errors_lose_colours_and_paths() -> None:
    line = f"\x1b[0;31mFile {sys.prefix}/x.py:3\x1b[0m\u202e"
    (error,) = clean(
        {
            "output_type": "error",
            "ename": "E\x1b[0m",
            "evalue": line,
            "traceback": [line, "b\nc", 7],
        }
    )
    assert error == {
        "output_type": "error",
        "ename": "E",
        "evalue": "File <python>/x.py:3",
        "traceback": ["File <python>/x.py:3", "b", "c"],
    }
    (error,) = clean({"output_type": "error", "traceback": ["x" * 1000] * 100_000})
    assert len(json.dumps(error)) < 250_000 and error["ename"] == "Error"


@pytest.mark.parametrize(
    "outputs",
    [None, 7, "text", {}, {"output_type": "stream"}, [[], None, 3, {}, {"output_type": []}],
     [{"output_type": "display_data", "data": 3}], [{"output_type": "stream", "text": 3}],
     [{"output_type": "error", "ename": [], "traceback": {}}],
     [{"output_type": "display_data", "data": {3: 4, "text/plain": {}}}],
     [{"output_type": "update_display_data", "data": {"text/html": "<script>"}}],
     [{"output_type": "execute_result", "execution_count": "3", "data": {}}]],
    ids=repr,
)  # fmt: skip
def test_any_structure_gives_outputs(outputs: Any) -> None:
    cleaned = OutputCleaner().clean(outputs)
    cell = nbformat.v4.new_code_cell("x", outputs=nbformat.from_dict(cleaned))
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    assert "<script" not in json.dumps(cleaned)


def test_amounts_are_bounded() -> None:
    assert len(clean(*[{"output_type": "stream", "text": "x"}] * 10_000)) == 501
    (stream,) = clean({"output_type": "stream", "text": "x" * 10_000_000})
    assert len(stream["text"]) < 210_000
    large = {"output_type": "display_data", "data": {"text/html": "<b>x</b>" + "y" * 300_000}}
    kept = clean(*[large] * 20)
    assert 4 <= sum("text/html" in output["data"] for output in kept) <= 7


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<a href='javascript:alert(1)'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='/api/x'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer">x</a>'),
        ("<a href='https://keras.io'>x</a>",
         '<a href="https://keras.io" rel="noopener noreferrer">x</a>'),
        ("<img src='https://evil.example/?leak'>", "<img>"),
        ("<img src='/formgrader/api'>", "<img>"),
        ("<img src=x onerror=alert(1)>", "<img>"),
        (f"<img src='data:image/png;base64,{PNG}'>", f'<img src="data:image/png;base64,{PNG}">'),
        ("<div id=a class='btn' style='position:fixed' data-x=1>t</div>", '<div class="">t</div>'),
        ("<form action=/x><input name=a><button>b</button></form>", "b"),
        ("<script>alert(1)</script><style>b{}</style>t", "t"),
        ("<table class='dataframe evil' border=9999999>", '<table class="dataframe"></table>'),
        ("<iframe src=x></iframe><object></object><embed><base href=x><meta><link>", ""),
        ("\\href{javascript:alert(1)}{x} \\hrefs", "\\\u2060href{javascript:alert(1)}{x} \\hrefs"),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
    ids=lambda v: v[:30],
)  # fmt: skip
def test_html(html: str, cleaned: str) -> None:
    assert clean_html(html) == cleaned


def test_html_that_takes_too_long_to_clean_is_not_cleaned() -> None:
    assert clean_html("<div>" * 200_000) is None
    assert clean_html("x" * 1_000_000) is None
    assert clean_html(f'<img src="data:image/png;base64,{PNG * 10_000}">') is not None
    assert clean_html("<tr><td>1</td></tr>" * 1500) is not None
