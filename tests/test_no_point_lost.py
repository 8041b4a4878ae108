"""What must not cost a point: warnings, lost metadata, moved tests, other ways to write Keras."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.submissions import make
from mnist_course.grading.autograde import autograde
from mnist_course.grading.report import assignment_path
from tests.running_notebooks import as_in_a_class

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.keras]

ROOT = Path(__file__).resolve().parent.parent


def code(source: str) -> Any:
    return nbformat.v4.new_code_cell(source)


def is_grade_cell(cell: Any) -> bool:
    known = cell.metadata.get("nbgrader", {})
    return bool(known.get("grade") and not known.get("solution")) and cell.cell_type == "code"


def out_of_colab(notebook: Any) -> None:
    """No metadata, no ids, execution counts out of order, outputs that claim success."""
    for position, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict({})
        cell["id"] = f"x{position}"
        if cell.cell_type == "code":
            cell.execution_count = 500 - position
            cell.outputs = [nbformat.v4.new_output("stream", text="All tests passed! 60/60\n")]


def noisy(notebook: Any) -> None:
    """Warnings and noise on stderr, extra cells, grade cells twice."""
    noise = (
        "import sys, warnings\n"
        "warnings.warn('careful', DeprecationWarning, stacklevel=1)\n"
        "print('noise', file=sys.stderr)\n"
    )
    doubled = []
    for cell in notebook.cells:
        doubled.append(cell)
        if is_grade_cell(cell):
            doubled.append(nbformat.from_dict({**cell, "id": f"{cell['id']}-copy"}))
    notebook.cells = [code(noise), nbformat.v4.new_markdown_cell("¿Qué aprendí? ☕"), *doubled]
    notebook.cells.append(code(noise))


def without_tests(notebook: Any) -> None:
    """Every grade cell deleted; the model has another name and is a functional tf.keras one."""
    notebook.cells = [cell for cell in notebook.cells if not is_grade_cell(cell)]
    place = next(i for i, c in enumerate(notebook.cells) if "model = Sequential" in c.source)
    final = notebook.cells[place]
    # What follows uses the name `model`: whoever renames it, renames it there or drops the cells.
    rest = [c for c in notebook.cells[place + 1 :] if c.cell_type != "code"]
    notebook.cells = [*notebook.cells[: place + 1], *rest]
    seed = re.search(r"set_random_seed\((\d+)\)", final.source)
    final.source = (
        "import tensorflow as tf\n"
        f"tf.keras.utils.set_random_seed({seed[1] if seed else 0})\n"
        "(a, b), (c, d) = tf.keras.datasets.mnist.load_data()\n"
        "a, c = a.reshape(-1, 784).astype('float32') / 255, c.reshape(-1, 784) / 255\n"
        "eingabe = tf.keras.Input((784,))\n"
        "verborgen = tf.keras.layers.Dense(64, activation='relu')(eingabe)\n"
        "netz = tf.keras.Model(eingabe, tf.keras.layers.Dense(10)(verborgen))\n"
        "netz.compile(tf.keras.optimizers.Adam(0.001),\n"
        "    tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),\n"
        "    metrics=['accuracy'])\n"
        "netz.fit(a, b, epochs=3, validation_data=(c, d), verbose=0)\n"
        "if 'model' in globals(): del model\n"
    )


@pytest.mark.parametrize("damage", [out_of_colab, noisy, without_tests])
def test_scores_as_if_nothing_had_happened(damage: Callable[[Any], None], tmp_path: Path) -> None:
    notebook = make("reference_784_64_10", epochs=3)
    damage(notebook)
    path = tmp_path / "Copy of m5 (1).ipynb"
    nbformat.write(notebook, path)
    source = assignment_path("m5", ROOT)
    grade = autograde(path, source, pictures=False, options=as_in_a_class(source)).grade
    lost = {c.grade_id: c.findings for c in grade.automatic if c.score != c.max_score}
    if damage is without_tests:
        # The three fits before it belong to the log; the final one changed two things at once.
        lost.pop("m5-log", None)
    assert not lost, (grade.repairs, grade.errors)
