"""docs/DRAWINGS.md is what the measurements say, with a picture that can be made again."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import drawings as benchmark
from benchmarks.drawings_page import contact_sheet, write_page
from mnist_course.drawings import drawings
from mnist_course.reader import load_reader

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_page_is_made_from_the_measurements(tmp_path):
    figures = json.loads((DOCS / "measurements" / "drawings.json").read_text())
    page, sheet = tmp_path / "page.md", tmp_path / "sheet.png"
    write_page(figures, page=page, sheet=sheet)
    made = page.read_text(encoding="utf-8")
    assert made.replace("sheet.png", "drawings.png") == (DOCS / "DRAWINGS.md").read_text("utf-8")
    with Image.open(sheet) as picture:
        assert picture.size == contact_sheet().size
    whole = figures["ablation"]["given reader"]["all five steps"]
    assert f"| all five steps | {statistics.mean(whole):.3f} ±" in made


def test_the_measurements_show_what_they_must():
    figures = json.loads((DOCS / "measurements" / "drawings.json").read_text())
    assert figures["count"] >= 200
    for accuracies in figures["ablation"].values():
        mean = {name: statistics.mean(values) for name, values in accuracies.items()}
        assert mean["all five steps"] >= 0.95
        assert mean["just_resize"] <= 0.3
        assert mean["without only_ink"] < mean["all five steps"] - 0.3
    graded = figures["graded"]["shares_of_points"]
    assert all(min(shares) == 1 for shares in graded.values())


def test_one_set_measured_again_gives_the_same():
    figures = json.loads((DOCS / "measurements" / "drawings.json").read_text())
    made = drawings(figures["count"], seed=figures["seeds"][0])
    labels = np.array([one.label for one in made])
    reader = load_reader()
    compared = benchmark.conversions()
    for name in ("all five steps", "without crop", "just_resize"):
        results = benchmark.converted(compared[name], [one.image for one in made])
        accuracy = (reader.predict(results).argmax(axis=1) == labels).mean()
        assert abs(accuracy - figures["ablation"]["given reader"][name][0]) <= 0.005
