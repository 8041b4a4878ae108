from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from mnist_course.class_grading.records import GradedSubmission, Student
from mnist_course.class_grading.report import page as page_module
from mnist_course.class_grading.report.figures import confusion_figure
from mnist_course.class_grading.report.inline_svg import inline_svg
from mnist_course.class_grading.report.page import to_html, write_class_report
from mnist_course.class_grading.report.similarity import Comparison, SimilarGroup, SimilarPair
from mnist_course.grading.results import CellGrade, Finding, Signal, Verdict

MakeClass = Callable[..., list[GradedSubmission]]
VOID = {"meta", "br"}
MADE = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
RAN = "document.documentElement.dataset.ran=1"
HOSTILE = [
    f"<script>{RAN}</script>",
    f"</style></title></svg><script>{RAN}</script>",
    f'"><img src=x onerror="{RAN}">',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\x00\x1b[31m\ud800",
    "../../etc/passwd?#",
    "N" * 10_000,
    "`" * 5000 + "<b>",
]


class Page(HTMLParser):
    """A page as a list of elements; fails where a tag is not closed or an id is there twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(html)
        self.close()
        assert self.open == [], "a tag is not closed"
        self.ids = Counter(str(a["id"]) for _, a, _ in self.elements if "id" in a)
        assert {name for name, count in self.ids.items() if count > 1} == set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.elements[index][2].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(a, " ".join("".join(t).split())) for name, a, t in self.elements if name == tag]

    def rows(self, caption: str) -> list[list[str]]:
        """Return the fields of the table whose caption begins like this, heads included."""
        index = next(
            i for i, (tag, _, text) in enumerate(self.elements)
            if tag == "caption" and "".join(text).startswith(caption)
        )  # fmt: skip
        found: list[list[str]] = []
        for tag, _, text in self.elements[index + 1 :]:
            if tag in ("table", "caption"):
                break
            if tag == "tr":
                found.append([])
            elif tag in ("td", "th"):
                found[-1].append(" ".join("".join(text).split()))
        return found


def confusion() -> np.ndarray:
    counts = np.diag(np.full(10, 950)) + np.arange(100).reshape(10, 10) % 7
    counts[4, 9] = 120
    return counts


def hostile_class(one: Callable[..., GradedSubmission]) -> list[GradedSubmission]:
    graded = []
    for index, text in enumerate(HOSTILE):
        finding = Finding(text, text, text)
        cells = (
            CellGrade(text, text, 5, 2, Verdict.PARTIAL, (finding,)),
            CellGrade("m5-b", text, 5, 0, Verdict.NOT_GRADED, (finding,), staff_note=text),
            CellGrade("m5-c", text, 5, None, Verdict.MANUAL),
        )
        made = one(
            f"{index}{text[:100]}".replace("/", "_").replace("\x00", ""), cells, headline=text,
            signals=(Signal(text, text),), measurements={"accuracy": float("nan"), "parameters": 1},
            grader_failed=index == 3,
        )  # fmt: skip
        student = Student(text, text, text, text, {text: text})
        graded.append(replace(made, submission=replace(made.submission, student=student)))
    return graded


def hostile_page(one: Callable[..., GradedSubmission], folder: Path) -> str:
    group = SimilarGroup(tuple(HOSTILE), (SimilarPair(HOSTILE[0], HOSTILE[1], 0.9),), 1)
    groups = Comparison((group,), 0)
    return to_html(hostile_class(one), folder, assignment=HOSTILE[1], similar=groups)


def test_the_numbers_on_the_page_are_those_of_the_class(some_class: MakeClass, tmp_path):
    graded = some_class(80)
    page = Page(to_html(graded, tmp_path, assignment="m5", made=MADE, confusion=confusion()))
    scores = [one.grade.score for one in graded if not one.grade.grader_failed]
    cards = [text for _, text in page.all("dd")]
    shown = [f"{v:.2f}".rstrip("0").rstrip(".")
             for v in (np.mean(scores), np.median(scores), np.std(scores, ddof=1))]  # fmt: skip
    assert cards == ["80", f"{shown[0]} of 60", shown[1], shown[2], "80"]
    table = page.rows("How each item worked")
    accuracy = [
        next(cell for cell in one.grade.cells if cell.grade_id == "m5-accuracy")
        for one in graded if not one.grade.grader_failed
    ]  # fmt: skip
    decided = [cell for cell in accuracy if cell.verdict is not Verdict.NOT_GRADED]
    row = next(row for row in table if row[0] == "Accuracy")
    full = sum(cell.score == 20 for cell in decided)
    assert row[1] == "20"
    assert row[3] == str(full)
    assert row[6] == str(80 - len(decided))
    assert row[7] == f"{100 * full / len(decided):.0f} %"
    assert row[8] == f"{100 * np.mean([cell.score / 20 for cell in decided]):.0f} %"
    assert [r[0] for r in table[1:]] == [cell.title for cell in graded[0].grade.cells]
    assert sum(int(r[1]) for r in page.rows("Distribution")[1:]) == len(scores)
    points_drawn = [a for a, _ in page.all("use") if "fig-accuracy" in str(a.get("href"))]
    having = [one for one in graded
              if one.grade.measurements and not one.grade.grader_failed]  # fmt: skip
    assert sum(int(r[1]) for r in page.rows("Test accuracy")[1:]) == len(having)
    assert len(points_drawn) >= len(having)
    assert page.rows("Confusion")[5] == ["4", *(str(n) for n in confusion()[4])]
    times = page.all("time")
    assert times == [({"datetime": "2026-11-22T10:30:00+00:00"}, "2026-11-22 10:30 UTC")]


def test_students_stand_in_order_with_a_link_and_their_states(one, tmp_path):
    cells = [
        CellGrade("m5-a", "A", 5, 5, Verdict.PASSED),
        CellGrade("m5-b", "B", 5, 2.5, Verdict.PARTIAL),
        CellGrade("m5-c", "C", 5, 0, Verdict.FAILED),
        CellGrade("m5-d", "D", 5, 0, Verdict.NOT_GRADED),
        CellGrade("m5-e", "E", 5, None, Verdict.MANUAL),
    ]
    graded = [one("zoë?#%", cells), one("amy", cells[:3]), one("bob", cells, grader_failed=True)]
    html = to_html(graded, tmp_path, assignment="m5")
    rows = Page(html).rows("All students")
    assert rows[0] == ["Student", "Points", "A", "B", "C", "D", "E"]
    assert rows[1] == ["amy", "7.5", "5", "2.5", "0", "–", "–"]
    assert rows[2] == ["bob", "grade again", "?", "?", "?", "?", "…"]
    assert rows[3] == ["zoë?#%", "7.5", "5", "2.5", "0", "?", "…"]
    links = [a["href"] for a, _ in Page(html).all("a") if "feedback" in str(a["href"])]
    assert links == ["amy/feedback.html", "bob/feedback.html", "zo%C3%AB%3F%23%25/feedback.html"]
    assert (tmp_path / unquote(str(links[2]))).parent == graded[0].folder
    elsewhere = to_html(graded, tmp_path / "reports", assignment="m5")
    assert 'href="../amy/feedback.html"' in elsewhere


def test_diagnoses_link_their_students(some_class: MakeClass, tmp_path):
    graded = some_class(60)
    page = Page(to_html(graded, tmp_path, assignment="m5"))
    assert all(str(a["href"])[1:] in page.ids for a, _ in page.all("a") if str(a["href"])[0] == "#")
    said = Counter(
        cell.grade_id
        for one in graded if not one.grade.grader_failed
        for cell in one.grade.automatic if cell.findings and cell.verdict is not Verdict.PASSED
    )  # fmt: skip
    counts = [int(text.split()[0]) for a, text in page.all("p") if a.get("class") == "count"]
    assert counts == sorted(said.values(), reverse=True)


def test_nothing_is_loaded_and_only_our_style_is_allowed(some_class: MakeClass, tmp_path):
    html = to_html(some_class(30), tmp_path, assignment="m5", confusion=confusion())
    page = Page(html)
    assert not {tag for tag, _, _ in page.elements} & {"script", "img", "link", "iframe", "object"}
    for _, attributes, _ in page.elements:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            value = str(attributes.get(name, "#"))
            assert value.startswith("#") or re.fullmatch(r"student\d{4}/feedback\.html", value)
    style = html.partition("<style>")[2].partition("</style>")[0]
    policy = next(a for a, _ in page.all("meta") if "http-equiv" in a)["content"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in style
    assert "@import" not in style


def test_what_is_hostile_is_escaped(one, tmp_path):
    html = hostile_page(one, tmp_path)
    page = Page(html)
    assert not {tag for tag, _, _ in page.elements} & {"script", "img", "b"}
    assert all(not any(name.startswith("on") for name in a) for _, a, _ in page.elements)
    for character in "\u202e\u2066\x00\x1b\ud800":
        assert character not in html
    assert "N" * 500 not in html
    links = [str(a["href"]) for a, _ in page.all("a")]
    assert all(link.startswith("#") or link.endswith("/feedback.html") for link in links)
    assert not any(":" in link or ".." in link.split("/") for link in links)
    assert "49" not in page.all("title")[0][1]
    html.encode("utf-8")
    write_class_report(hostile_class(one), tmp_path / "class.html", assignment="m5")


@pytest.mark.parametrize("pages", [10, 130])
def test_the_same_class_gives_the_same_bytes(some_class: MakeClass, tmp_path, pages):
    graded = some_class(pages)
    arguments = {"assignment": "m5", "made": MADE, "confusion": confusion()}
    write_class_report(graded, tmp_path / "one.html", **arguments)
    write_class_report(graded[::-1], tmp_path / "two.html", **arguments)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"one.html", "two.html"}


def test_nobody_handed_in(tmp_path):
    html = to_html([], tmp_path, assignment="m5")
    page = Page(html)
    assert [text for _, text in page.all("dd")] == ["0", "– of 0", "–", "–", "0"]
    assert page.all("figure") == []
    assert "There is no submission." in html


def test_one_student(some_class: MakeClass, tmp_path):
    graded = some_class(1)
    page = Page(to_html(graded, tmp_path, assignment="m5"))
    assert [text for _, text in page.all("dd")][3] == "–"
    assert len(page.rows("All students")) == 2
    assert {row[-1] for row in page.rows("How each item")[1:8]} == {"–"}


def test_all_not_graded(one, tmp_path):
    cells = [CellGrade("m5-a", "A", 5, 0, Verdict.NOT_GRADED, staff_note="why")]
    page = Page(to_html([one(f"s{i}", cells) for i in range(12)], tmp_path, assignment="m5"))
    assert [text for _, text in page.all("dd")] == ["12", "– of 5", "–", "–", "12"]
    assert page.rows("How each item")[1][3:] == ["0", "0", "0", "12", "–", "–", "–"]


def test_all_grades_broken(one, tmp_path):
    cells = [CellGrade("m5-a", "A", 5, 0, Verdict.FAILED)]
    graded = [one(f"s{i}", cells, grader_failed=True) for i in range(2)]
    page = Page(to_html(graded, tmp_path, assignment="m5"))
    assert [text for _, text in page.all("dd")] == ["2", "– of 5", "–", "–", "2"]


def test_all_scores_and_networks_equal(one, tmp_path):
    cells = [
        CellGrade("m5-a", "A", 5, 5, Verdict.PASSED),
        CellGrade("m5-b", "B", 0, 0, Verdict.PASSED),
    ]
    graded = [one(f"s{i}", cells, measurements={"accuracy": 1.0, "parameters": 7850})
              for i in range(20)]  # fmt: skip
    page = Page(to_html(graded, tmp_path, assignment="m5"))
    assert [text for _, text in page.all("dd")] == ["20", "5 of 5", "5", "0", "0"]
    assert [row[-3:] for row in page.rows("How each item")[1:]] == [
        ["100 %", "100 %", "–"], ["100 %", "–", "–"],
    ]  # fmt: skip
    assert page.rows("Test accuracy")[1][1] == "20"


@pytest.mark.parametrize(
    "measured",
    [
        {"accuracy": float("nan"), "parameters": 10.0},
        {"accuracy": 0.5, "parameters": float("inf")},
        {"accuracy": 1.5, "parameters": 10.0},
        {"accuracy": 0.5, "parameters": 0.0},
        {"accuracy": 0.5},
    ],
)
def test_a_measurement_that_no_network_has_is_counted_in_words(one, tmp_path, measured):
    html = to_html([one("amy", [], measurements=measured)], tmp_path, assignment="m5")
    assert "1 student has no measured accuracy with a number of parameters." in html
    assert "fig-accuracy" not in html


@pytest.mark.parametrize(
    "counts", [np.ones((3, 3), int), np.ones((10, 10)), -np.ones((10, 10), int)]
)
def test_a_confusion_of_another_form_is_refused(tmp_path, counts):
    with pytest.raises(ValueError, match="array of counts"):
        to_html([], tmp_path, assignment="m5", confusion=counts)


def test_confusions_without_mistakes_or_without_a_digit(tmp_path):
    right = np.diag([5, 5, 5, 5, 5, 5, 5, 5, 5, 0])
    assert "None is wrong." in to_html([], tmp_path, assignment="m5", confusion=right)
    empty = to_html([], tmp_path, assignment="m5", confusion=np.zeros((10, 10), int))
    assert "fig-confusion-text" not in empty


def test_similar_groups_are_shown_as_a_reason_to_look(some_class: MakeClass, tmp_path):
    ids = ("student0001", "student0003", "unknown")
    group = SimilarGroup(ids, (SimilarPair(ids[0], ids[1], 0.91),), 2)
    html = to_html(some_class(5), tmp_path, assignment="m5", similar=Comparison((group,), 1))
    assert "a reason to look, never a proof" in html
    assert Page(html).rows("The 1 most")[1] == ["student0001 and student0003", "91 %", "–"]
    assert "Group 1: 3 students" in html
    assert "1 student wrote too little" in html
    assert "was not compared" in to_html([], tmp_path, assignment="m5")
    assert "No two students" in to_html([], tmp_path, assignment="m5", similar=Comparison((), 0))


def test_the_page_can_be_used_without_seeing_it(some_class: MakeClass, tmp_path):
    graded = some_class(130)
    page = Page(to_html(graded, tmp_path, assignment="m5", confusion=confusion()))
    tags = [tag for tag, _, _ in page.elements]
    for landmark in ("header", "main", "footer", "nav"):
        assert landmark in tags
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in a for a, _ in page.all("th"))
    pictures = [a for a, _ in page.all("svg") if a.get("role") == "img"]
    assert len(pictures) == len(page.all("figure")) == 3
    for attributes in pictures:
        for name in ("aria-labelledby", "aria-describedby"):
            assert page.ids[str(attributes[name])] == 1
    assert all(a.get("aria-hidden") == "true" for a, _ in page.all("svg") if "role" not in a)
    assert page.all("a")[0] == ({"class": "skip", "href": "#students"}, "Skip to the students")


def test_a_thousand_students_make_a_small_page_quickly(some_class: MakeClass, tmp_path):
    graded = some_class(1000)
    to_html(graded[:5], tmp_path, assignment="m5", confusion=confusion())  # imports
    start = time.perf_counter()
    write_class_report(graded, tmp_path / "class.html", assignment="m5", confusion=confusion())
    assert time.perf_counter() - start < 10
    assert (tmp_path / "class.html").stat().st_size < 3_000_000


def test_lists_that_students_can_make_long_stay_short(one, tmp_path):
    rng = np.random.default_rng(0)

    def words(n: int) -> str:
        return " ".join("".join(rng.choice(list("abcdefgh"), 8)) for _ in range(n))

    def cells() -> list[CellGrade]:
        findings = tuple(Finding(words(50), "why", words(50)) for _ in range(20))
        return [CellGrade(f"m5-{i}", "A", 5, 0, Verdict.FAILED, findings) for i in range(3)]

    signals = tuple(Signal(f"kind {i % 3}", "x" * 5000) for i in range(200))
    graded = [one(f"s{i:03d}", cells(), signals=signals) for i in range(150)]
    html = to_html(graded, tmp_path, assignment="m5")
    assert len(html) < 1_000_000
    assert "rarer kinds" in html


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, 1..21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_contrast_enough(scheme):
    css = (Path(page_module.__file__).parent / "templates" / "class_report.css").read_text()
    part = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colour = {
        name: value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])
        for name, value in re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", part)
    }
    for ground in ("page", "card", "some-soft", "calm-soft"):
        for text in ("ink", "muted", "accent", "good", "some", "none", "calm"):
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
    # A number on the strongest field of the heatmap.
    drawn = confusion_figure(confusion())
    assert drawn is not None
    strongest = max(float(value) for value in re.findall(r'opacity="([\d.]+)"', drawn.svg))
    assert 0.2 < strongest < 1
    mixed = "#" + "".join(
        f"{round(strongest * int(accent, 16) + (1 - strongest) * int(card, 16)):02x}"
        for accent, card in (
            (colour["accent"][i : i + 2], colour["card"][i : i + 2]) for i in (1, 3, 5)
        )
    )
    assert contrast(colour["ink"], mixed) >= 4.5


def test_a_colour_that_cannot_follow_the_scheme_is_refused():
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2], color="#ff0000")
    with pytest.raises(ValueError, match="cannot follow a dark scheme"):
        inline_svg(figure, name="x", title="x")


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str], str]:
    """Load a page in a real Chromium, scripts on, network off; return its document afterwards."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")

    def load(html: str) -> str:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        done = subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=3000", "--dump-dom",
             path.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout

    return load


def test_a_browser_runs_nothing_of_it(browse, one, tmp_path):
    document = browse(hostile_page(one, tmp_path))
    assert "data-ran=" not in document.partition("<head")[0]
    assert "Most common diagnoses" in document
    got_past = hostile_page(one, tmp_path).replace("</main>", f"<script>{RAN}</script></main>")
    assert "data-ran=" not in browse(got_past).partition("<head")[0]
    without = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", got_past)
    assert "data-ran=" in browse(without).partition("<head")[0]  # so that this test can fail


def test_a_browser_draws_the_figures_in_the_colours_of_the_page(browse, some_class, tmp_path):
    html = to_html(some_class(12), tmp_path, assignment="m5")
    # A script has to look, so here the policy lets scripts run; its rule for styles is the same.
    html = html.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    look = (
        "<script>const of = (s) => getComputedStyle(document.querySelector(s)).fill;"
        "document.documentElement.dataset.fills = of('#fig-points-title ~ g text') + of("
        "'#fig-points-title ~ g path[fill=\"var(--accent)\"]');</script></body>"
    )
    document = browse(html.replace("</body>", look))
    assert 'data-fills="rgb(27, 35, 48)rgb(31, 95, 191)"' in document
