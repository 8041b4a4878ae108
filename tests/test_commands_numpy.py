"""``mnist-course numpy``: train, evaluate, visualize; every wrong file, option and folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mnist_course.cli import main
from mnist_course.commands import network_evaluation, network_training
from mnist_course.commands.network_evaluation import evaluate_file, open_model
from mnist_course.commands.network_training import Settings
from mnist_course.commands.training_record import TrainingRecord, pixels
from mnist_course.datasets import by_name
from mnist_course.datasets.by_name import Dataset
from mnist_course.datasets.fashion_mnist import LABELS
from mnist_course.datasets.held_out import hold_out
from mnist_course.exceptions import DatasetError, ModelFileError
from mnist_course.numpy_nn import Dense, Input, Sequential, load_model

QUICK = ("--batch-size", "32", "--epochs", "2", "--hidden", "16")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def small(mnist_data, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A piece of MNIST that the commands take for all of it; Fashion-MNIST is other images."""
    (x_train, y_train), (x_test, y_test) = mnist_data
    digits = Dataset(
        "mnist", tuple("0123456789"), x_train[:3000], y_train[:3000], x_test[:500], y_test[:500]
    )
    clothes = Dataset(
        "fashion_mnist", LABELS, x_train[3000:6000], y_train[3000:6000], x_test[500:1000],
        y_test[500:1000],
    )  # fmt: skip
    monkeypatch.setattr(by_name, "load", {"mnist": digits, "fashion_mnist": clothes}.__getitem__)
    return digits


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["numpy", *arguments])

    return go


@pytest.fixture
def model_file(small, run, tmp_path: Path) -> Path:
    done = run("train", *QUICK)
    assert done.exit_code == 0, done.output
    return tmp_path / "model.npz"


def record_of(path: Path) -> dict[str, Any]:
    return load_model(path).extra["training"]


def with_record(path: Path, **changes: Any) -> None:
    model = load_model(path)
    record = {**model.extra["training"], **changes}
    model.save(path, extra={"training": {k: v for k, v in record.items() if v is not ...}})


def test_train_says_what_it_did_and_saves_it(small, run, tmp_path):
    done = run("train", *QUICK, "--activation", "tanh", "--optimizer", "adam", "--seed", "3")
    assert done.exit_code == 0, done.output
    assert "784-16-10, 12,730 weights, 170 updates" in done.stdout
    assert "Saved model.npz. Next: mnist-course numpy evaluate model.npz" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]
    model = load_model(tmp_path / "model.npz")
    assert type(model.optimizer).__name__ == "Adam"
    assert model.optimizer.learning_rate == 0.001
    record = record_of(tmp_path / "model.npz")
    assert record["dataset"] == "mnist" and record["seed"] == 3
    assert record["dataset_sha256"] == small.sha256()
    assert record["settings"]["hidden"] == [16] and record["settings"]["activation"] == "tanh"
    assert record["held_out"] == hold_out(small.y_train, share=0.1, seed=3).tolist()
    assert len(record["history"]["loss"]) == len(record["history"]["val_accuracy"]) == 2


def test_what_is_printed_is_true(model_file, small, run):
    """Held-out accuracy, against a calculation by hand from the file's weights."""
    model = load_model(model_file)
    rows = record_of(model_file)["held_out"]
    first, bias_1, second, bias_2 = model.get_weights()

    def accuracy(x: np.ndarray, y: np.ndarray) -> float:
        hidden = np.maximum(pixels(x) @ first + bias_1, 0)
        return float(np.mean((hidden @ second + bias_2).argmax(axis=1) == y))

    held_out = accuracy(small.x_train[rows], small.y_train[rows])
    test = accuracy(small.x_test, small.y_test)
    done = run("evaluate")
    assert done.exit_code == 0, done.output
    assert f"{held_out:.4f}" in done.stdout and f"{test:.4f}" in done.stdout
    assert "300" in done.stdout and "500" in done.stdout
    assert held_out > 0.7


