"""Notebooks whose structure lies, or that no program should have to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.attacks.attack import ALL, NOTEBOOKS, Attack, Place, code_cell

__all__ = ["ATTACKS"]

Notebook = dict[str, Any]
Rewrite = Callable[[Notebook, Place], "Notebook | bytes"]


def _is_test(cell: Notebook) -> bool:
    known = cell["metadata"].get("nbgrader", {})
    return bool(known.get("grade")) or cell["source"].startswith("grader.check(")


def _tests(change: Callable[[Notebook], object]) -> Rewrite:
    """Change every cell of tests."""

    def rewrite(notebook: Notebook, place: Place) -> Notebook:
        for cell in notebook["cells"]:
            if _is_test(cell):
                change(cell)
        return notebook

    return rewrite


def _tagged(tag: str) -> Rewrite:
    return _tests(lambda cell: cell["metadata"].update(tags=[tag]))


def _forged_points(cell: Notebook) -> None:
    known = cell["metadata"].setdefault("nbgrader", {})
    known.update(points=1000, max_points=1000, score=1000, solution=True, checksum="0" * 32)


def _saved_success(cell: Notebook) -> None:
    cell["execution_count"] = 7
    cell["outputs"] = [
        {
            "output_type": "execute_result",
            "data": {"text/plain": "10.0"},
            "metadata": {},
            "execution_count": 7,
        },
        {"output_type": "stream", "name": "stdout", "text": "All tests passed! 10 of 10 points"},
    ]


def _without_tests(notebook: Notebook, place: Place) -> Notebook:
    notebook["cells"] = [c for c in notebook["cells"] if not _is_test(c)]
    return notebook


def _twice(notebook: Notebook, place: Place) -> Notebook:
    copies = [{**c, "source": "10.0"} for c in notebook["cells"] if _is_test(c)]
    notebook["cells"] = copies + notebook["cells"] + copies
    return notebook


def _other_kind(cell: Notebook) -> None:
    cell["cell_type"] = "raw" if "value" in cell["source"] else "markdown"
    del cell["outputs"], cell["execution_count"]


def _markers(notebook: Notebook, place: Place) -> Notebook:
    for name in ("value", "array", "text"):
        source = (
            f"# tiny-{name} (10 points)\n### BEGIN HIDDEN TESTS\npass\n### END HIDDEN TESTS\n"
            "### BEGIN SOLUTION\n10.0\n### END SOLUTION"
        )
        notebook["cells"].insert(1, code_cell(source))
        notebook["cells"].append(code_cell(source, f"tiny-{name}", grade=True, points=10))
    return notebook


def _kernel(notebook: Notebook, place: Place) -> Notebook:
    argv = ["sh", "-c", f"touch /tmp/{place.nonce}", "{connection_file}"]
    notebook["metadata"] |= {
        "kernelspec": {"name": "../../../tmp/x", "display_name": "$(touch /tmp/x)", "argv": argv},
        "language_info": {"name": "bash", "file_extension": "/../../x", "nbconvert_exporter": "os"},
        "execution": {"timeout": -1, "allow_errors": True},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": []}},
        "jupytext": {"formats": f"ipynb,/tmp/{place.nonce}//py"},
        "otter": {"OK_FORMAT": True, "tests": {}, "assignment_name": "other"},
        "celltoolbar": 7,
    }
    return notebook


def _otter_tests(notebook: Notebook, place: Place) -> Notebook:
    """Say in the notebook's own metadata what its tests are, as some graders' notebooks do."""
    tests = {
        f"tiny-{name}": {
            "name": f"tiny-{name}",
            "points": 10,
            "suites": [{"cases": [{"code": ">>> True\nTrue", "hidden": False}], "type": "doctest"}],
        }
        for name in ("value", "array", "call", "text")
    }
    notebook["metadata"]["otter"] = {"OK_FORMAT": True, "tests": tests}
    return notebook


def _many_cells(notebook: Notebook, place: Place) -> Notebook:
    notebook["cells"] += [
        {**code_cell("x = 1"), "id": f"more-{number}"} for number in range(20_000)
    ]
    return notebook


def _deep(notebook: Notebook, place: Place) -> bytes:
    text = json.dumps(notebook)
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    return text.replace('"metadata": {}', '"metadata": ' + deep, 1).encode()


def _not_numbers(notebook: Notebook, place: Place) -> bytes:
    for cell in notebook["cells"]:
        if _is_test(cell):
            cell["metadata"].setdefault("nbgrader", {})["points"] = float("nan")
    notebook["nbformat_minor"] = float("inf")
    return json.dumps(notebook).encode()


def _old_format(notebook: Notebook, place: Place) -> Notebook:
    cells = [
        {"cell_type": "code", "input": c["source"], "language": "python", "outputs": [],
         "metadata": c["metadata"], "prompt_number": 1, "collapsed": False}
        for c in notebook["cells"]
    ]  # fmt: skip
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "../../tiny"},
        "worksheets": [{"cells": cells, "metadata": {}}] * 2,
    }


def _bad_text(notebook: Notebook, place: Place) -> bytes:
    return json.dumps(notebook).encode().replace(b"42", b'\\ud800 \xff\xfe"', 1)


def _half(notebook: Notebook, place: Place) -> bytes:
    data = json.dumps(notebook).encode()
    return data[: len(data) * 2 // 3]


def _double_keys(notebook: Notebook, place: Place) -> bytes:
    text = json.dumps(notebook)
    tests = json.dumps([c for c in notebook["cells"] if _is_test(c)])
    return (text[:-1] + f', "cells": [], "cells": {tests}, "metadata": 5}}').encode()


def _old_outputs(notebook: Notebook, place: Place) -> Notebook:
    text = {"output_type": "stream", "name": "stdout", "text": "x" * (8 << 20)}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [text]
    return notebook


def _odd_types(notebook: Notebook, place: Place) -> Notebook:
    odd = [
        {"cell_type": "code", "source": {"a": 1}, "metadata": [], "outputs": {}},
        {"cell_type": ["code"], "source": ["a", 5, None], "metadata": None},
        {"cell_type": "code", "source": None, "metadata": {"nbgrader": "yes"}, "id": {"x": 1}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": ["tiny"]}}},
        {"cell_type": "markdown", "source": "x", "metadata": {}, "attachments": {"../x": {}}},
        7, None, [], "cell",
    ]  # fmt: skip
    notebook["cells"] += odd
    return notebook


def _same_ids(notebook: Notebook, place: Place) -> Notebook:
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = "same" if number % 2 else "../../../etc/passwd\x00"
    return notebook


def _names_as_headers(notebook: Notebook, place: Place) -> Notebook:
    """Give the student's own code the first lines and ids of tests."""
    own = "# tiny-{0} (10 points)\nimport builtins\n10.0"
    for cell in notebook["cells"]:
        known = cell["metadata"].get("nbgrader", {})
        if known.get("grade"):
            cell["source"] = own.format(known["grade_id"].removeprefix("tiny-"))
            known.update(locked=False, solution=True, grade=False)
    return notebook


