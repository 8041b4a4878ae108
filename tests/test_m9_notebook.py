"""The M9 notebook: its structure, its release, its solution, and what it says to wrong answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.proofs.proof import Edit
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.shipped_lists import m9 as shipped_list
from mnist_course.proof.reference import reference
from tests.running_notebooks import findings_of, needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m9" / "m9.ipynb"
RELEASE = ROOT / "release" / "m9" / "m9.ipynb"
ITEMS = {
    "m9-contract": 10,
    "m9-errors": 15,
    "m9-pca": 10,
    "m9-comparison": 10,
    "m9-dimension": 10,
    "m9-probe": 10,
    "m9-capstone": 5,
}
MANUAL = {"m9-map": 8, "m9-meaning": 10, "m9-report": 12}
NAMES = {
    "m9-contract": {"encoder", "decoder", "autoencoder"},
    "m9-errors": {"errors", "autoencoders", "log"},
    "m9-pca": {"pca_errors"},
    "m9-comparison": {"autoencoders"},
    "m9-dimension": {"elbow", "dimension", "curve", "pca_curve", "variance"},
    "m9-probe": {"code_encoder", "probe", "autoencoders", "given_autoencoder", "log"},
    "m9-capstone": {"capstone"},
}


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (70, 30)


def test_a_grade_cell_needs_its_answer_and_what_was_given() -> None:
    assert needed_names(SOURCE) == NAMES


@pytest.mark.parametrize("part", ["contract", "errors", "pca", "dimension", "probe", "capstone"])
def test_every_task_has_all_its_parts_in_order(part: str, notebook: Any) -> None:
    places = {cell.id.removeprefix("m9-"): n for n, cell in enumerate(notebook.cells)}
    order = [f"{part}-{what}" for what in ("text", "picture", "guess", "solution")]
    order += [part, f"{part}-plot", f"{part}-wrong"]
    found = [places[name] for name in order]
    assert found == sorted(found)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert "**Goal:**" in cells[f"m9-{part}-text"]
    assert "**Predict first" in cells[f"m9-{part}-guess"]
    for words in ("**What could go wrong", "**Think about it.**", "**Stretch.**"):
        assert words in cells[f"m9-{part}-wrong"]


@pytest.mark.parametrize(
    "topic",
    [
        "encoder", "decoder", "PCA", "intrinsic dimension", "elbow", "linear probe", "mean image",
        "PerLayerLearningRate", "layer_rates", "error analysis", "distillation", "ensembling",
        "calibration", "nearest neighbours", "control", "spread", "Gradescope", "no labels",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(topic: str, notebook: Any) -> None:
    assert topic.lower() in text(notebook).lower()


def test_the_trials_of_the_notebook_are_those_that_are_shipped(notebook: Any) -> None:
    namespace: dict[str, Any] = {"Configuration": Configuration}
    for name in ("AUTOENCODER", "BASE"):
        written = re.search(rf"^{name} = Configuration\((.|\n)*?\n?\)$", text(notebook), re.M)
        assert written is not None
        exec(written[0], namespace)  # the instructor's own line
        assert namespace[name] == getattr(shipped_list, name)
    assert f"LENGTHS = {shipped_list.LENGTHS}" in text(notebook)
    for rates in re.findall(r"layer_rates=(\(.*?\))", text(notebook)):
        assert tuple(map(float, rates.strip("()").split(","))) in shipped_list.RATES


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point_in_a_notebook(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+70 / 70", str(cells["m9-check"].outputs))


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "`build_autoencoder` is not written yet" in str(cells["m9-contract-plot"].outputs)
    assert "given, until yours is complete" in str(cells["m9-curve"].outputs)
    assert "a given one is trained" in str(cells["m9-mapping"].outputs)


WRONG = {
    "m9-contract": (
        "encoder, decoder = decoder, encoder",
        0,
        "`encoder` takes inputs of the shape (16,); it should take (28, 28)",
    ),
    "m9-errors": (
        "errors = {k: 784 * error for k, error in errors.items()}",
        7,
        "the sum over the 784 pixels",
    ),
    "m9-pca": (
        "pca_errors = {k: 1 - pca_errors[k] / 0.0671 for k in LENGTHS}",
        0,
        "share of the variance",
    ),
    "m9-dimension": (
        'dimension = {"autoencoder": 10, "PCA": 64}',
        6,
        "by the rule your curve says",
    ),
    "m9-probe": ("code_encoder, probe = encoders[2], None", 0, "`probe` is still None"),
    "m9-capstone": (
        'capstone["results"] = {"one rate": capstone["results"]["one rate"]}',
        1,
        "one arm",
    ),
}
"""For each task: a line at the end of its cell, the points then, and words of the feedback."""


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    answers = reference(SOURCE)
    sources = {cell["id"]: "".join(cell["source"]) for cell in answers["cells"]}
    edits = tuple(
        Edit(f"{part}-solution", None, f"{sources[f'{part}-solution']}\n{line}\n")
        for part, (line, _, _) in WRONG.items()
    )
    found = findings_of(SOURCE, edits, tmp_path)
    for part, (_, left, words) in WRONG.items():
        earned, told = found[part]
        assert (earned, words in told) == (left, True), f"{part}: {earned} points, {told}"
    assert found["m9-comparison"][0] == 10


OTHER_STYLE = {
    "m9-contract": """