def test_it_never_learns_from_what_it_is_measured_on(small, run, monkeypatch):
    learned: list[np.ndarray] = []
    fit = Sequential.fit

    def watched(self: Sequential, x: Any, y: Any, **options: Any) -> Any:
        learned.append(np.array(x))
        return fit(self, x, y, **options)

    monkeypatch.setattr(Sequential, "fit", watched)
    assert run("train", *QUICK, "--held-out", "0.25").exit_code == 0
    opened = open_model(Path("model.npz"), None)
    held_out, labels = opened.examples.held_out()
    seen = {row.tobytes() for row in learned[0]}
    twins = {row.tobytes() for row in pixels(small.x_train)}
    assert len(twins) == 3000  # no image is there twice, so rows can be told apart
    assert len(held_out) == 750 and len(seen) == 2250
    assert not seen & {row.tobytes() for row in held_out}
    assert np.bincount(labels).min() > 50  # every class
    measured = [evaluate_file(Path("model.npz"), None).held_out]
    assert len(measured[0].labels) == 750


def test_the_same_seed_gives_the_same_file(small, run, tmp_path):
    for name, seed in (("a.npz", "1"), ("b.npz", "1"), ("c.npz", "2")):
        assert run("train", *QUICK, "--seed", seed, "--output", name).exit_code == 0
    a, b, c = (load_model(tmp_path / name).get_weights() for name in ("a.npz", "b.npz", "c.npz"))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert not np.array_equal(a[0], c[0])


def test_the_plain_recipe(small, run, tmp_path, monkeypatch):
    """The defaults are 784-10-10, ReLU, all images at once, first weights from -0.5 to 0.5."""
    built = []
    build = network_training.build

    def watched(settings: Settings) -> Sequential:
        model = build(settings)
        built.append((settings, model.get_weights()))
        return model

    monkeypatch.setattr(network_training, "build", watched)
    done = run("train", "-dataset", "mnist", "-lr", "0.1", "-i", "3")
    assert done.exit_code == 0, done.output
    assert "784-10-10, 7,960 weights, 3 updates" in done.stdout
    [(settings, weights)] = built
    assert settings == Settings(
        "mnist", (10,), "relu", "sgd", 0.1, None, 3, "random_uniform", seed=0, held_out=0.1
    )
    assert all(np.abs(weight).max() <= 0.5 for weight in weights)
    assert all(np.abs(weight).mean() > 0.15 for weight in weights)  # biases, too
    # One update is one step along the mean gradient over all images.
    model = load_model(tmp_path / "model.npz")
    assert model.optimizer.get_config()["momentum"] == 0
    assert record_of(tmp_path / "model.npz")["settings"]["batch_size"] is None


@pytest.mark.parametrize(
    ("options", "layers"),
    [
        (("--hidden", "64", "--hidden", "32"), [64, 32, 10]),
        (("--hidden", "64,32"), [64, 32, 10]),
        (("--hidden", " 64 , 32 ", "--hidden", "8"), [64, 32, 8, 10]),
        (("--hidden", "none"), [10]),
    ],
)
def test_hidden_layers(small, run, tmp_path, options, layers):
    assert run("train", "-i", "1", *options).exit_code == 0
    model = load_model(tmp_path / "model.npz")
    assert [layer.units for layer in model.layers] == layers
    assert run("visualize").exit_code == 0  # whatever its form, it can be drawn