def _given_changed(notebook: Notebook, place: Place) -> Notebook:
    notebook["cells"][0]["source"] = (
        "import numpy as np\nnumbers = np.array([[1.5, 0.5], [0.0, 2.0]])\n"
        "np.allclose = lambda *given, **named: True"
    )
    return notebook


def _made(
    name: str,
    after: str,
    rewrite: Rewrite,
    *aims: str,
    graders: frozenset[str] = ALL,
    base: str = "wrong",
    keeps: tuple[str, ...] = (),
) -> Attack:
    return Attack(
        name,
        "notebook structure",
        after,
        frozenset(aims or ("points",)),
        rewrite=rewrite,
        graders=graders,
        base=base,
        keeps=keeps,
    )


_ALL_KEPT = ("value", "array", "call", "text")

ATTACKS = (
    _made("skip-execution", "tests are not run", _tagged("skip-execution"), graders=NOTEBOOKS),
    _made("raises-exception", "tests may fail", _tagged("raises-exception"), graders=NOTEBOOKS),
    _made("forged points", "1000 points for each test", _tests(_forged_points), graders=NOTEBOOKS),
    _made(
        "saved success",
        "outputs from an earlier run say passed",
        _tests(_saved_success),
        graders=NOTEBOOKS,
    ),
    _made(
        "tests emptied",
        "tests whose text is replaced",
        _tests(lambda cell: cell.update(source="10.0")),
        graders=NOTEBOOKS,
    ),
    _made("tests removed", "a notebook without any test", _without_tests, graders=NOTEBOOKS),
    _made("tests twice", "each test twice more, empty", _twice, graders=NOTEBOOKS),
    _made("tests of another kind", "tests as raw text", _tests(_other_kind), graders=NOTEBOOKS),
    _made("markers", "the instructor's markers in own cells", _markers, graders=NOTEBOOKS),
    _made(
        "headers of tests",
        "own code that looks like a test",
        _names_as_headers,
        graders=frozenset({"ours", "nbgrader"}),
    ),
    _made("given cell changed", "the instructor's data, with a patch in its cell", _given_changed),
    _made(
        "tests in the metadata",
        "tests of the student's own making",
        _otter_tests,
        graders=NOTEBOOKS,
    ),
    _made(
        "kernel in the metadata",
        "another kernel, other time limits",
        _kernel,
        "mark",
        "points",
        "no verdict",
    ),
    _made("20,000 cells", "twenty thousand cells", _many_cells, "no verdict", base="honest"),
    _made("deep JSON", "a hundred thousand levels of JSON", _deep, "no verdict"),
    _made("NaN points", "points that are no numbers", _not_numbers, "no verdict", "points"),
    _made("format 3", "an old format with two worksheets", _old_format, "no verdict"),
    _made("bad text", "bytes that are no UTF-8, half characters", _bad_text, "no verdict"),
    _made("half a file", "a file that ends too early", _half, "no verdict"),
    _made("keys twice", "JSON whose keys come several times", _double_keys, "no verdict", "points"),
    _made(
        "old outputs",
        "eighty megabytes of saved outputs",
        _old_outputs,
        "no verdict",
        base="honest",
        keeps=_ALL_KEPT,
    ),
    _made(
        "odd types", "cells that are lists, numbers or nothing", _odd_types, "no verdict", "points"
    ),
    _made(
        "same cell ids",
        "cell ids that are equal, or paths",
        _same_ids,
        "no verdict",
        base="honest",
        keeps=_ALL_KEPT,
    ),
)
