"""The M7 notebook: its structure, its release, its solution, and what it says to wrong answers."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from examples.proofs.proof import Edit
from mnist_course.checks.capacity.formulas import count_parameters, width_for
from mnist_course.experiments import Claim, Configuration, Design
from mnist_course.experiments.studies.verdict import supports
from mnist_course.experiments.trials.shipped import read, shipped
from mnist_course.experiments.trials.shipped_lists import m7 as shipped_list
from mnist_course.experiments.trials.shipping import FOLDER, listed, missing
from mnist_course.experiments.validity.possible_record import (
    check_asked_is_done,
    check_measured,
    check_possible,
)
from tests.running_notebooks import findings_of, needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m7" / "m7.ipynb"
RELEASE = ROOT / "release" / "m7" / "m7.ipynb"
ITEMS = {
    "m7-formula": 15,
    "m7-depth": 12,
    "m7-depth-plot": 5,
    "m7-width": 8,
    "m7-dropout": 10,
    "m7-cross-entropy": 10,
    "m7-norm": 5,
    "m7-l2-plot": 5,
    "m7-weights": 5,
}
MANUAL = {"m7-depth-or-width": 8, "m7-regularisers": 10, "m7-capacity": 7}
NAMES = {
    "m7-formula": {"count_parameters", "width_for"},
    "m7-depth": {"depth_trials", "depth_claim"},
    "m7-depth-plot": {"depth_figure", "depth_shown"},
    "m7-width": {"width_trials", "width_claim"},
    "m7-dropout": {"dropout_trials", "dropout_table", "dropout_claim"},
    "m7-cross-entropy": {"penalty", "l2_trials", "l2_table", "l2_claim"},
    "m7-norm": {"weight_norm", "l2_trials", "l2_table"},
    "m7-l2-plot": {"l2_figure", "l2_shown"},
    "m7-weights": {"unit_images", "first_layer_share"},
}


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


@pytest.mark.parametrize("part", ["formula", "depth", "width", "dropout", "l2", "weights"])
def test_every_task_has_all_its_parts_in_order(part: str, notebook: Any) -> None:
    places = {cell.id.removeprefix("m7-"): n for n, cell in enumerate(notebook.cells)}
    order = [f"{part}-{what}" for what in ("text", "picture", "guess", "solution", "plot", "wrong")]
    found = [places[name] for name in order]
    assert found == sorted(found)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert "**Goal:**" in cells[f"m7-{part}-text"]
    assert any(
        "**Predict first.**" in cells.get(f"m7-{part}-{guess}", "")
        for guess in ("guess", "guess-text")
    )
    for words in ("**What could go wrong", "**Think about it.**", "**Stretch.**"):
        assert words in cells[f"m7-{part}-wrong"]


@pytest.mark.parametrize(
    "topic",
    [
        "cross-entropy", "penalty", "kernel_regularizer", "control", "seed", "winner", "tie",
        "inconclusive", "hidden layers", "capacity", "by heart", "dropout", "learning rate",
        "validation", "Gradescope", "AdamW", "early stopping", "shuffled labels",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(topic: str, cells: dict[str, str]) -> None:
    assert topic.lower() in "\n".join(cells.values()).lower()


def test_the_trials_that_the_notebook_asks_for_are_given_with_it(cells: dict[str, str]) -> None:
    assert missing(listed("m7"), FOLDER / "m7.json.gz") == ""
    asked = ast.parse(cells["m7-study"]).body[0]
    assert isinstance(asked, ast.Assign)
    assert isinstance(asked.value, ast.Call)
    base = Configuration(
        **{k.arg: ast.literal_eval(k.value) for k in asked.value.keywords if k.arg}
    )
    assert base == shipped_list.BASE
    depths = [base.but(hidden=(width_for(k, 50_000),) * k) for k in (1, 2, 3, 4, 5)]
    others = [
        *(base.but(train_rows=rows, epochs=90_000 // rows) for rows in (1_500, 3_000, 6_000)),
        *(base.but(hidden=(width,)) for width in (8, 32, 128, 512)),
        *(base.but(dropout=rate) for rate in (0.0, 0.1, 0.3)),
        *(base.but(l2=strength) for strength in (0.0, 0.0001, 0.001, 0.01)),
    ]
    for configuration in (*depths, *others):
        assert all(shipped(configuration, seed) is not None for seed in range(4))


def test_the_trials_that_are_given_do_not_contradict_themselves() -> None:
    trials = list(read(FOLDER / "m7.json.gz"))
    for check in (check_possible, check_measured, check_asked_is_done):
        assert check(trials, Design("depth")) == []


def test_the_example_is_what_its_text_says() -> None:
    arms = {
        f"{rows:,} images": shipped_list.BASE.but(train_rows=rows, epochs=90_000 // rows)
        for rows in (1_500, 3_000, 6_000)
    }
    trials = [
        trial.named(arm)
        for arm, configuration in arms.items()
        for seed in range(4)
        if (trial := shipped(configuration, seed)) is not None
    ]
    assert len({trial.fit.steps for trial in trials}) == 1  # "equally many updates"
    assert {trial.fit.steps for trial in trials} == {trial.measured["updates"] for trial in trials}
    claim = Claim("winner", "6,000 images", metric="val_cross_entropy")
    assert supports(trials, claim, 0.01) is None


def test_the_prose_counts_parameters_correctly(cells: dict[str, str]) -> None:
    assert "more than sixty parameters for each" in cells["m7-width-text"]
    assert 60 < count_parameters(1, 512) / 6_000 < 70


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point_in_a_notebook(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == ITEMS
    assert re.search(r"total\s+75 / 75", str(cells["m7-check"].outputs))


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "not written yet" in str(cells["m7-l2-split"].outputs)
    # Nothing was trained beside the small networks of the text: every trial was given.
    assert not list((tmp_path / "trials").glob("*.json*"))


WRONG = {
    "m7-formula": (
        ("m7-formula-solution", "return min(", "return below\n    return min("),
        11, "take the one that comes closer",
    ),
    "m7-depth": (("m7-depth-solution", "seeds=SEEDS", "seeds=SEEDS[:-1]"), 10.5, "your own"),
    "m7-depth-plot": (
        ("m7-depth-plot-solution", 'xlabel="arm", ylabel="validation cross-entropy"', ""),
        3.75, "Neither axis has a name",
    ),
    "m7-width": (("m7-width-solution", "(width,)", "(max(width, 32),)"), 6, "32"),
    "m7-dropout": (("m7-dropout-solution", '    "no dropout": BASE,\n', ""), 8.17, "the control"),
    "m7-cross-entropy": (
        ("m7-l2-functions-solution", "return l2 * sum(", "return l2 / 2 * sum("), 7, "half of it",
    ),
    "m7-norm": (
        ("m7-l2-functions-solution", "float(np.sqrt(sum((kernel**2).sum() for kernel in kernels)))",
         "sum(float(np.linalg.norm(kernel)) for kernel in kernels)"),
        2, "sum of the kernels' norms",
    ),
    "m7-l2-plot": (("m7-l2-plot-solution", "panel.legend()", ""), 4, "which points are"),
    "m7-weights": (("m7-weights-solution", "kernel.T", "kernel"), 2, "mixes the weights"),
}  # fmt: skip
"""For each item: what is replaced by what, the points then, and words of the feedback."""


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    found = findings_of(SOURCE, [Edit(*edit) for edit, _, _ in WRONG.values()], tmp_path)
    for item, (_, left, words) in WRONG.items():
        earned, told = found[item]
        assert (earned, words in told) == (left, True), f"{item}: {earned} points, {told}"


OTHER_STYLE = {
    "m7-formula-solution": """