@pytest.mark.parametrize(
    ("options", "rate", "momentum", "name"),
    [
        (("--optimizer", "momentum"), 0.01, 0.9, "SGD"),
        (("--optimizer", "adam"), 0.001, None, "Adam"),
        (("--optimizer", "adam", "-lr", "0.02"), 0.02, None, "Adam"),
    ],
)
def test_optimizers(small, run, tmp_path, options, rate, momentum, name):
    assert run("train", "--epochs", "1", *options).exit_code == 0
    optimizer = load_model(tmp_path / "model.npz").optimizer
    assert type(optimizer).__name__ == name and optimizer.learning_rate == rate
    assert optimizer.get_config().get("momentum") == momentum


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--iterations", "5", "--epochs", "2"), "give one of them"),
        (("--iterations", "5", "--batch-size", "32"), "with --batch-size give --epochs"),
        (("--hidden", "64,x"), "no size of a layer"),
        (("--hidden", "0"), "no size of a layer"),
        (("--hidden", "١٢"), "no size of a layer"),
        (("--hidden", "99999999"), "no size of a layer"),
        (("--hidden", "none", "--hidden", "3"), "--hidden none means no hidden layer"),
        (("--activation", "relux"), "expected one of relu"),
        (("--optimizer", "rmsprop"), "rmsprop"),
        (("--learning-rate", "0"), "0"),
        (("--learning-rate", "-1"), "-1"),
        (("--iterations", "0"), "0"),
        (("--batch-size", "0"), "0"),
        (("--seed", "-1"), "-1"),
        (("--held-out", "1"), "1"),
        (("--held-out", "0"), "0"),
        (("--dataset", "cifar"), "there is no data set 'cifar'"),
        (("--output", "model.keras"), "must end in .npz"),
        (("--output", "missing/model.npz"), "there is no folder missing"),
        (("--output", "."), "directory"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_trained(
    small, run, tmp_path, monkeypatch, options, words
):
    monkeypatch.setattr(by_name, "load", lambda name: pytest.fail("the data were loaded"))
    done = run("train", *options)
    assert done.exit_code == 2, done.output
    assert words in done.stderr and "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_breaks_down_saves_nothing(small, run, tmp_path):
    (tmp_path / "model.npz").write_bytes(b"an earlier file")
    done = run("train", "-i", "50", "-lr", "1e30")
    assert done.exit_code == 1
    assert "expected a number" in done.stderr and "smaller --learning-rate" in done.stderr
    assert (tmp_path / "model.npz").read_bytes() == b"an earlier file"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_data_set_that_cannot_be_had_is_said(run, tmp_path, monkeypatch):
    def missing(name: str) -> Dataset:
        raise DatasetError("Fashion-MNIST is not complete on this machine.\nAny one of these …")

    monkeypatch.setattr(by_name, "load", missing)
    done = run("train", "--dataset", "fashion-mnist", "-i", "1")
    assert done.exit_code == 1
    assert "Error: Fashion-MNIST is not complete" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_written_is_said(small, run, tmp_path, monkeypatch):
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", "model.npz")

    monkeypatch.setattr(Sequential, "save", full)
    done = run("train", "-i", "1")
    assert done.exit_code == 1 and "No space left on device" in done.stderr


def test_evaluate_draws_the_confusion_matrix(model_file, run, tmp_path):
    done = run("evaluate", str(model_file), "--plot", "confusion.png")
    assert done.exit_code == 0, done.output
    assert "Read wrongly most often" in done.stdout and "Saved confusion.png" in done.stdout
    with Image.open(tmp_path / "confusion.png") as image:
        assert image.format == "PNG" and image.width > 400
        assert np.asarray(image.convert("L")).std() > 20


def test_confusions_are_counted_right(model_file):
    evaluation = evaluate_file(model_file, None)
    test = evaluation.test
    wrong = test.labels != test.predictions
    assert sum(count for *_, count in evaluation.confusions()) == wrong.sum()
    true, answer, most = evaluation.confusions()[0]
    assert most == np.sum((test.labels == int(true)) & (test.predictions == int(answer)))
    assert test.accuracy == pytest.approx(1 - wrong.mean())
    assert test.standard_error == pytest.approx(np.sqrt(test.accuracy * (1 - test.accuracy) / 500))


def test_visualize_draws_what_the_model_holds(model_file, run, tmp_path):
    done = run("visualize", "--output", "a/new/folder")
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "a/new/folder").iterdir())
    assert names == [
        "activations-right.png",
        "activations-wrong.png",
        "hidden-units.png",
        "learning-curves.png",
    ]
    for path in (tmp_path / "a/new/folder").iterdir():
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 100 and np.asarray(image.convert("L")).min() < 100


