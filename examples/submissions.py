"""Make example submissions of M5 from the released notebook.

Each one is a notebook as a student could have left it: right, wrong, or broken, without any saved
output. ``EXPECTED`` says which points each automatic item must give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
from nbformat import NotebookNode

__all__ = ["DESCRIPTIONS", "EXPECTED", "ITEMS", "LONG_CELL_SECONDS", "make", "write_all"]

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "release" / "m5" / "m5.ipynb"

ITEMS = MappingProxyType(
    {
        "m5-log": 10.0,
        "m5-model": 5.0,
        "m5-accuracy": 20.0,
        "m5-holds-up": 5.0,
        "m5-minimal": 10.0,
        "m5-evaluation": 5.0,
        "m5-health": 5.0,
    }
)
"""Automatic items with their points."""

Bounds = Mapping[str, tuple[float, float]]

LONG_CELL_SECONDS = 60.0
"""A time limit for one cell under which every example but the never-ending cell stays."""


def _points(**scores: float | tuple[float, float]) -> Bounds:
    """Name lowest and highest points of each item; what is not named must get 0."""
    named = {f"m5-{name.replace('_', '-')}": value for name, value in scores.items()}
    unknown = named.keys() - ITEMS.keys()
    if unknown:
        raise ValueError(f"no such items: {sorted(unknown)}")
    bounds = {}
    for item in ITEMS:
        value = named.get(item, 0.0)
        bounds[item] = value if isinstance(value, tuple) else (float(value), float(value))
    return MappingProxyType(bounds)


EXPECTED: Mapping[str, Bounds] = MappingProxyType(
    {
        "untouched": _points(model=5),
        "reference_784_64_10": _points(
            log=10, model=5, accuracy=20, holds_up=5, minimal=10, evaluation=5, health=5
        ),
        # Far too many parameters, a hidden layer of ten units, nothing logged.
        "seed_1000_10_10": _points(
            model=5, accuracy=20, holds_up=5, minimal=6, evaluation=5, health=4
        ),
        # Everything that depends on the accuracy counts 8 / 20.
        "linear_only": _points(model=5, accuracy=8, minimal=4, evaluation=2, health=2),
        # Judged by the same configuration trained on as many training images.
        "trained_on_test": _points(model=5, accuracy=(8, 12), minimal=(4, 6), health=(2, 3)),
        "relu_output": _points(model=5),
        "nan_loss": _points(),
        "printed_accuracy": _points(),
        # What broke costs the two points for a notebook that runs, and nothing else.
        "never_ending_cell": _points(
            model=3, accuracy=20, holds_up=5, minimal=10, evaluation=5, health=5
        ),
        "kernel_exit": _points(
            model=3, accuracy=20, holds_up=5, minimal=10, evaluation=5, health=5
        ),
    }
)
"""For each example, the lowest and highest points that each item may give."""

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "untouched": "the release as it stands",
        "reference_784_64_10": "784-64-10 with ReLU, learning rate 1e-3, a proper log",
        "seed_1000_10_10": "784-1000-10-10, no log, no reflections",
        "linear_only": "no hidden layer at all",
        "trained_on_test": "fitted on the test set",
        "relu_output": "ReLU in the output layer",
        "nan_loss": "pixels divided by a column's maximum of 0",
        "printed_accuracy": 'no model, but print("Test accuracy: 0.98")',
        "never_ending_cell": "a good model, then a loop without an end",
        "kernel_exit": "a good model, then os._exit()",
    }
)
"""What each example is, in a few words."""


def make(name: str, *, seed: int = 0, epochs: int | None = None) -> NotebookNode:
    """Return one example.

    Parameters
    ----------
    name : str
        A key of ``EXPECTED``.
    seed : int
        Of every training in it.
    epochs : int, optional
        Of the final model, instead of the example's own number.

    Returns
    -------
    NotebookNode
        Without outputs.

    Raises
    ------
    KeyError
        If there is no example of that name.
    """
    if name not in _EDITS:
        raise KeyError(f"no example {name!r}; there are {', '.join(_EDITS)}")
    notebook = _released()
    _EDITS[name](notebook, epochs)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.replace("set_random_seed(0)", f"set_random_seed({seed})")
            cell.source = cell.source.replace("seed=0", f"seed={seed}")
            cell.outputs, cell.execution_count = [], None
    return notebook


def write_all(folder: Path, *, seed: int = 0) -> dict[str, Path]:
    """Write every example to ``folder`` and return their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name in EXPECTED:
        paths[name] = folder / f"{name}.ipynb"
        nbformat.write(make(name, seed=seed), paths[name])  # type: ignore[no-untyped-call]
    return paths


def _released() -> NotebookNode:
    if not RELEASE.is_file():
        raise FileNotFoundError(
            "release/m5/m5.ipynb is missing; the examples are made from it. Run: make release"
        )
    notebook: NotebookNode = nbformat.read(RELEASE, 4)  # type: ignore[no-untyped-call]
    return notebook


def _cell(notebook: NotebookNode, cell_id: str) -> Any:
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def _keep_only(notebook: NotebookNode, *cell_ids: str) -> None:
    """Drop the code cells that are neither named nor grade cells, as a tidy student would."""
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type != "code"
        or cell.id in cell_ids
        or cell.metadata.get("nbgrader", {}).get("grade")
    ]


def _insert_after(notebook: NotebookNode, cell_id: str, source: str) -> None:
    position = next(i for i, cell in enumerate(notebook.cells) if cell.id == cell_id)
    new: Any = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    new["id"] = f"after-{cell_id}"
    notebook.cells.insert(position + 1, new)


