"""The M8 notebook: its structure, its release, its solution, and what it says to wrong answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.proofs.proof import Edit
from mnist_course.experiments import Claim
from mnist_course.experiments.studies.verdict import supports
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.shipped_lists import m8 as shipped_list
from mnist_course.experiments.trials.shipping import FOLDER, listed, missing
from tests.running_notebooks import findings_of, needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m8" / "m8.ipynb"
RELEASE = ROOT / "release" / "m8" / "m8.ipynb"
ITEMS = {
    "m8-shapes": 10,
    "m8-digits": 15,
    "m8-size": 5,
    "m8-comparison": 10,
    "m8-shift": 10,
    "m8-clothes": 15,
    "m8-augmentation": 10,
}
MANUAL = {"m8-what-for": 9, "m8-looks-at": 8, "m8-legal": 8}
NAMES = {
    "m8-shapes": {"output_side", "conv_parameters"},
    "m8-digits": {"model", "log"},
    "m8-size": {"model", "log"},
    "m8-comparison": {"comparison_trials", "comparison_claim"},
    "m8-shift": {"shift", "robustness", "dense_net", "model", "log"},
    "m8-clothes": {"fashion_model", "log"},
    "m8-augmentation": {"clothes_changes", "digit_changes"},
}

SECONDS = 1_800.0  # for the grader, on a machine that does other things too


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


@pytest.fixture(scope="module")
def cells(notebook: Any) -> dict[str, str]:
    return {cell.id: cell.source for cell in notebook.cells}


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (75, 25)


def test_a_grade_cell_needs_its_answer_and_no_other() -> None:
    assert needed_names(SOURCE) == NAMES


@pytest.mark.parametrize(
    "part", ["shapes", "digits", "comparison", "shift", "clothes", "augmentation"]
)
def test_every_task_has_all_its_parts_in_order(part: str, notebook: Any) -> None:
    places = {cell.id.removeprefix("m8-"): n for n, cell in enumerate(notebook.cells)}
    order = [f"{part}-{what}" for what in ("text", "picture", "guess", "solution", "plot", "wrong")]
    found = [places[name] for name in order]
    assert found == sorted(found)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert "**Goal:**" in cells[f"m8-{part}-text"]
    assert "**Predict first.**" in cells[f"m8-{part}-guess"].replace(
        "**Predict first** (nobody marks this).", "**Predict first.**"
    )
    for words in ("**What could go wrong", "**Think about it.**", "**Stretch.**"):
        assert words in cells[f"m8-{part}-wrong"]


@pytest.mark.parametrize(
    "topic",
    [
        "kernel", "stride", "padding", "pooling", "channels", "feature map", "filter", "Flatten",
        "occlusion", "Fashion-MNIST", "RandomFlip", "RandomTranslation", "RandomRotation",
        "RandomZoom", "legal", "60,000 parameters", "98.8 %", "88.5 %", "CosineDecay", "winner",
        "tie", "inconclusive", "shipped", "np.roll", "Gradescope",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(topic: str, cells: dict[str, str]) -> None:
    assert topic.lower() in "\n".join(cells.values()).lower()


def test_the_thresholds_in_prose_are_those_of_the_checks(cells: dict[str, str]) -> None:
    assert "0.988: 15" in cells["m8-digits"]
    assert "at least 98.8 %" in cells["m8-digits-text"]
    assert "at_most=60_000" in cells["m8-size"]
    assert "0.885: 15" in cells["m8-clothes"]
    assert "at least 88.5 %" in cells["m8-clothes-text"]
    assert f"{4 / 28:.0%}" == "14%"
    assert "4 pixels (14 % of the side)" in cells["m8-shift-guess"]


def test_the_trials_of_the_notebook_are_given_with_it(cells: dict[str, str]) -> None:
    assert missing(listed("m8"), FOLDER / "m8.json.gz") == ""
    for text, base in (
        ("BASE = Configuration(train_rows=6_000, hidden=(31,), epochs=8)", shipped_list.DENSE),
        (
            "Configuration(train_rows=2_000, conv=(8, 16), hidden=(30,), epochs=20)",
            shipped_list.DIGITS,
        ),
    ):
        assert text in "\n".join(cells.values())
        rows, epochs = (int(re.sub("_", "", n)) for n in re.findall(r"=(\d[\d_]*)[,)]", text))
        assert (base.train_rows, base.epochs) == (rows, epochs)
    dense = shipped_list.DENSE
    for configuration in (
        dense,
        dense.but(conv=(8,), hidden=(16,)),
        dense.but(conv=(8, 16), hidden=(30,)),
        *(
            shipped_list.DIGITS.but(dataset=dataset, augmentation=changes)
            for dataset in ("mnist", "fashion_mnist")
            for changes in ((), ("flip",), ("shift",), ("flip", "shift"))
        ),
    ):
        assert all(shipped(configuration, seed) is not None for seed in range(4))


def test_the_claim_of_the_solution_follows_from_the_shipped_trials() -> None:
    dense = shipped_list.DENSE
    arms = {
        "no convolution": dense,
        "one convolution": dense.but(conv=(8,), hidden=(16,)),
        "two convolutions": dense.but(conv=(8, 16), hidden=(30,)),
    }
    trials = [
        trial.named(arm)
        for arm, configuration in arms.items()
        for seed in range(4)
        if (trial := shipped(configuration, seed)) is not None
    ]
    assert len(trials) == 12
    assert supports(trials, Claim("winner", "two convolutions"), 0.005) is None
    sizes = {trial.fit.parameters for trial in trials}
    assert max(sizes) < 1.03 * min(sizes)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point_in_a_notebook(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+75 / 75", str(cells["m8-check"].outputs))


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "still the dense network" in str(cells["m8-digits-solution"].outputs)
    assert "not written yet" in str(cells["m8-shift"].outputs)
    # Every trial of the text was given; nothing was trained for it.
    assert not list((tmp_path / "trials").glob("*.json*"))


WRONG = {
    "m8-shapes": (
        ("m8-shapes-solution", "(side - kernel) // stride + 1", "(side - kernel) // stride"),
        4, "Count the first position",
    ),
    "m8-digits": (
        ("m8-digits-solution", "batch, epochs = 64, 6", "batch, epochs = 256, 1"),
        None, "a learning rate that falls",
    ),
    "m8-comparison": (
        (
            "m8-comparison-solution",
            '"winner", "two convolutions"',
            '"winner", "one convolution"',
        ),
        8, "has the better",
    ),
    "m8-shift": (
        ("m8-shift-solution", '("conv", model)', '("conv", dense_net)'), 7, "one and the same",
    ),
    "m8-clothes": (
        (
            "m8-clothes-solution", "x_clothes, y_clothes, batch",
            "x_clothes_test, y_clothes_test, batch",
        ),
        0, "images of the test set",
    ),
    "m8-augmentation": (
        ("m8-augmentation-solution", 'RandomFlip("horizontal")', "RandomFlip()"),
        7.5, "upside down",
    ),
}  # fmt: skip
"""For each item: what is replaced by what, the points then (None: some, not all), and words of the
feedback."""


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    found = findings_of(
        SOURCE, [Edit(*edit) for edit, _, _ in WRONG.values()], tmp_path, deadline_seconds=SECONDS
    )
    for item, (_, left, words) in WRONG.items():
        earned, told = found[item]
        assert words in told, f"{item}: {earned} points, {told}"
        assert earned == left if left is not None else 0 <= earned < ITEMS[item], f"{item}: {told}"


OTHER_STYLE = {
    "m8-shapes-solution": """
