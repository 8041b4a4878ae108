"""Signals for staff: an honest notebook gives none, a suspicious one is named with its numbers."""

from __future__ import annotations

import base64
import json
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import submissions
from mnist_course.datasets.mnist import Split
from mnist_course.grading import gradescope
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.integrity import (
    accuracy_signals,
    answer_signals,
    data_signals,
    execution_signals,
    record_signals,
)
from mnist_course.grading.notebook_file import parse
from mnist_course.grading.results import CellError, NotebookGrade, Signal
from mnist_course.grading.source_signals import source_signals
from mnist_course.grading.submission import AlignedCell, align
from mnist_course.grading.verdict_cells import for_students, report_cell, signal_outputs

SOURCE = Path(__file__).parents[2] / "source" / "m5" / "m5.ipynb"


def cells(*sources: str) -> list[AlignedCell]:
    return [AlignedCell(number, "code", text) for number, text in enumerate(sources, start=1)]


def kinds(signals: tuple[Signal, ...]) -> set[str]:
    assert all(signal.detail.endswith((".", "...")) for signal in signals)
    assert all(len(signal.detail) < 500 for signal in signals)
    return {signal.kind for signal in signals}


@pytest.mark.parametrize("name", sorted(submissions.EXPECTED))
def test_the_examples_carry_nothing_in(name: str) -> None:
    import nbformat

    made = nbformat.writes(submissions.make(name)).encode()
    aligned = align(parse(made), read_assignment(SOURCE))
    assert source_signals(aligned.cells) == ()


HONEST = {
    "a grid": "rates = [0.1, 0.03, 0.01, 0.003, 0.001] * 3\nfor units in range(8, 128, 8): ...",
    "a table of results": "\n".join(
        f"# {n}: units={n} accuracy=0.9{n:03} loss=0.1{n} seconds={n}.5" for n in range(80)
    ),
    "a line": "# " + "=" * 300 + "\n" + "-" * 300,
    "a link": "# https://keras.io/api/layers/core_layers/dense/?a=1&b=2 " * 20,
    "a long name": "the_learning_rate_of_the_second_network_of_thirty_two_hidden_units = 1\n" * 99,
    "an essay": "# Die Lernrate war für das größere Netz zu hoch, später wäre sie gut.\n" * 200,
    "Chinese": "# 我们把学习率降低到千分之一，然后再训练五个周期。\n" * 200,
    "best weights": (
        "c = keras.callbacks.ModelCheckpoint('best.weights.h5', save_best_only=True)\n"
        "model.load_weights('best.weights.h5')"
    ),
    "own array": "np.save('x.npy', x)\nx = np.load('x.npy')",
    "a loader of data": "(x_train, y_train), _ = keras.datasets.mnist.load_data()",
    "a Colab cell": "!pip install seaborn\n%matplotlib inline\nmodel.compile('adam', 'mse')",
}  # fmt: skip


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST.keys())
def test_honest_cells_give_no_signal(text: str) -> None:
    assert source_signals(cells(text)) == ()


def weights() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)


def packed() -> str:
    return base64.b64encode(zlib.compress(weights().tobytes())).decode()


