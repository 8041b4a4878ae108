"""What a student sees before submitting."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mnist_course.checks.points_so_far import Item, Overview, overview, read_items
from mnist_course.checks.score import Score

ITEMS = {"m5-model": 5.0, "m5-log": 10.0, "m5-accuracy": 20.0, "m5-health": 5.0}


def test_items_are_read_from_the_history_of_the_notebook() -> None:
    sources = [
        "",
        "# m5-accuracy (20 points)\ncheck(model)",
        "# m5-log (10 points)\ncheck(log)",
        "model = Sequential()",
        "# m5-model (5 points)\ncheck()",
        "if model == 3: pass",
    ]
    outputs = {1: Score(8, of=20), 2: Score(7, of=10)}
    items = read_items(ITEMS, sources, outputs, names=("model", "log"), by_the_grader={"m5-log": 3})
    assert items == [
        Item("m5-model", 5, None, "stopped: read the message under its cell"),
        Item("m5-log", 10, 7, "up to 3 more are decided when you submit"),
        Item("m5-accuracy", 20, 8, "older than your `model`: run it again"),
        Item("m5-health", 5, None, "not run yet"),
    ]


def test_the_newest_run_of_a_cell_counts() -> None:
    sources = ["", "# m5-health (5 points)\na()", "# m5-health (5 points)\na()"]
    (item,) = read_items({"m5-health": 5}, sources, {1: Score(5, of=5), 2: Score(2, of=5)})
    assert item.points == 2


def test_table_and_total() -> None:
    table = Overview((Item("a", 5, 3.0), Item("b<", 10, None, "not run yet")), ("Save it.",))
    assert (table.points, table.of) == (3, 15)
    assert "total      3 / 15" in repr(table)
    assert "b&lt;" in table._repr_html_()
    assert "Save it." in table._repr_html_()


def test_outside_a_notebook_it_still_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notebook = tmp_path / "m5.ipynb"
    cells = [{"source": ["# m5-why-bad (12 points)\n", "YOUR ANSWER HERE"]}]
    notebook.write_text(json.dumps({"cells": cells}))
    monkeypatch.setenv("JPY_SESSION_NAME", os.fspath(notebook))
    table = overview({"m5-model": 5}, names=("model",))
    assert "There is no `model`" in table.reminders[0]
    assert "m5.ipynb was last saved 0 minutes ago" in table.reminders[1]
    assert "1 answers still read" in table.reminders[2]
    assert str(tmp_path) not in repr(table)