def test_pictures_are_of_right_and_of_wrong_answers(model_file, monkeypatch):
    from mnist_course.commands import network_pictures

    drawn = []
    plot = network_pictures.plot_activations

    def watched(*arguments: Any, **options: Any) -> Any:
        drawn.append(plot(*arguments, **options))
        return drawn[-1]

    monkeypatch.setattr(network_pictures, "plot_activations", watched)
    network_pictures.draw(model_file, None)
    right, wrong = drawn
    assert (right.y_pred == right.y_true).all() and len(set(right.y_true)) == 6
    assert (wrong.y_pred != wrong.y_true).all()
    surest = wrong.output.max(axis=1)
    assert (np.diff(surest) <= 0).all()
    assert right.output.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-5)


@pytest.mark.parametrize("answer", [True, False])
def test_it_is_shown_where_there_is_a_screen(model_file, run, monkeypatch, answer):
    from mnist_course.commands import network_pictures

    shown = []
    monkeypatch.setattr(network_pictures, "there_is_a_screen", lambda: answer)
    monkeypatch.setattr(network_pictures, "show", lambda: shown.append(True))
    assert run("visualize").exit_code == 0
    assert bool(shown) is answer
    assert run("visualize", "--show").exit_code == 0 and len(shown) == 1 + answer
    assert run("visualize", "--no-show").exit_code == 0 and len(shown) == 1 + answer


def test_there_is_no_screen_in_a_test():
    from mnist_course.commands import network_pictures

    assert not network_pictures.there_is_a_screen()


def damage_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_text(path: Path) -> None:
    path.write_text("no model")


def damage_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def other_npz(path: Path) -> None:
    np.savez(path, W1=np.zeros((10, 784)), b1=np.zeros((10, 1)))


def empty_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


def no_record(path: Path) -> None:
    load_model(path).save(path, extra={})


def other_shape(path: Path) -> None:
    extra = load_model(path).extra
    model = Sequential([Input((4,)), Dense(10, "softmax")], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    model.save(path, extra=extra)


def not_compiled(path: Path) -> None:
    extra = load_model(path).extra
    Sequential([Input((784,)), Dense(10, "softmax")], seed=0).save(path, extra=extra)


FILES = {
    "half a file": (damage_half, "model.npz"),
    "text": (damage_text, "model.npz"),
    "one bit": (damage_bit, "damaged"),
    "another npz": (other_npz, "no model file"),
    "an empty zip": (empty_zip, "no model file"),
    "no record": (no_record, "does not say what the model was trained on"),
    "other shape": (other_shape, "expected a network with 784 inputs"),
    "not compiled": (not_compiled, "compiled without accuracy"),
}


@pytest.mark.parametrize("command", ["evaluate", "visualize"])
@pytest.mark.parametrize(("change", "words"), FILES.values(), ids=FILES)
def test_a_wrong_or_damaged_file_is_a_sentence(model_file, run, tmp_path, command, change, words):
    change(model_file)
    done = run(command, *(("--plot", "c.png") if command == "evaluate" else ()))
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ") and words in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


RECORDS = {
    "dataset": ({"dataset": "cifar"}, "names the data set 'cifar'"),
    "dataset of another type": ({"dataset": 5}, "dataset is int, not str"),
    "no rows": ({"held_out": []}, "no row numbers"),
    "rows of text": ({"held_out": ["1"]}, "no row numbers"),
    "negative rows": ({"held_out": [-1, 4]}, "no row numbers"),
    "a row twice": ({"held_out": [4, 4]}, "not in order"),
    "a row too far": ({"held_out": [4, 3000]}, "do not fit 3,000 images"),
    "every row": ({"held_out": list(range(3000))}, "do not fit 3,000 images"),
    "no seed": ({"seed": ...}, "seed is NoneType"),
    "another seed": ({"seed": True}, "seed is bool"),
    "history": ({"history": {"loss": ["a"]}}, "no list of numbers"),
    "other images": ({"dataset_sha256": "0" * 64}, "another version of mnist"),
}


@pytest.mark.parametrize(("changes", "words"), RECORDS.values(), ids=RECORDS)
def test_a_record_that_was_changed_is_a_sentence(model_file, run, changes, words):
    with_record(model_file, **changes)
    done = run("evaluate")
    assert done.exit_code == 1 and words in done.stderr, done.output


def test_a_data_set_that_does_not_fit_the_model_is_a_sentence(model_file, run):
    for command in ("evaluate", "visualize"):
        done = run(command, "--dataset", "fashion-mnist")
        assert done.exit_code == 1
        assert "was trained on mnist and does not fit fashion_mnist" in done.stderr
        assert run(command, "-dataset", "mnist").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evaluate",), "'model.npz' does not exist"),
        (("evaluate", "missing.npz"), "'missing.npz' does not exist"),
        (("visualize", "missing.npz"), "'missing.npz' does not exist"),
        (("evaluate", "."), "is a directory"),
    ],
)
def test_a_missing_file_is_wrong_usage(run, arguments, words):
    done = run(*arguments)
    assert done.exit_code == 2 and words in done.stderr