def output_side(seite, kern, schritt, rand):
    return len(range(0, seite if rand == "same" else seite - kern + 1, schritt))


conv_parameters = lambda kern, kanaele, filter: kern**2 * kanaele * filter + filter
""",
    "m8-digits-solution": """
import tensorflow as tf

keras.utils.set_random_seed(SEED)
eingang = tf.keras.Input(shape=(28, 28))
x = tf.keras.layers.Reshape((28, 28, 1))(eingang)
x = tf.keras.layers.Conv2D(16, (3, 3))(x)
x = tf.keras.layers.ReLU()(x)
x = tf.keras.layers.MaxPool2D()(x)
x = tf.keras.layers.Conv2D(32, 3, activation=tf.nn.relu)(x)
x = tf.keras.layers.MaxPool2D()(x)
x = tf.keras.layers.Flatten()(x)
x = tf.keras.layers.Dense(64, "relu")(x)
model = tf.keras.Model(eingang, tf.keras.layers.Dense(10)(x))
plan = tf.keras.optimizers.schedules.CosineDecay(0.002, 6 * 860)
verlust = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(tf.keras.optimizers.Adam(plan), verlust, metrics=["accuracy"])
daneben = (x_val[..., 0], y_val)
history = model.fit(x_train[..., 0], y_train, 64, 6, validation_data=daneben, verbose=0)
""",
    "m8-comparison-solution": """
