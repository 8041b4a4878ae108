"""Training: the same bits for the same seed, what is recorded, who is called, what is learned."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.numpy_nn import (
    SGD,
    Adam,
    Callback,
    Dense,
    Flatten,
    Input,
    RandomUniform,
    Sequential,
)
from mnist_course.numpy_nn.batches import Batches


def network(optimizer="adam", *, seed=0, hidden=16, activation="relu"):
    model = Sequential(
        [
            Input((28, 28)),
            Flatten(),
            Dense(hidden, activation=activation),
            Dense(10, activation="softmax"),
        ],
        seed=seed,
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    return model


@pytest.mark.parametrize("batch_size", [32, 500, None])
def test_the_same_seed_gives_the_same_bits(small_train, batch_size):
    x, y = (part[:1500] for part in small_train)
    results = []
    for seed in (1, 1, 2):
        model = network(seed=seed)
        history = model.fit(x, y, batch_size=batch_size, epochs=2).history
        results.append((model.parameters.values.tobytes(), history))
    assert results[0] == results[1]
    assert results[0] != results[2]


def test_numpys_global_seed_is_neither_read_nor_moved(small_train):
    x, y = (part[:200] for part in small_train)
    results = []
    for seed in (1, 2):
        np.random.seed(seed)
        state = np.random.get_state()[1].copy()
        model = network()
        model.fit(x, y)
        results.append(model.parameters.values.tobytes())
        np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert results[0] == results[1]


def test_each_epoch_has_every_example_once_in_a_new_order():
    x = np.arange(10, dtype=np.float32)[:, np.newaxis]
    batches = Batches(x, np.arange(10), 4, np.random.default_rng(0))
    orders = []
    for _ in range(3):
        seen = [(part.copy(), y.copy()) for part, y in batches.epoch()]
        assert [len(part) for part, _ in seen] == [4, 4, 2]
        for part, y in seen:
            np.testing.assert_array_equal(part[:, 0], y)
        orders.append(np.concatenate([y for _, y in seen]).tolist())
        assert sorted(orders[-1]) == list(range(10))
    assert len({tuple(order) for order in orders}) == 3


@pytest.mark.parametrize(("size", "rng"), [(None, np.random.default_rng(0)), (4, None)])
def test_without_a_new_order_nothing_is_copied(size, rng):
    x = np.zeros((10, 3), np.float32)
    for part, _ in Batches(x, np.zeros(10), size, rng).epoch():
        assert np.shares_memory(part, x)


def test_training_leaves_the_data_alone(small_train):
    x, y = (part[:200].copy() for part in small_train)
    model = network()
    before = x.copy(), y.copy()
    for batch_size in (32, None):
        for shuffle in (True, False):
            model.fit(x, y, batch_size=batch_size, shuffle=shuffle, validation_data=(x, y))
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_the_history_is_a_mean_over_the_epoch(small_train):
    x, y = (part[:100] for part in small_train)
    model = network(SGD(0.0))  # nothing moves: every batch is measured on the same weights
    history = model.fit(x, y, batch_size=32, epochs=2, validation_data=(x, y))
    loss, accuracy = model.evaluate(x, y)
    assert history.epoch == [0, 1]
    assert history.history["accuracy"] == [accuracy] * 2 == history.history["val_accuracy"]
    assert history.history["loss"] == pytest.approx([loss] * 2)
    assert history.history["val_loss"] == pytest.approx([loss] * 2)
    assert model.history is history


def test_validation_only_now_and_then(small_train):
    x, y = (part[:50] for part in small_train)
    history = network().fit(x, y, epochs=7, validation_data=(x, y), validation_freq=3).history
    assert [len(history[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")] == [
        7,
        7,
        2,
        2,
    ]


def test_validation_data_are_never_learned_from(small_train):
    x, y = (part[:300] for part in small_train)
    with_it, without = network(), network()
    with_it.fit(x, y, epochs=2, validation_data=(x[::-1], y[::-1]))
    without.fit(x, y, epochs=2)
    np.testing.assert_array_equal(with_it.parameters.values, without.parameters.values)


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self):
        self.calls.append("begin")

    def on_epoch_begin(self, epoch):
        self.calls.append(f"epoch {epoch}")

    def on_train_batch_end(self, batch, logs):
        assert set(logs) == {"loss", "accuracy"}
        self.calls.append(batch)

    def on_epoch_end(self, epoch, logs):
        assert set(logs) == {"loss", "accuracy"}
        self.calls.append(f"end {epoch}")
        self.model.stop_training = epoch == 1

    def on_train_end(self):
        self.calls.append("end")


def test_callbacks_are_called_in_order_and_may_stop(small_train):
    x, y = (part[:50] for part in small_train)
    recorder, seen = Recorder(), []
    model = network()
    history = model.fit(
        x, y, epochs=9, batch_size=20, callbacks=[recorder, lambda e, logs: seen.append((e, logs))]
    )
    assert recorder.calls == [
        "begin",
        "epoch 0",
        0,
        1,
        2,
        "end 0",
        "epoch 1",
        0,
        1,
        2,
        "end 1",
        "end",
    ]
    assert [epoch for epoch, _ in seen] == [0, 1]
    assert seen[1][1]["loss"] == history.history["loss"][1]
    assert len(model.fit(x, y, epochs=3).history["loss"]) == 3  # stopped once, not for ever


@pytest.mark.parametrize("verbose", [0, 1])
def test_verbose_writes_a_line_for_each_epoch(small_train, capsys, verbose):
    x, y = (part[:50] for part in small_train)
    network().fit(x, y, epochs=2, verbose=verbose)
    text = capsys.readouterr().out
    assert text.count("\n") == 2 * verbose
    if verbose:
        assert text.startswith("Epoch 1/2 - loss: ")
        assert " - accuracy: " in text


def test_a_network_that_diverges_stops_with_one_warning(small_train):
    x, y = (part[:500] for part in small_train)
    model = network(SGD(1e30))
    with pytest.warns(RuntimeWarning, match="smaller learning rate") as caught:
        history = model.fit(x * 255, y, epochs=20)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not np.isfinite(history.history["loss"][-1])
    assert len(history.epoch) < 20


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softsign", "elu", "gelu"])
def test_fifty_images_can_be_learned_by_heart(small_train, activation):
    x, y = (part[:50] for part in small_train)
    model = network(Adam(0.01), hidden=32, activation=activation)
    model.fit(x, y, batch_size=10, epochs=60)
    loss, accuracy = model.evaluate(x, y)
    assert accuracy == 1
    assert loss < 0.05


def test_rows_and_numbers_are_the_same_lesson(small_train):
    x, y = (part[:300] for part in small_train)
    sparse, rows = network(), network()
    rows.compile("adam", "categorical_crossentropy", ["accuracy"])
    sparse.fit(x, y, epochs=2)
    rows.fit(x, np.eye(10)[y], epochs=2)
    np.testing.assert_allclose(
        rows.parameters.values, sparse.parameters.values, rtol=1e-3, atol=1e-5
    )


@pytest.fixture(scope="module")
def scaled(mnist_data):
    """All of MNIST as float32 0..1."""
    return tuple((x.astype(np.float32) / np.float32(255), y) for x, y in mnist_data)


@pytest.mark.slow
def test_the_classic_recipe_reaches_88_percent(scaled):
    """784-10-10, ReLU, plain gradient descent on all images at once, 1000 times."""
    (x, y), test = scaled
    small = RandomUniform(-0.5, 0.5)
    accuracies = []
    for seed in range(2):
        model = Sequential(
            [
                Input((28, 28)),
                Flatten(),
                Dense(10, activation="relu", kernel_initializer=small, bias_initializer=small),
                Dense(10, activation="softmax", kernel_initializer=small, bias_initializer=small),
            ],
            seed=seed,
        )
        model.compile(SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
        history = model.fit(x, y, batch_size=None, epochs=1000).history
        assert len(history["loss"]) == 1000
        assert history["loss"][0] > history["loss"][99] > history["loss"][-1]
        accuracies.append(model.evaluate(*test)[1])
    assert 0.865 <= np.mean(accuracies) <= 0.895
    assert all(0.85 <= accuracy <= 0.91 for accuracy in accuracies)


@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.5), Adam()], ids=["sgd", "adam"])
def test_784_64_10_reaches_96_percent_in_five_epochs(scaled, optimizer):
    train, test = scaled
    model = network(optimizer, hidden=64)
    history = model.fit(*train, epochs=5, validation_data=test).history
    assert history["val_accuracy"][-1] >= 0.96
