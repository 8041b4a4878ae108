"""The M3 notebook: its structure, its release, its solution, and what it says to wrong answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.proofs.proof import Edit
from tests.running_notebooks import findings_of, needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m3" / "m3.ipynb"
RELEASE = ROOT / "release" / "m3" / "m3.ipynb"
ITEMS = {
    "m3-parameters": 5,
    "m3-model": 15,
    "m3-accuracy": 15,
    "m3-curves": 5,
    "m3-probabilities": 5,
    "m3-confusion-matrix": 15,
    "m3-most-confused": 10,
    "m3-mistake": 5,
}
MANUAL = {"m3-reading-curves": 7, "m3-why-confused": 8, "m3-trust": 10}
NAMES = {
    "m3-parameters": {"my_parameters"},
    "m3-model": {"model", "log"},
    "m3-accuracy": {"model", "log"},
    "m3-curves": {"curves", "model", "log"},
    "m3-probabilities": {"probabilities", "model", "log"},
    "m3-confusion-matrix": {"confusion", "model", "log"},
    "m3-most-confused": {"most_confused", "model", "log"},
    "m3-mistake": {"mistake", "model", "log"},
}


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (75, 25)


def test_a_grade_cell_needs_its_answer_and_no_other() -> None:
    assert needed_names(SOURCE) == NAMES


@pytest.mark.parametrize(
    "part", ["parameters", "network", "curves", "probabilities", "confusion", "most-confused",
             "mistake"],
)  # fmt: skip
def test_every_task_has_all_its_parts_in_order(part: str, notebook: Any) -> None:
    places = {cell.id.removeprefix("m3-"): n for n, cell in enumerate(notebook.cells)}
    order = [f"{part}-{what}" for what in ("text", "picture", "guess", "solution", "plot", "wrong")]
    found = [places[name] for name in order]
    assert found == sorted(found)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert "**Goal:**" in cells[f"m3-{part}-text"]
    assert "**Predict first.**" in cells[f"m3-{part}-guess"]
    for words in ("**What could go wrong", "**Think about it.**", "**Stretch.**"):
        assert words in cells[f"m3-{part}-wrong"]


@pytest.mark.parametrize(
    "topic",
    [
        "Sequential", "Input", "Flatten", "Dense", "compile", "fit", "evaluate", "predict",
        "sparse_categorical_crossentropy", "validation", "a batch of one", "784-128-10",
        "tensorflow.keras", "argmax", "diagonal", "calibrated", "Gradescope", "97 %", "softmax",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(topic: str, notebook: Any) -> None:
    assert topic.lower() in text(notebook).lower()


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point_in_a_notebook(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+75 / 75", str(cells["m3-check"].outputs))


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "still the small network" in str(cells["m3-network-solution"].outputs)
    assert "no rows of three numbers yet" in str(cells["m3-most-confused-plot"].outputs)


WRONG = {
    "m3-parameters": ("784 * 128 + 128", "784 * 128", 2, "Each of the 128 units also has a bias"),
    "m3-network": ('"softmax"', '"sigmoid"', 11, "no probabilities"),
    "m3-curves": ('[f"val_{metric}"]', "[metric]", 0, "validation counterpart is missing"),
    "m3-probabilities": ("model.predict", "small.predict", 2, "belong to another network"),
    "m3-confusion": ("[true_digit, answer]", "[answer, true_digit]", 5, "columns are swapped"),
    "m3-most-confused": (" if i != j]", "]", 0, "On the diagonal stand the right answers"),
    "m3-mistake": ("index = 9729", "index = int(confidence.argmax())", 0, "that is no mistake"),
}
"""For each task: what is replaced by what, the points then, and words of the feedback."""


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    edits = [Edit(f"{part}-solution", old, new) for part, (old, new, _, _) in WRONG.items()]
    edits.append(Edit("m3-network-solution", "epochs=10", "epochs=2"))
    found = findings_of(SOURCE, edits, tmp_path)
    graded_as = {"m3-network": "m3-model", "m3-confusion": "m3-confusion-matrix"}
    for part, (_, _, left, words) in WRONG.items():
        earned, told = found[graded_as.get(part, part)]
        assert (earned, words in told) == (left, True), f"{part}: {earned} points, {told}"
    earned, told = found["m3-accuracy"]
    assert 0 < earned < 15
    assert "train it longer" in told


OTHER_STYLE = {
    "m3-parameters": "my_parameters = [785 * 128, 129 * 10, 785 * 128 + 129 * 10]",
    "m3-network": """
import tensorflow as tf

keras.utils.set_random_seed(SEED)
inputs = tf.keras.Input(shape=(28, 28, 1), name="picture")
x = tf.keras.layers.Reshape((784,))(inputs)
x = tf.keras.layers.Dense(128)(x)
x = tf.keras.layers.ReLU()(x)
mein_netz = tf.keras.Model(inputs, tf.keras.layers.Dense(10)(x))
loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
mein_netz.compile(tf.keras.optimizers.Adam(), loss, metrics=["accuracy"])
mein_netz.fit(x_train[..., None], y_train, 128, 6, validation_split=0.1, verbose=0)
history = mein_netz.fit(x_train[..., None], y_train, 128, 4, validation_split=0.1, verbose=0)
model = mein_netz
""",
    "m3-curves": """
import pandas as pd

curves = pd.DataFrame(history.history)[["loss", "val_loss"]].plot(title="Verlust").figure
curves.axes[0].set_xlabel("Epoche")
""",
    "m3-probabilities": """
import pandas as pd
import tensorflow as tf

probabilities = pd.DataFrame(tf.nn.softmax(model.predict(x_test, verbose=0)).numpy().round(3))
""",
    "m3-confusion": """
import pandas as pd

confusion = pd.crosstab(y_test, answers, margins=True)
""",
    "m3-most-confused": """
import pandas as pd

listed = pd.DataFrame(confusion.iloc[:10, :10].to_numpy()).stack()
listed = listed[[true != said for true, said in listed.index]]
most_confused = listed.sort_values(ascending=False).head(10).reset_index()
""",
    "m3-mistake": """
mistake = [
    {
        "index": i, "true": y_test[i], "said": answers[i], "probability": confidence[i].round(2),
        "why": "Die untere Schlaufe ist geschlossen, und der Strich oben ist lang.",
    }
    for i in mistakes.indices[:3]
]
""",
}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_another_style_earns_every_point(tmp_path: Path) -> None:
    edits = tuple(Edit(f"{part}-solution", None, new) for part, new in OTHER_STYLE.items())
    found = findings_of(SOURCE, edits, tmp_path)
    assert {item: points for item, (points, _) in found.items()} == ITEMS, found
