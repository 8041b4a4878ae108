"""The M6 notebook: its structure, its release, its solution, and what it says to wrong answers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.proofs.proof import Edit
from mnist_course.experiments.trials.shipped_lists.m6 import TRIALS
from tests.running_notebooks import findings_of, needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m6" / "m6.ipynb"
RELEASE = ROOT / "release" / "m6" / "m6.ipynb"
PARTS = ("epochs", "early-stopping", "optimizers", "batch-size", "activations")
ITEMS = {f"m6-{part}": 15 for part in PARTS}
MANUAL = {"m6-when-to-stop": 8, "m6-fair": 9, "m6-sentence": 8}
NAMES = {
    "m6-epochs": {"epochs_trials", "epochs_table", "epochs_figure", "epochs_claim"},
    "m6-early-stopping": {
        "adam_trials", "adam_table", "adam_claim", "sgd_trials", "sgd_table", "sgd_claim",
        "stopping_figure",
    },
    "m6-optimizers": {
        "optimizer_trials", "optimizer_table", "optimizer_figure", "optimizer_claim",
        "sweep_trials",
    },
    "m6-batch-size": {
        "equal_epochs_trials", "equal_epochs_table", "equal_epochs_claim",
        "equal_updates_trials", "equal_updates_table", "equal_updates_claim",
        "batch_figure", "gradient_noise",
    },
    "m6-activations": {
        "shallow_trials", "shallow_table", "shallow_claim", "deep_trials", "deep_table",
        "deep_claim", "activation_figure",
    },
}  # fmt: skip


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


@pytest.mark.parametrize("part", PARTS)
def test_every_task_has_all_its_parts_in_order(part: str, notebook: Any) -> None:
    places = {cell.id.removeprefix("m6-"): n for n, cell in enumerate(notebook.cells)}
    order = [
        f"{part}-{what}"
        for what in ("text", "picture", "guess", "how", "solution", "report", "plot", "wrong")
    ]
    found = [places[name] for name in order]
    assert found == sorted(found)
    assert places[f"{part}-report"] < places[part] < places[f"{part}-plot"]
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert "**Goal:**" in cells[f"m6-{part}-text"]
    assert "**Predict first.**" in cells[f"m6-{part}-guess"].replace(
        "**Predict first** (nobody marks this).", "**Predict first.**"
    )
    for words in ("**What could go wrong", "**Think about it.**", "**Stretch.**"):
        assert words in cells[f"m6-{part}-wrong"]


@pytest.mark.parametrize(
    "topic",
    [
        "control", "seed", "standard deviation", "fresh", "winner", "tie", "inconclusive",
        "EarlyStopping", "patience", "restore_best_weights", "test images", "momentum", "AdamW",
        "learning rate", "equal updates", "equal epochs", "gradient noise", "root of the batch",
        "vanishes", "relu", "tanh", "sigmoid", "elu", "softsign", "gelu", "generalise",
        "Gradescope",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(topic: str, notebook: Any) -> None:
    assert topic.lower() in text(notebook).lower()


def test_given_trials_are_listed_once_and_leave_own_seeds_to_students() -> None:
    listed = [(configuration, seed) for configuration, seeds in TRIALS for seed in seeds]
    assert len(listed) == len(set(listed))
    assert {seed for _, seed in listed} == {0, 1, 2, 3, 100, 101}
    # What chooses a learning rate does not judge it: the search has seeds of its own.
    searched = {configuration for configuration, seed in listed if seed >= 100}
    assert len(searched) == 12
    assert searched <= {configuration for configuration, seed in listed if seed < 100}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point_in_a_notebook(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+75 / 75", str(cells["m6-check"].outputs))
    # The longest run begins with the shorter ones, to the last digit.
    assert "the beginning of the longest one: 0\\n" in str(cells["m6-epochs-plot"].outputs)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    for part in PARTS:
        assert "yet" in str(cells[f"m6-{part}-plot"].outputs)
    assert "is not written yet" in str(cells["m6-noise-plot"].outputs)


WRONG = {
    "epochs-solution": (
        "BASE.but(epochs=20)",
        "BASE.but(epochs=10)",
        "what was trained has epochs 10",
    ),
    "early-stopping-solution": ("control.but(patience=5)", "control.but(patience=3)", "patience"),
    "optimizers-solution": (".idxmin()", ".idxmax()", "Give it 0.3."),
    "noise-solution": ("used.mean(axis=1)", "used.sum(axis=1)", "too large by the batch size"),
    "activations-solution": (
        "{name: DEEP.but(activation=name)",
        "{name: SHALLOW.but(activation=name)",
        "has hidden layers 1; asked for is 6",
    ),
}
"""For each task: what is replaced by what, and words of the feedback."""


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    edits = [Edit(f"m6-{cell}", old, new) for cell, (old, new, _) in WRONG.items()]
    found = findings_of(SOURCE, edits, tmp_path)
    for (cell, (_, _, words)), item in zip(WRONG.items(), ITEMS, strict=True):
        earned, told = found[item]
        assert 0 < earned < 15, f"{cell}: {earned} points, {told}"
        assert words in told, f"{cell}: {earned} points, {told}"


OTHER_STYLE = {
    # Trials in a dictionary, other names, another order, other seeds; a table of every trial.
    "epochs-solution": """
