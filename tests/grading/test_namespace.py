"""Values leave the student's kernel as data, and a strange one costs itself only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.experiments import weights_digest
from mnist_course.grading.namespace import callable_of, export, take_apart
from mnist_course.grading.serialization import Opaque, decode

BUILD = dict.fromkeys(
    (
        "model", "remote_model", "function", "history", "experiment_log", "dataframe", "figure",
        "array", "plain",
    ),
    dict,
)  # fmt: skip


def sent(tmp_path: Path, /, *, calls: bool = False, **values: Any) -> dict[str, Any]:
    """Export the values, then read the file as the test runner does."""
    path = tmp_path / "captured.frame"
    export(values, sorted(values), str(path))
    # Never half a file; the second one says that the kernel is needed.
    expected = {"captured.frame", *(["captured.calls"] if calls else [])}
    assert {p.name for p in tmp_path.iterdir()} == expected
    top = decode(path.read_bytes(), build=BUILD)
    assert top["substituted"] == []
    values_: dict[str, Any] = top["values"]
    return values_


def test_plain_values_and_names_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "frame"
    export({"a": 1, "b": [2.5, "x"], "c": 3}, ["a", "b", "missing"], str(path))
    assert decode(path.read_bytes()) == {"values": {"a": 1, "b": [2.5, "x"]}, "substituted": []}


class Liar:
    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise RuntimeError("no class")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no attributes")


class ExperimentLog:  # carries the name of ours
    __module__ = "mnist_course.experiments"

    def to_dict(self) -> Any:
        raise OSError("a trap")


def test_a_strange_value_costs_itself_only(tmp_path: Path) -> None:
    values = sent(
        tmp_path,
        good=5,
        huge=list(range(300_000)),
        long=["x" * 1_000_000] * 10,
        liar=Liar(),
        fake=ExperimentLog(),
        kind=int,
        ids={1, 2},
        objects=np.array([object()]),
    )
    assert values.pop("good") == 5
    assert {name: type(value) for name, value in values.items()} == dict.fromkeys(values, Opaque)
    assert "a trap" in values["fake"].reason
    assert "items" in values["huge"].reason


class Scale:
    def twice(self, x: float, *, shift: int = 0) -> float:
        return 2 * x + shift

    def __call__(self, x: float) -> float:
        return x


class Trap:
    __signature__ = 5

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __call__(self) -> None: ...


def test_functions_leave_their_address(tmp_path: Path) -> None:
    scale = Scale()
    inner = np.sum
    values = sent(
        tmp_path, calls=True, method=scale.twice, called=scale, built_in=len, ufunc=np.exp,
        short=lambda x: x, several=[inner, {"again": inner}], same=inner, trap=Trap(),
    )  # fmt: skip
    method = values["method"]
    assert (method["call"], method["name"]) == ("name method", "twice")
    assert method["signature"].startswith("(x") and "shift" in method["signature"]
    assert method["line"] == Scale.twice.__code__.co_firstlineno
    assert values["called"]["name"] == "Scale" and values["called"]["line"] == 0
    assert values["short"]["name"] == "<lambda>"
    assert {values[n]["call"] for n in ("built_in", "ufunc")} == {"name built_in", "name ufunc"}
    assert values["several"][0]["call"] == values["several"][1]["again"]["call"] == "name same"
    assert callable_of("name method")(4, shift=1) == 9
    assert callable_of("name same") is inner
    with pytest.raises(KeyError):
        callable_of("name other")
    assert type(values["trap"]) is Opaque and "no " in values["trap"].reason


def test_frames_with_their_columns(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, float("nan")], "word": ["a", None]})
    values = sent(tmp_path, frame=frame, column=frame["n"], index=frame.index)
    columns = dict(values["frame"]["columns"])
    assert columns["n"].tolist() == [1, 2] and columns["word"][0] == "a"
    assert [list(rows) for _, rows in values["frame"]["index"]] == [[0, 1]]
    assert values["column"]["array"].tolist() == [1, 2]


def test_frames_with_an_index_that_says_something(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"mean": [0.9, 0.8]}, index=pd.Index(["sgd", "adam"], name="arm"))
    counted = frame.reset_index().groupby(["arm", "mean"]).size().to_frame("n")
    unnamed = pd.DataFrame({"mean": [0.9]}, index=["sgd"])
    values = sent(tmp_path, frame=frame, counted=counted, unnamed=unnamed)
    assert values["frame"]["index"] == [["arm", ["sgd", "adam"]]]
    assert [name for name, _ in values["frame"]["columns"]] == ["mean"]
    assert [name for name, _ in values["counted"]["index"]] == ["arm", "mean"]
    assert values["unnamed"]["index"] == [[None, ["sgd"]]]


def test_figures_with_error_bars_bands_and_bars(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    errors, band, bars, lying = figure.subplots(1, 4)
    errors.errorbar([0, 1], [5.0, 6.0], yerr=[0.5, 0.25])
    band.fill_between([0, 1], [1.0, 2.0], [3.0, 4.0])
    bars.bar(["sgd", "adam"], [0.75, 0.875])
    lying.barh(["sgd"], [0.5])
    errors, band, bars, lying = sent(tmp_path, figure=figure)["figure"]["axes"]
    assert errors["segments"][0]["y"].tolist() == [4.5, 5.5, 5.75, 6.25]
    assert {1.0, 2.0, 3.0, 4.0} <= set(band["bands"][0]["y"].tolist())
    assert bars["tops"][0]["y"].tolist() == [0.75, 0.875] and bars["bars"] == 2
    assert lying["tops"][0]["x"].tolist() == [0.5]
    assert band["segments"] == bars["segments"] == []


def test_figures_with_their_series(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2], [3.0, 4.0], label="loss")
    axes.scatter([0.5, 1.5], [7.0, 8.0], label="runs")
    axes.annotate("best", (1.5, 8.0))
    axes.set(title="Curves", xlabel="epoch", ylabel="loss")
    axes.legend()
    (drawn,) = sent(tmp_path, figure=figure)["figure"]["axes"]
    assert (drawn["title"], drawn["xlabel"]) == ("Curves", "epoch")
    assert drawn["legend"] == ["loss", "runs"]
    assert drawn["lines"][0]["y"].tolist() == [3.0, 4.0]
    (points,) = drawn["points"]
    assert (points["label"], points["x"].tolist()) == ("runs", [0.5, 1.5])
    assert points["y"].tolist() == [7.0, 8.0] and drawn["texts"] == ["best"]


@pytest.mark.keras
def test_keras_objects(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    history = model.fit(np.ones((8, 3)), np.ones((8, 2)), epochs=2, verbose=0)
    unbuilt = keras.Sequential([keras.layers.Dense(2)])

    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    mine = Mine()
    mine(np.ones((1, 3)))
    raw = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    values = sent(
        tmp_path,
        calls=True,
        model=model,
        history=history,
        unbuilt=unbuilt,
        mine=mine,
        raw=raw,
        tensor=tf.constant([1.0, 2.0]),
        layer=model.layers[0],
    )
    assert values["model"]["config"] == model.to_json()
    for ours, theirs in zip(values["model"]["weights"], model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert values["history"] == {"history": history.history, "epoch": [0, 1]}
    assert values["tensor"]["array"].tolist() == [1, 2]
    assert "never built" in values["unbuilt"].reason
    assert "subclassed model (Mine)" in values["mine"]["reason"]
    facts = values["mine"]["facts"]
    assert (facts["call"], facts["class_name"], facts["parameters"]) == ("name mine", "Mine", 8)
    assert facts["weights_digest"] == weights_digest(mine.get_weights())
    assert "Lambda" in values["raw"]["reason"]
    assert values["raw"]["facts"]["layers"] == [["Lambda", 0]]
    assert values["model"]["facts"]["call"] == "name model"
    assert values["layer"]["call"] == "name layer"


@pytest.mark.keras
def test_a_missing_model_with_log_is_what_was_recorded(tmp_path: Path) -> None:
    import keras

    from mnist_course.experiments.recording import recorder

    recorder.start()
    try:
        network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        network.compile("adam", "mse")
        network.fit(np.ones((8, 3)), np.ones((8, 2)), verbose=0)
        path = tmp_path / "frame"
        export({}, ["log", "model", "other"], str(path))
    finally:
        recorder.stop()
    top = decode(path.read_bytes(), build=BUILD)
    assert top["substituted"] == ["log", "model"]
    assert top["values"]["model"]["config"] == network.to_json()
    assert set(top["values"]) == {"log", "model"}


def test_taking_apart_says_no_to_what_it_does_not_know() -> None:
    assert take_apart(object()) is None


def test_axes_stand_for_their_figure(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4], label="one")
    axes.set_xlabel("epoch")
    plt.close(figure)
    values = sent(tmp_path, axes=axes, figure=figure)
    (ours,), (whole,) = values["axes"]["axes"], values["figure"]["axes"]
    assert ours["xlabel"] == whole["xlabel"] == "epoch"
    assert ours["lines"][0]["y"].tolist() == [3, 4]


@pytest.mark.parametrize("draw", ["catplot", "jointplot"])
def test_a_grid_of_seaborn_stands_for_its_figure(tmp_path: Path, draw: str) -> None:
    import matplotlib.pyplot as plt
    import pandas as pd
    import seaborn as sns

    table = pd.DataFrame({"epoch": [1, 2, 3, 4], "accuracy": [0.7, 0.8, 0.85, 0.9]})
    grid = getattr(sns, draw)(data=table, x="epoch", y="accuracy")
    plt.close(grid.figure)
    first = sent(tmp_path, grid=grid)["grid"]["axes"][0]
    assert (first["xlabel"], first["ylabel"]) == ("epoch", "accuracy")


def test_a_part_of_a_figure_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subfigures(1, 2)
    left.subplots().plot([1, 2])
    right.subplots()
    assert sent(tmp_path, part=left)["part"]["axes"][0]["lines"]


def test_panels_that_share_an_axis_share_its_name(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    shared, single, whole = Figure(), Figure(), Figure()
    shared.subplots(1, 2, sharey=True)[0].set_ylabel("accuracy")
    single.subplots(1, 2)[0].set_ylabel("accuracy")
    whole.subplots(1, 2)
    whole.supylabel("accuracy")
    values = sent(tmp_path, shared=shared, single=single, whole=whole)
    names = {name: [axes["ylabel"] for axes in values[name]["axes"]] for name in values}
    assert names["shared"] == names["whole"] == ["accuracy", "accuracy"]
    assert names["single"] == ["accuracy", ""]
    assert values["shared"]["axes"][1]["xlabel"] == ""


def test_numbers_of_numpy_in_a_column_of_objects_stay_numbers(tmp_path: Path) -> None:
    import pandas as pd

    cells = pd.Series([np.float32(0.5), np.int64(3), np.bool_(True), np.str_("a")], dtype=object)
    ((_, column),) = sent(tmp_path, frame=cells.to_frame("mixed"))["frame"]["columns"]
    assert column == [0.5, 3, True, "a"]
    assert [type(cell) for cell in column] == [float, int, bool, str]


def test_containers_that_are_more_than_plain_ones_arrive_as_such(tmp_path: Path) -> None:
    from collections import Counter, defaultdict, namedtuple

    import pandas as pd

    errors = defaultdict(float, {2: 0.5})
    Pair = namedtuple("Pair", "low high")
    counted, words = Counter("aab"), pd.Series(["a", "b"])
    values = sent(tmp_path, counted=counted, errors=errors, pair=Pair(1, 2), words=words)
    assert values["errors"]["value"] == {2: 0.5} and values["counted"]["value"] == {"a": 2, "b": 1}
    assert values["pair"]["value"] == (1, 2) and values["words"]["array"] == ["a", "b"]
    assert type(values["pair"]["value"]) is tuple