from mnist_course.experiments import run

netze = {
    "zwei": BASE.but(conv=[8, 16], hidden=[30]),
    "dicht": BASE,
    "eins": BASE.but(conv=[8], hidden=[16]),
}
comparison_trials = tuple(
    run(netz, seed=s, arm=name) for s in (2, 0, 4 + SEED) for name, netz in netze.items()
)
comparison_claim = verdict(comparison_trials, "val_accuracy", margin=0.005).claim
""",
    "m8-shift-solution": """
import pandas as pd

PIXELS = (0, 1, 2, 3, 4, 6)
x_some, y_some = x_test[:1_000], y_test[:1_000]


def shift(bilder, right, down):
    rest = [(0, 0)] * (bilder.ndim - 3)
    gross = np.pad(bilder, [(0, 0), (30, 30), (30, 30), *rest])
    h, b = bilder.shape[1:3]
    return gross[:, 30 - down : 30 - down + h, 30 - right : 30 - right + b]


def genau(netz, n):
    form = (-1, *netz.input_shape[1:])
    alle = [shift(x_some, *m).reshape(form) for m in ((n, 0), (-n, 0), (0, n), (0, -n))]
    gesagt = [netz.predict(x, verbose=0).argmax(axis=1) for x in alle]
    return 100 * np.mean([(antworten == y_some).mean() for antworten in gesagt])


netze = {"conv": model, "dense": dense_net}
robustness = pd.DataFrame({name: [genau(netz, n) for n in PIXELS] for name, netz in netze.items()})
""",
    "m8-clothes-solution": """
keras.utils.set_random_seed(SEED)
roh, klassen = (x_clothes * 255).round(), keras.utils.to_categorical(y_clothes)
fashion_model = Sequential([Input((28, 28, 1)), keras.layers.Rescaling(1 / 255)])
for filters in (16, 32):
    fashion_model.add(Conv2D(filters, 3, activation="relu"))
    fashion_model.add(MaxPooling2D())
fashion_model.add(Flatten())
fashion_model.add(Dense(64, activation="relu"))
fashion_model.add(Dense(10, activation="softmax"))
adam = keras.optimizers.Adam(CosineDecay(0.002, 5 * 860))
fashion_model.compile(adam, "categorical_crossentropy", metrics=["accuracy"])
fashion_history = fashion_model.fit(roh, klassen, batch_size=64, epochs=5, verbose=0)
""",
    "m8-augmentation-solution": """
eingang = keras.Input((28, 28, 1))
gedreht = RandomRotation((-0.02, 0.02))(RandomFlip(mode="horizontal")(eingang))
clothes_changes = keras.Model(eingang, gedreht)
geschoben = RandomTranslation((-0.1, 0.1), 0.1)
digit_changes = Sequential([Input((28, 28, 1)), RandomZoom(0.1), geschoben])
""",
}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_another_style_earns_every_point(tmp_path: Path) -> None:
    edits = tuple(Edit(cell, None, new) for cell, new in OTHER_STYLE.items())
    found = findings_of(SOURCE, edits, tmp_path, deadline_seconds=SECONDS)
    assert {item: points for item, (points, _) in found.items()} == ITEMS, found