epochs_trials = {
    (n, seed): run(BASE.but(epochs=n), seed, arm=f"{n} Epochen")
    for n in (20, 5, 10)
    for seed in SEEDS[:0:-1]
}
""",
    "epochs-report": """
epochs_table = frame(epochs_trials.values())[["arm", "seed", "val_cross_entropy"]]
epochs_figure = sns.catplot(epochs_table, x="val_cross_entropy", y="arm", kind="strip").figure
epochs_claim = verdict(list(epochs_trials.values()), "val_cross_entropy", margin=0.01).claim
""",
    # The course's own summary; one figure with bars over the range.
    "early-stopping-report": """
from mnist_course.experiments import summary

adam_table = summary(adam_trials, "test_cross_entropy").round(4)
sgd_table = summary(sgd_trials, "test_cross_entropy").round(4)
stopping_figure, axes = plt.subplots()
for trials in (adam_trials, sgd_trials):
    for trial in trials:
        axes.plot(trial.arm, trial.measured["test_cross_entropy"], "k.")
axes.set(xlabel="Geduld", ylabel="Kreuzentropie (Test)")
adam_claim = Claim("tie", ["patience 5", "patience 3"], "test_cross_entropy")
sgd_claim = Claim("tie", ["patience 5", "patience 3"], "test_cross_entropy")
""",
    # A figure drawn from the axes, an error bar for each arm; the table turned round.
    "optimizers-report": """
data = frame(optimizer_trials)
means, spreads = (data.groupby("arm")[METRIC].agg(how) for how in ("mean", "std"))
optimizer_table = pd.DataFrame({"Mittel": means, "Streuung": spreads}).T
optimizer_figure, axes = plt.subplots()
axes.errorbar(list(means.index), means, yerr=spreads, fmt="o", capsize=3)
axes.set_xlabel("optimizer")
axes.set_ylabel("cross-entropy")
optimizer_claim = verdict(optimizer_trials, METRIC, margin=0.01).claim
""",
    "noise-solution": """
import numpy


def gradient_noise(gradients, batch_size):
    batches = [
        gradients[start : start + batch_size]
        for start in range(0, len(gradients) - batch_size + 1, batch_size)
    ]
    means = numpy.array([batch.mean(0) for batch in batches])
    return means.var(axis=0).sum() ** 0.5
""",
    "batch-size-solution": """
equal_epochs_trials, equal_updates_trials = [], []
for size in (128, 32, 8):
    arm = f"Bündel {size}"
    for seed in SEEDS:
        equal_epochs_trials.append(run(BASE.but(batch_size=size), seed, arm=arm))
        more = BASE.but(batch_size=size, updates=UPDATES, epochs=20)
        equal_updates_trials.append(run(more, seed, arm=arm))
""",
}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_another_style_earns_every_point(tmp_path: Path) -> None:
    edits = tuple(Edit(f"m6-{cell}", None, new) for cell, new in OTHER_STYLE.items())
    found = findings_of(SOURCE, edits, tmp_path)
    assert {item: points for item, (points, _) in found.items()} == ITEMS, found