def count_parameters(tiefe, breite):
    sizes = [784] + [breite] * tiefe + [10]
    return float(sum((a + 1) * b for a, b in zip(sizes, sizes[1:])))


def width_for(tiefe, zahl):
    low, high = 1, 10_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count_parameters(tiefe, middle) <= zahl else (low, middle)
    darunter, darueber = zahl - count_parameters(tiefe, low), count_parameters(tiefe, high) - zahl
    return low if darunter < darueber else high
""",
    "m7-depth-solution": """
from mnist_course.experiments import run

depth_trials = tuple(
    run(BASE.but(hidden=[widths[tiefe]] * tiefe), seed=seed, arm=f"Tiefe {tiefe}")
    for seed in (3, 1, 0, 4 + SEED) for tiefe in (5, 4, 3, 2, 1)
)
""",
    "m7-depth-plot-solution": """
import seaborn as sns

panel = sns.stripplot(data=frame(depth_shown), x="arm", y="val_cross_entropy")
panel.set(title="Kreuzentropie")
depth_figure = panel
""",
    "m7-dropout-table-solution": """
dropout_table = summary(dropout_trials, "val_cross_entropy").round(4).reset_index()
""",
    "m7-l2-functions-solution": """
def penalty(kernels, l2):
    return l2 * weight_norm(kernels) ** 2


def weight_norm(kernels):
    return np.linalg.norm(np.concatenate([np.ravel(kernel) for kernel in kernels]))
""",
    "m7-l2-table-solution": """
l2_table = frame(l2_trials)
""",
    "m7-l2-plot-solution": """
import seaborn as sns

table = frame(l2_shown)
l2_figure, panels = plt.subplots(1, 2)
for panel, spalte in zip(panels, ("train_cross_entropy", "val_cross_entropy")):
    sns.boxplot(data=table, x=spalte, y="arm", ax=panel)
    sns.stripplot(data=table, x=spalte, y="arm", ax=panel)
    panel.set_title(spalte)
""",
    "m7-weights-solution": """
def unit_images(kernel):
    return [np.array(kernel)[:, unit].reshape(28, 28) for unit in range(kernel.shape[1])]


def first_layer_share(depth, width):
    others = (depth - 1) * (width + 1) * width + 10 * (width + 1)
    return 1 - others / (785 * width + others)
""",
}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.keras
def test_another_style_earns_every_point(tmp_path: Path) -> None:
    edits = tuple(Edit(cell, None, new) for cell, new in OTHER_STYLE.items())
    found = findings_of(SOURCE, edits, tmp_path)
    assert {item: points for item, (points, _) in found.items()} == ITEMS, found
