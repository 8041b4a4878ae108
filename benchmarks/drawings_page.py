"""Write docs/DRAWINGS.md, with its contact sheet, from what benchmarks/drawings.py measured."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.measuring import DOCS
from mnist_course.atomic_write import write_bytes
from mnist_course.drawings import drawings, letters, supplied_drawings
from mnist_course.drawings.paper import PAPERS

__all__ = ["contact_sheet", "write_page"]

PAGE = DOCS / "DRAWINGS.md"
SHEET = DOCS / "images" / "drawings.png"
_TILE, _GAP, _COLUMNS = 92, 6, 10


def write_page(figures: Mapping[str, Any], *, page: Path = PAGE, sheet: Path = SHEET) -> None:
    """Write page and picture.

    Parameters
    ----------
    figures : mapping
        What is in docs/measurements/drawings.json.
    page, sheet : Path
        Where to.
    """
    buffer = BytesIO()
    contact_sheet().save(buffer, "PNG", optimize=True)
    write_bytes(sheet, buffer.getvalue())
    write_bytes(page, _text(figures).encode())


def contact_sheet() -> Image.Image:
    """Return drawings side by side: the five supplied, some for each paper, the letters."""
    made = [*supplied_drawings(), *drawings(45, seed=0), *letters()]
    rows = -(-len(made) // _COLUMNS)
    step = _TILE + _GAP
    sheet = Image.new("RGB", (_COLUMNS * step + _GAP, rows * step + _GAP), (225, 225, 225))
    for number, drawing in enumerate(made):
        picture = Image.fromarray(drawing.image)
        if picture.mode == "RGBA":
            white = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(white, picture)
        picture = picture.convert("RGB")
        picture.thumbnail((_TILE, _TILE))
        row, column = divmod(number, _COLUMNS)
        left, top = _GAP + column * step, _GAP + row * step
        middle = ((_TILE - picture.width) // 2, (_TILE - picture.height) // 2)
        sheet.paste(picture, (left + middle[0], top + middle[1]))
    return sheet.quantize(128)


def _mean_sd(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def _text(figures: Mapping[str, Any]) -> str:
    readers = list(figures["ablation"])
    names = list(figures["ablation"][readers[0]])
    rows = [
        f"| {name} | " + " | ".join(_mean_sd(figures["ablation"][r][name]) for r in readers) + " |"
        for name in names
    ]
    changes = figures["changes"]
    columns = list(next(iter(changes.values())))
    changed = [
        f"| {change} | " + " | ".join(_mean_sd(values[c]) for c in columns) + " |"
        for change, values in changes.items()
    ]
    graded = figures["graded"]
    whole = [
        f"| `m4-{item}` | {sum(share >= 1 for share in shares)} of {len(shares)} | "
        f"{min(shares):.0%} |"
        for item, shares in graded["shares_of_points"].items()
    ]
    read = np.array(graded["accuracies"])
    spread = float(read.std(ddof=1))
    sets = f"{len(figures['seeds'])} sets of {figures['count']} drawings, a seed each"
    about = (
        "Assignment m4 needs drawings whose digit is known, in any number, and other ones for the "
        "grader than for students. `mnist_course/drawings/` makes them: strokes (`shapes.py`) are "
        "written by a hand that never does it twice the same way (`hand.py`), with a pen of some "
        f"width (`pen.py`), on one of {len(PAPERS)} grounds (`paper.py`: {', '.join(PAPERS)}). "
        "The seed is the drawing: the grader's seeds stand in hidden tests, its drawings are made "
        "in the trusted process, and only pictures, never labels, go to a student's function."
    )
    ablated = (
        f"Share of drawings that is read right: mean ± standard deviation over {sets}. The steps "
        "are those of the reference solution, taken from `source/m4/m4.ipynb`; what stands in for "
        "a step that is left out does the least that the next step needs (the first channel for "
        "`to_gray`, a square of 20 × 20 for `fit`, the upper left corner for `centre`)."
    )
    safe = (
        f"The checks of m4 with {len(figures['graded_seeds'])} other seeds than those of the "
        "hidden tests, on the reference solution."
    )
    ramp = (
        f"Accuracy on 40 drawings: {read.mean():.4f} ± {spread:.4f}, lowest {read.min():.3f}. The "
        f"last step of the ramp, .90, is {(read.mean() - 0.90) / max(spread, 1e-9):.1f} standard "
        "deviations below the mean."
    )
    origin = (
        f"`{figures['command']}`, {figures['date']}, {figures['machine']}, "
        f"{figures['cpu_seconds']:.0f} s of processor time."
    )
    caption = "Drawings: the five of the notebook first, then others, then letters"
    lines = [
        "# Drawings of digits, and what each step of their conversion is worth",
        about,
        f"![{caption}](images/{SHEET.name})",
        "## Ablation",
        ablated,
        _table("conversion", readers, rows),
        "## What the conversion takes away",
        "The changes of the robustness table, made to the drawings before conversion; given "
        f"reader, {sets}.",
        _table("change", columns, changed),
        "## How safe full points are for a right solution",
        safe,
        _table("item", ["all points", "fewest points"], whole),
        ramp,
        origin,
    ]
    return "\n\n".join(lines) + "\n"


def _table(first: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    head = f"| {first} | {' | '.join(columns)} |"
    return "\n".join([head, "|---|" + "--:|" * len(columns), *rows])