def test_a_missing_folder_of_the_plot_is_wrong_usage(model_file, run, monkeypatch):
    monkeypatch.setattr(network_evaluation, "load_model", lambda path: pytest.fail("was read"))
    done = run("evaluate", "--plot", "missing/c.png")
    assert done.exit_code == 2 and "there is no folder missing" in done.stderr


def test_a_folder_that_cannot_be_made_is_a_sentence(model_file, run, tmp_path):
    (tmp_path / "file").touch()
    done = run("visualize", "--output", "file/figures")
    assert done.exit_code == 1 and "cannot write" in done.stderr


def test_the_record_is_plain_json(model_file):
    record = TrainingRecord.from_extra(load_model(model_file).extra, file="model.npz")
    assert json.loads(json.dumps(record.as_extra())) == record.as_extra()
    with pytest.raises(ModelFileError, match="does not say"):
        TrainingRecord.from_extra({"training": "yes"}, file="model.npz")


def real(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mnist_course", "numpy", *arguments]


def test_the_real_commands_on_the_real_data(tmp_path):
    """One epoch of 784-64-10 on MNIST, measured and drawn in processes of their own."""
    environment = {**os.environ, "COLUMNS": "120"}
    for arguments, words in (
        (("train", "--hidden", "64", "--batch-size", "32", "--epochs", "1"), "784-64-10"),
        (("evaluate", "--plot", "confusion.png"), "10,000"),
        (("visualize",), "hidden-units.png"),
    ):
        done = subprocess.run(
            real(*arguments), cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
    evaluation = evaluate_file(tmp_path / "model.npz", None)
    assert len(evaluation.held_out.labels) == 6000 and len(evaluation.test.labels) == 10_000
    assert evaluation.held_out.accuracy > 0.91 and evaluation.test.accuracy > 0.91
    assert abs(evaluation.held_out.accuracy - evaluation.test.accuracy) < 0.03


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("earlier", [True, False])
def test_ctrl_c_leaves_what_was_there(tmp_path, earlier):
    if earlier:
        (tmp_path / "model.npz").write_bytes(b"an earlier model")
    process = subprocess.Popen(
        real("train", "--iterations", "100000"), cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        time.sleep(1.0)
        while process.poll() is None and not _is_training(process.pid):
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, complaints
    assert "Stopped after" in complaints and "of 100000 iterations" in complaints
    kept = "model.npz is as it was before" if earlier else "no model was saved"
    assert kept in complaints and "Traceback" not in complaints and out == ""
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == ({"model.npz": b"an earlier model"} if earlier else {})


def _is_training(process: int) -> bool:
    """Tell whether a process has computed for some seconds: then it reads and imports no more."""
    import psutil

    return sum(psutil.Process(process).cpu_times()[:2]) > 4
