"""The given reader: the known file, as good as it says, and it can be made again."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from mnist_course.exceptions import CorruptDataError
from mnist_course.reader import load_reader, loading, training
from mnist_course.reader.variation import varied


def test_the_file_is_small_and_its_text_says_what_it_is():
    content = loading.PATH.read_bytes()
    assert hashlib.sha256(content).hexdigest() == loading.SHA256
    assert len(content) < 500_000
    text = loading.PATH.with_name("READER.md").read_text(encoding="utf-8")
    assert loading.SHA256 in text
    assert f"{len(content):,}" in text
    assert re.search(r"python -m mnist_course\.reader\.training --output reader\.npz", text)
    assert f"{load_reader().count_params():,} parameters" in text


def test_it_reads_as_well_as_its_text_says(mnist_data):
    _, (x, y) = mnist_data
    reader = load_reader()
    accuracy = np.mean(reader.predict(x / np.float32(255)).argmax(axis=1) == y)
    assert accuracy == pytest.approx(reader.extra["test_accuracy"], abs=2e-4)
    text = loading.PATH.with_name("READER.md").read_text(encoding="utf-8")
    assert f"{reader.extra['test_accuracy']:.4f}".lstrip("0") in text


def test_every_call_gives_a_model_of_its_own():
    one, other = load_reader(), load_reader()
    weights = one.get_weights()
    one.set_weights([0 * w for w in weights])
    assert all(np.array_equal(w, v) for w, v in zip(other.get_weights(), weights, strict=True))


def test_a_damaged_and_a_missing_file_are_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "reader.npz"
    damaged.write_bytes(loading.PATH.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(loading, "PATH", damaged)
    with pytest.raises(CorruptDataError, match="damaged"):
        load_reader()
    monkeypatch.setattr(loading, "PATH", tmp_path / "none.npz")
    with pytest.raises(CorruptDataError, match="cannot be loaded") as caught:
        load_reader()
    assert str(tmp_path) not in str(caught.value)


def test_variations_are_small_new_and_repeatable(small_test):
    images = small_test[0][:300]
    before = images.copy()
    made = varied(images, np.random.default_rng(0))
    assert np.array_equal(images, before)
    assert made.shape == images.shape
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1
    assert np.array_equal(made, varied(images, np.random.default_rng(0)))
    assert np.abs(made - images).mean(axis=(1, 2)).min() > 0.001
    read = load_reader().predict(made).argmax(axis=1)
    assert (read == small_test[1][:300]).mean() > 0.95


def test_training_learns_and_repeats_itself(small_train, small_test):
    x, y = small_train[0][:2000], small_train[1][:2000].astype(np.uint8)
    one, again = (training.train(x, y, epochs=2, seed=3) for _ in range(2))
    assert all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), again.get_weights(), strict=True)
    )
    other = training.train(x, y, epochs=2, seed=4)
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    read = one.predict(small_test[0]).argmax(axis=1)
    assert (read == small_test[1]).mean() > 0.7


def test_the_command_writes_a_model_with_its_accuracy(tmp_path, monkeypatch, mnist_data, capsys):
    (x, y), (x_test, y_test) = mnist_data
    few = (x[:500], y[:500]), (x_test[:200], y_test[:200])
    monkeypatch.setattr(training.mnist, "load_data", lambda: few)
    target = tmp_path / "reader.npz"
    assert training.main(["--output", str(target), "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    assert hashlib.sha256(target.read_bytes()).hexdigest() in said
    from mnist_course.numpy_nn import load_model

    extra = load_model(target).extra
    assert extra["epochs"] == 1
    assert f"{extra['test_accuracy']:.4f}" in said