_NETWORK = """\
keras.utils.set_random_seed(0)
model = Sequential([
    Input((28, 28)),
    Flatten(),
{layers}
])
model.compile(
    optimizer=Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit({data}, epochs={epochs}, validation_data=(x_test, y_test), verbose=0)
"""
_RELU_64 = '    Dense(64, activation="relu"),\n    Dense(10, activation="softmax"),'


def _network(layers: str = _RELU_64, *, epochs: int, data: str = "x_train, y_train") -> str:
    return _NETWORK.format(layers=layers, data=data, epochs=epochs)


_LOG = "from mnist_course.experiments import ExperimentLog\n\nlog = ExperimentLog(x_test, y_test)\n"


def _only_a_final_model(notebook: NotebookNode, source: str) -> None:
    """Leave set-up, data, an empty log and this final cell."""
    _keep_only(notebook, "m5-setup", "m5-data", "m5-given", "m5-final")
    _cell(notebook, "m5-given").source = _LOG
    _cell(notebook, "m5-final").source = source


def _untouched(notebook: NotebookNode, epochs: int | None) -> None:
    """Change nothing."""


_EXPERIMENTS = {
    "m5-experiment-1": (
        'train(activation="relu")\n'
        'log.why("The slope of ReLU does not fade, so the first layer should learn faster.")\n'
    ),
    "m5-experiment-2": (
        'train(activation="relu", learning_rate=0.001)\n'
        'log.why("The loss still fell in small equal steps, so I made the steps larger.")\n'
    ),
    "m5-experiment-3": (
        'train(hidden=(64, 64), activation="relu", learning_rate=0.001)\n'
        'log.why("Ten units levelled off; more units can keep ten digits apart.")\n'
    ),
}
_ANSWERS = {
    "m5-why-bad": "The steps were far too small and ten units per layer are too few; see part 6.",
    "m5-how-helped": "See the log: the learning rate gave most, the units the rest.",
    "m5-insight": "Settings work together, so I measure first and change one at a time.",
}


def _reference(notebook: NotebookNode, epochs: int | None) -> None:
    for cell_id, source in _EXPERIMENTS.items():
        _cell(notebook, cell_id).source = source
    for cell_id, text in _ANSWERS.items():
        cell = _cell(notebook, cell_id)
        cell.source = cell.source.replace("YOUR ANSWER HERE", text)
    _cell(notebook, "m5-final").source = _network(epochs=epochs or 5) + (
        'log.why("One hidden layer instead of two: is the second one needed at all?")\n'
    )


def _seed_network(notebook: NotebookNode, epochs: int | None) -> None:
    layers = (
        '    Dense(1000, activation="relu"),\n'
        '    Dense(10, activation="relu"),\n'
        '    Dense(10, activation="softmax"),'
    )
    # The given cell was edited in place; what it does not need was deleted, the log included.
    _keep_only(notebook, "m5-setup", "m5-data", "m5-given")
    _cell(notebook, "m5-given").source = _network(layers, epochs=epochs or 3)


def _linear_only(notebook: NotebookNode, epochs: int | None) -> None:
    layers = '    Dense(10, activation="softmax"),'
    _only_a_final_model(notebook, _network(layers, epochs=epochs or 3))


def _trained_on_test(notebook: NotebookNode, epochs: int | None) -> None:
    source = _network(epochs=epochs or 4, data="x_test, y_test")
    _only_a_final_model(notebook, source)


def _relu_output(notebook: NotebookNode, epochs: int | None) -> None:
    layers = '    Dense(64, activation="relu"),\n    Dense(10, activation="relu"),'
    source = _network(layers, epochs=epochs or 1).replace("0.001", "0.01")
    _only_a_final_model(notebook, source)


def _nan_loss(notebook: NotebookNode, epochs: int | None) -> None:
    # Each pixel divided by its own maximum: those in the corners are always 0.
    source = (
        "x_train = x_train / x_train.max(axis=0)\n"
        "x_test = x_test / x_test.max(axis=0)\n" + _network(epochs=epochs or 1)
    )
    _only_a_final_model(notebook, source)


def _printed_accuracy(notebook: NotebookNode, epochs: int | None) -> None:
    # The network of the crash course is built there, but never trained.
    _keep_only(notebook, "m5-setup", "m5-data", "m5-keras", "m5-final")
    _cell(notebook, "m5-final").source = 'print("Test accuracy: 0.98")\n'


def _never_ending(notebook: NotebookNode, epochs: int | None) -> None:
    _only_a_final_model(notebook, _network(epochs=epochs or 3))
    _insert_after(notebook, "m5-given", "while True:\n    pass\n")


def _kernel_exit(notebook: NotebookNode, epochs: int | None) -> None:
    _only_a_final_model(notebook, _network(epochs=epochs or 3))
    _insert_after(notebook, "m5-final", "import os\n\nos._exit(0)\n")


_EDITS: Mapping[str, Callable[[NotebookNode, int | None], None]] = MappingProxyType(
    {
        "untouched": _untouched,
        "reference_784_64_10": _reference,
        "seed_1000_10_10": _seed_network,
        "linear_only": _linear_only,
        "trained_on_test": _trained_on_test,
        "relu_output": _relu_output,
        "nan_loss": _nan_loss,
        "printed_accuracy": _printed_accuracy,
        "never_ending_cell": _never_ending,
        "kernel_exit": _kernel_exit,
    }
)