import tensorflow as tf


def bauen(k):
    bild = tf.keras.Input((784,))
    x = tf.keras.layers.Dense(128)(bild)
    x = tf.keras.layers.LeakyReLU()(x)
    kodierer = tf.keras.Model(bild, tf.keras.layers.Dense(k, name="code")(x))
    code = tf.keras.Input((k,))
    y = tf.keras.layers.Dense(128, activation="elu")(code)
    dekodierer = tf.keras.Model(code, tf.keras.layers.Dense(784, activation="sigmoid")(y))
    beides = tf.keras.Model(bild, dekodierer(kodierer(bild)))
    beides.compile("adam", tf.keras.losses.MeanSquaredError())
    return kodierer, dekodierer, beides


encoder, decoder, autoencoder = bauen(16)
""",
    "m9-errors": """
autoencoders, encoders, errors = {}, {}, {}
flach = x_train.reshape(-1, 784)
for k in LENGTHS:
    keras.utils.set_random_seed(SEED + 5)
    encoders[k], _, netz = bauen(k)
    netz.fit(flach, flach, 50, 8, verbose=0)
    autoencoders[k] = netz
    bilder = netz.predict(x_val.reshape(-1, 784), verbose=0)
    errors[str(k)] = np.square(bilder - x_val.reshape(-1, 784)).mean()
""",
    "m9-pca": """
alle = PCA(64, svd_solver="randomized", random_state=0).fit(x_train.reshape(-1, 784))
z = alle.transform(x_val.reshape(-1, 784))
pca_errors = {}
for k in LENGTHS:
    back = z[:, :k] @ alle.components_[:k] + alle.mean_
    pca_errors[np.int64(k)] = ((back.reshape(-1, 28, 28) - x_val) ** 2).mean()
""",
    "m9-dimension": """
def elbow(errors, variance):
    k = np.array(sorted(errors))
    share = 1 - np.array([errors[i] for i in k]) / variance
    steep = np.flatnonzero(np.diff(share) / np.diff(np.log2(k)) >= 0.05)
    if len(steep) == 0:
        return int(k[0])
    return None if steep[-1] == len(k) - 2 else k[steep[-1] + 1]


dimension = {"PCA": elbow(pca_curve, variance), "autoencoder": elbow(curve, variance)}
""",
    "m9-probe": """
code_encoder = encoders[64]
probe = Sequential([
    Input((64,)),
    keras.layers.BatchNormalization(),
    Dense(10),
])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
probe.compile("adam", loss)
probe.fit(code_encoder.predict(x_train.reshape(-1, 784), verbose=0), y_train, epochs=15, verbose=0)
""",
    "m9-capstone": """
from sklearn.linear_model import LogisticRegression

einzeln, gemeinsam = [], []
for seed in range(3):
    rng = np.random.default_rng(seed)
    stimmen = []
    for _ in range(3):
        rows = rng.choice(2_000, 2_000)
        fitted = LogisticRegression(max_iter=30).fit(flat[rows], y_train[rows])
        stimmen.append(fitted.predict_proba(x_val.reshape(-1, 784)))
    einzeln.append((stimmen[0].argmax(axis=1) == y_val).mean())
    gemeinsam.append((np.mean(stimmen, axis=0).argmax(axis=1) == y_val).mean())
besser = min(np.subtract(gemeinsam, einzeln)) > 0
capstone = {
    "topic": "Ensembling",
    "question": "Sind drei lineare Modelle zusammen besser als eines?",
    "prediction": "Ja, denn ihre Fehler liegen an verschiedenen Stellen.",
    "metric": "accuracy",
    "better": "higher",
    "control": "eines",
    "results": {"eines": einzeln, "drei": np.array(gemeinsam)},
    "claim": Claim("winner", "drei") if besser else Claim("inconclusive"),
    "limits": "Nur 2.000 Bilder und lineare Modelle; Netze wurden hier nicht untersucht.",
}
""",
}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_another_style_earns_every_point(tmp_path: Path) -> None:
    edits = tuple(Edit(f"{part}-solution", None, new) for part, new in OTHER_STYLE.items())
    found = findings_of(SOURCE, edits, tmp_path)
    assert {item: points for item, (points, _) in found.items()} == ITEMS, found