CARRIED = {
    "numbers": (f"w = np.array({weights()[:60].tolist()})", {"numbers pasted in"}),
    "numbers in text": (
        f"w = np.array('{' '.join(map(str, weights()[:60].ravel()))}'.split(), float)",
        {"numbers pasted in"},
    ),
    "numbers without spaces": (
        f"w = {json.dumps(weights()[:60].tolist(), separators=(',', ':'))}",
        {"numbers pasted in", "data pasted in"},
    ),
    "base64": (f"w = '{packed()}'", {"data pasted in"}),
    "base64 in lines": (
        "w = '''" + "\n".join(packed()[i : i + 76] for i in range(0, 8000, 76)) + "'''",
        {"data pasted in"},
    ),
    "hex": (f"w = '{weights()[:60].tobytes().hex()}'", {"data pasted in"}),
    "bytes": (f"w = {weights()[:60].tobytes()!r}", {"data pasted in"}),
    "base85": (f"w = {base64.b85encode(weights()[:100].tobytes())!r}", {"data pasted in"}),
    "letters of another script": (
        "w = '" + "".join(chr(0x4E00 + b) for b in weights().tobytes()[:900]) + "'",
        {"data pasted in"},
    ),
    "decoding": ("w = np.frombuffer(b64decode(s))", {"values from elsewhere"}),
    "unzipping": ("import zlib\nw = zlib.decompress(s)", {"values from elsewhere"}),
    "a file of weights": ("model.load_weights('solution.h5')", {"values from elsewhere"}),
    "a file of arrays": ("w = numpy . load('w.npy')", {"values from elsewhere"}),
    "a pickle": ("m = pickle.load(open('m', 'rb'))", {"values from elsewhere"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CARRIED)
def test_what_was_carried_in_is_named(name: str) -> None:
    text, expected = CARRIED[name]
    assert kinds(source_signals(cells("x = 1", text))) == expected


def test_numbers_in_many_small_cells_add_up() -> None:
    part = f"w += {weights()[:40, 0].tolist()}"
    assert kinds(source_signals(cells(*[part] * 60))) == {"numbers pasted in"}
    assert source_signals(cells(*[part] * 6)) == ()


def test_the_instructors_own_cells_are_not_searched() -> None:
    trusted = read_assignment(SOURCE)
    given = next(c for c in trusted.cells if c.is_given and c.cell_type == "code")
    text = f"w = {weights()[:60].tolist()}"
    heavy = replace(given, source=text)
    assert source_signals([AlignedCell(1, "code", text, heavy)]) == ()
    assert source_signals([AlignedCell(1, "code", text + "\n1", heavy)])
    assert source_signals([AlignedCell(1, "markdown", text)]) == ()


@pytest.mark.parametrize(
    ("piece", "times"),
    [("1 ", 50_000_000), ("a1", 50_000_000), ("ab1 ", 25_000_000), ("\\", 100_000_000),
     ("np . ", 20_000_000), ("ä1 ", 30_000_000), ("a" * 59 + " ", 1), ("load", 25_000_000)],
    ids=range(8),
)  # fmt: skip
def test_a_hundred_megabytes_take_seconds(piece: str, times: int) -> None:
    text = piece * times
    start = time.process_time()
    found = source_signals(cells(text, text, text, text))
    assert time.process_time() - start < 15
    assert len(found) <= 20
    assert ("very much code" in kinds(found)) == (len(text) > 1_000_000)


def test_refused_calls_are_signals_and_a_refused_download_is_not() -> None:
    (one,) = execution_signals({"ptrace": 3, "mount": 1, "socket": 9}, [])
    assert "ptrace (3)" in one.detail and "mount (1)" in one.detail and "socket" not in one.detail
    assert execution_signals({"socket": 4, "network": 1}, []) == ()


def test_forbidden_places_are_signals_and_a_wrong_folder_is_not() -> None:
    def error(message: str, kind: str = "PermissionError") -> CellError:
        return CellError(3, kind, message)

    honest = [
        error("[Errno 13] Permission denied: '/content/drive/model.keras'"),
        error("[Errno 13] Permission denied: 'data/x.csv'"),
        error("[Errno 2] No such file: '/autograder/source'", "FileNotFoundError"),
        error("denied: '/proc/self/status'"),
    ]
    assert execution_signals({}, honest) == ()
    for place in ("/proc/1/environ", "/autograder/source/x", "/root/.ssh/id", "/etc/shadow"):
        assert kinds(execution_signals({}, [error(f"denied: '{place}'")])) == {
            "refused by the sandbox"
        }
    assert len(execution_signals({}, [error("/root/a")] * 5000)) == 10


@pytest.mark.parametrize(
    ("test", "train"), [(0.97, 0.99), (0.92, 0.912), (0.5, 0.49), (0.11, 0.10), (1.0, 0.995)]
)
def test_honest_accuracies_give_no_signal(test: float, train: float) -> None:
    measured = {"test_rows_accuracy": test, "training_rows_accuracy": train, "accuracy": 0.2}
    assert accuracy_signals(measured) == ()
    known = {"known_rows_accuracy": test, "new_rows_accuracy": test - 0.01}
    assert accuracy_signals(known) == ()
    assert accuracy_signals({}) == ()


def test_a_model_that_knows_the_test_set_is_named() -> None:
    measured = {"test_rows_accuracy": 0.995, "training_rows_accuracy": 0.955}
    assert kinds(accuracy_signals(measured)) == {"better on test rows"}
    looked_up = {
        "known_rows_accuracy": 1.0, "new_rows_accuracy": 0.1, "training_rows_accuracy": 0.1,
    }  # fmt: skip
    assert kinds(accuracy_signals(looked_up)) == {"worse on new rows"}
    nan = dict.fromkeys(looked_up, float("nan"))
    assert accuracy_signals(nan) == ()


@pytest.mark.keras
def test_fits_on_test_rows_are_named(mnist_data: tuple[Split, Split]) -> None:
    import keras

    from mnist_course.experiments import ExperimentLog
    from mnist_course.experiments.recording import recorder

    (x, y), (x_test, y_test) = mnist_data
    try:
        log = ExperimentLog(fresh=True)
        model = keras.Sequential(
            [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[:64] / 255, y[:64], verbose=0, validation_data=(x_test[:64] / 255, y_test[:64]))
        assert record_signals(log) == ()
        both = np.concatenate([x[:64], x_test[:32]]) / 255
        model.fit(both, np.concatenate([y[:64], y_test[:32]]), verbose=0)
    finally:
        recorder.stop()
    (signal,) = record_signals(log)
    assert signal.kind == "fit on test rows"
    assert "1 of 2 fits (number 2)" in signal.detail and "32" in signal.detail


def test_test_rows_in_an_array_of_training_data(mnist_data: tuple[Split, Split]) -> None:
    (x, _), (x_test, _) = mnist_data
    mixed = np.concatenate([x[:50], x_test[:7]]).reshape(-1, 784) / 255
    (signal,) = data_signals("x_train", mixed)
    assert "7 images" in signal.detail and "57 rows" in signal.detail
    assert data_signals("x_train", x[:50] / 255) == ()
    assert data_signals("x_test", x_test[:50]) == ()
    assert data_signals("training_losses", np.zeros(5)) == ()
    assert data_signals("x_train", np.zeros((5, 784), complex)) == ()


def test_answers_that_do_not_move() -> None:
    inputs = [np.arange(3.0), np.zeros(3), np.ones(3)]
    same = [np.array([0.5, np.nan])] * 3
    (signal,) = answer_signals("softmax", inputs, same)
    assert signal.kind == "answers do not move" and "`softmax`" in signal.detail
    assert answer_signals("f", inputs, [[1, same[0]], [1, same[0]], [1, same[0]]])
    assert answer_signals("f", inputs, [same[0], same[0], np.zeros(2)]) == ()
    assert answer_signals("f", [np.ones(3)] * 5, [1] * 5) == ()  # the same question five times
    assert answer_signals("f", inputs[:2], [1, 1]) == ()
    assert answer_signals("f", [1, 2, 3], [True, 1, 1]) == ()
    networks = [{"W1": value} for value in inputs]
    assert answer_signals("f", networks, [1, 1, 1])
    assert answer_signals("f", [networks[0], {"b1": inputs[0]}, networks[0]], [1, 1, 1]) == ()
    assert answer_signals("f", [networks[0]] * 5, [1] * 5) == ()


def test_signals_are_for_staff_only() -> None:
    signal = Signal("fit on test rows", "3 of 4 fits <script> were trained on test images.")
    measurements = {"accuracy": 0.9, "training_rows_accuracy": 0.8, "known_rows_accuracy": 0.7}
    grade = NotebookGrade("m5", (), signals=(signal,), measurements=measurements)
    results = gradescope.to_results(grade)
    extra = results.pop("extra_data")
    assert isinstance(extra, dict)
    assert extra["signals"] == [{"kind": signal.kind, "detail": signal.detail}]
    assert extra["measurements"]["training_rows_accuracy"] == 0.8
    for told in (json.dumps(results), str(report_cell(grade))):
        assert "test images" not in told and "rows" not in told.lower()
    outputs = signal_outputs(grade)
    assert "fit on test rows" in outputs[0].data["text/plain"]
    assert for_students(outputs) == []
    assert signal_outputs(NotebookGrade("m5", ())) == []


def test_signals_do_not_reach_the_page(tmp_path: Path) -> None:
    from mnist_course.grading.feedback import write_feedback

    grade = NotebookGrade("m5", (), measurements={"test_rows_accuracy": 0.5})
    write_feedback(grade, tmp_path / "without.html")
    write_feedback(replace(grade, signals=(Signal("a", "b."),)), tmp_path / "with.html")
    page = (tmp_path / "with.html").read_text()
    assert page == (tmp_path / "without.html").read_text()
    assert "rows accuracy" not in page


def test_staff_read_them_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from mnist_course.grading.terminal import show_grade

    show_grade(NotebookGrade("m5", (), signals=(Signal("numbers pasted in", "Cell 3 [red]x."),)))
    assert "numbers pasted in: Cell 3 [red]x." in " ".join(capsys.readouterr().out.split())
