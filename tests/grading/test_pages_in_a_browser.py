"""No page that we make runs what a student wrote, seen with the eyes of a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config.loader import PyFileConfigLoader

from mnist_course.grading.executed_notebook import build_executed
from mnist_course.grading.execution import Execution
from mnist_course.grading.feedback import to_html
from mnist_course.grading.results import CellError, CellGrade, Finding, NotebookGrade, Verdict
from mnist_course.grading.submission import AlignedCell, AlignedNotebook
from mnist_course.grading.verdict_cells import report_cell, verdict_outputs

Browse = Callable[[str], str]

REPOSITORY = Path(__file__).parents[2]
RAN = "document.documentElement.dataset.ran=1"
ATTACKS = [
    f"<script>{RAN}</script>",
    f'<img src="x" onerror="{RAN}">',
    f'<svg onload="{RAN}"></svg>',
    f'<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>',
    f"</style></title></textarea><script>{RAN}</script>",
    f'<details open ontoggle="{RAN}">',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
    f'onerror={RAN}&gt;">',
    f'"><script>{RAN}</script>',
    f"' autofocus onfocus='{RAN}' x='",
]
EVERYTHING = " ".join(ATTACKS)


def ran(document: str) -> bool:
    return "data-ran=" in document.partition("<head")[0]


def hostile_grade(text: str) -> NotebookGrade:
    finding = Finding(text, text, text)
    return NotebookGrade(
        text,
        (
            CellGrade("m5-a", text, 5, 2, Verdict.PARTIAL, (finding,)),
            CellGrade("m5-b", text, 5, 0, Verdict.FAILED, (finding,)),
            CellGrade("m5-c", text, 5, None, Verdict.MANUAL),
        ),
        headline=text,
        repairs=(text,),
        errors=(CellError(1, text, text),),
        measurements={text: 1.0},
    )


def test_the_feedback_page_runs_nothing(browse: Browse) -> None:
    document = browse(to_html(hostile_grade(EVERYTHING)))
    assert not ran(document)
    assert "item by item" in document.lower()


@pytest.mark.parametrize("attack", ATTACKS[:4], ids=lambda a: a[:12])
def test_its_policy_stops_what_would_get_past_the_escaping(browse: Browse, attack: str) -> None:
    html = to_html(hostile_grade("calm")).replace("</main>", f"{attack}</main>")
    assert not ran(browse(html))
    if "srcdoc" not in attack:  # the same page without its policy, so that this test can fail
        without = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", html)
        assert ran(browse(without))


def test_its_own_style_passes_the_policy(browse: Browse) -> None:
    # A script has to look, so here the policy lets scripts run; its rule for styles is the same.
    html = to_html(hostile_grade("calm"))
    html = html.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    read = (
        "<script>document.documentElement.dataset.padding ="
        " getComputedStyle(document.querySelector('.item')).paddingTop</script></body>"
    )
    assert 'data-padding="17.6px"' in browse(html.replace("</body>", read))
    other = browse(html.replace("</body>", "<style>.item{padding:0!important}</style>" + read))
    assert 'data-padding="17.6px"' in other  # a style sheet that is not ours has no effect


OUTPUTS: list[dict[str, Any]] = [
    {"output_type": "stream", "name": "stdout", "text": EVERYTHING},
    {"output_type": "error", "ename": EVERYTHING, "evalue": EVERYTHING, "traceback": ATTACKS},
    {"output_type": "display_data", "data": {"text/html": EVERYTHING}, "metadata": {}},
    {"output_type": "display_data", "data": {"text/markdown": EVERYTHING}, "metadata": {}},
    {"output_type": "display_data", "data": {"text/latex": EVERYTHING}, "metadata": {}},
    {"output_type": "display_data", "data": {"image/png": EVERYTHING}, "metadata": {}},
    {"output_type": "display_data", "data": {"image/jpeg": f'"><script>{RAN}</script>'}},
    {"output_type": "display_data", "data": {"application/javascript": RAN}, "metadata": {}},
    {"output_type": "display_data",
     "data": {"image/svg+xml": f"<svg><script>{RAN}</script></svg>"}},
    {"output_type": "display_data",
     "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "x"},
              "text/html": EVERYTHING}},
    {"output_type": "execute_result", "execution_count": 1,
     "data": {"text/plain": EVERYTHING, "text/html": f"<b>harmless</b>{EVERYTHING}"}},
]  # fmt: skip


def executed(outputs: list[dict[str, Any]]) -> Any:
    cells = (
        AlignedCell(1, "code", "x = 1"),
        AlignedCell(2, "markdown", f"An *answer* $a<b$ with `code`.\n\n{EVERYTHING}\n"),
    )
    made = build_executed(
        AlignedNotebook(cells, (), 0),
        Execution(1, (), {1: outputs}, None, (), 1.0),
        NotebookGrade("m5", ()),
    )
    return nbformat.from_dict(json.loads(json.dumps(made)))


def test_clean_outputs_run_nothing_in_a_plain_export(browse: Browse) -> None:
    notebook = executed(OUTPUTS)
    nbformat.validate(notebook)
    notebook.cells = notebook.cells[:1]  # Markdown is for the pages of nbgrader, below
    html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
    document = browse(html)
    assert not ran(document)
    assert "<b>harmless</b>" in document
    notebook.cells[0].outputs = nbformat.from_dict([OUTPUTS[2]])
    html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
    assert ran(browse(html))  # what was not cleaned does run


@pytest.mark.parametrize("template", ["formgrade", "feedback"])
def test_the_pages_of_nbgrader_run_nothing(browse: Browse, template: str) -> None:
    config = PyFileConfigLoader("nbgrader_config.py", path=str(REPOSITORY)).load_config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    styles = "static/node_modules/bootstrap/dist/css"
    config.HTMLExporter.extra_template_paths = [str(Path(handlers.__file__).parent / styles)]
    config.HTMLExporter.mathjax_url = ""
    notebook = executed(OUTPUTS)
    known = {"grade_id": "m5-why", "grade": True, "solution": True, "points": 5, "score": 0}
    known |= {"locked": False, "task": False, "comment": ""}
    notebook.cells[1].metadata = nbformat.from_dict({"nbgrader": known})
    grade = hostile_grade(EVERYTHING)
    for item in grade.automatic:
        cell = nbformat.v4.new_code_cell("1", outputs=verdict_outputs(item))
        notebook.cells.append(cell)
    report = report_cell(grade)
    assert report is not None
    notebook.cells.insert(0, report)

    def page() -> str:
        place = {"notebook": "m5", "score": 0, "max_score": 5, "late_penalty": 0}
        resources = {"base_url": "", "index": 0, "total": 1, "nbgrader": place, "student": "s"}
        return str(HTMLExporter(config=config).from_notebook_node(notebook, resources)[0])

    document = browse(page())
    assert not ran(document)
    assert "<em>answer</em>" in document and "a&lt;b" in document
    assert "<code>code</code>" in document
    del config.HTMLExporter["filters"]
    assert ran(browse(page()))  # with nbconvert's own Markdown the answer's script does run
