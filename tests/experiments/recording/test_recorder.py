"""Real fits are recorded as they were, and stay what they would have been."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.experiments.recording.fit_record import FitRecord, weights_digest
from mnist_course.experiments.recording.log import ExperimentLog
from mnist_course.experiments.recording.settings import settings

keras = pytest.importorskip("keras")

from mnist_course.experiments.recording import fit_call, recorder  # noqa: E402

pytestmark = [
    pytest.mark.keras,
    # Keras 3.15 reads a learning rate with np.array(variable), which NumPy 2.4 warns about.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """Each test starts without a recorder, leaves none."""
    recorder.stop()
    yield
    recorder.stop()


@pytest.fixture(scope="module")
def train(small_train: Pair) -> Pair:
    return small_train[0][:320], small_train[1][:320]


@pytest.fixture(scope="module")
def test(small_test: Pair) -> Pair:
    return small_test[0][:100], small_test[1][:100]


def network(
    *hidden: Any,
    seed: int | None = None,
    built: bool = True,
    optimizer: Any = "adam",
    loss: Any = "sparse_categorical_crossentropy",
    metrics: Any = ("accuracy",),
    **compiling: Any,
) -> Any:
    if seed is not None:
        keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            *([keras.layers.Input((28, 28))] if built else []),
            keras.layers.Flatten(),
            *(hidden or (keras.layers.Dense(8, activation="relu"),)),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer, loss, metrics=list(metrics), **compiling)
    return model


def only(log: ExperimentLog) -> FitRecord:
    (fit,) = log.fits
    return fit


class Raise(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a fit by an exception, as the stop button of a notebook does."""

    def __init__(self, error: BaseException, *, epoch: int = 1, batch: int | None = None) -> None:
        super().__init__()
        self.error, self.epoch, self.batch, self.current = error, epoch, batch, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.current = epoch
        if self.batch is None and epoch == self.epoch:
            raise self.error

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.current == self.epoch and batch == self.batch:
            raise self.error


# ---- the fit stays what it was ------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        {},
        {"built": False},
        {"steps_per_execution": 4},
        {"optimizer": "sgd", "metrics": ()},
    ],
    ids=str,
)
def test_weights_and_history_are_the_same_to_the_last_bit(
    build: dict[str, Any], train: Pair, test: Pair
) -> None:
    def outcome() -> tuple[dict[str, list[float]], str, list[str], np.ndarray]:
        keras.utils.set_random_seed(3)  # before the layers, which draw their seeds
        model = network(
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
            **build,
        )
        seen: list[str] = []
        history = model.fit(
            *train,
            epochs=2,
            verbose=0,
            validation_split=0.2,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append("a")),
                keras.callbacks.ReduceLROnPlateau(patience=1),
                keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append("b")),
            ],
        )
        again = model.fit(*train, epochs=1, verbose=0, validation_data=test)
        numbers = {**history.history, **{f"2 {k}": v for k, v in again.history.items()}}
        drawn = np.asarray(keras.random.uniform((4,)))
        return numbers, weights_digest(model.get_weights()), seen, drawn

    history, weights, order, drawn = outcome()
    log = ExperimentLog(*test)
    recorded_history, recorded_weights, recorded_order, recorded_drawn = outcome()
    assert len(log.fits) == 2
    assert recorded_history == history
    assert recorded_weights == weights
    assert recorded_order == order == ["a", "b"] * 2
    np.testing.assert_array_equal(recorded_drawn, drawn)


def test_the_list_of_callbacks_is_left_alone(train: Pair) -> None:
    ExperimentLog()
    callbacks = [keras.callbacks.TerminateOnNaN()]
    network().fit(*train, verbose=0, callbacks=callbacks)
    assert len(callbacks) == 1


def test_the_signature_stays() -> None:
    before = inspect.signature(keras.Model.fit), inspect.signature(keras.Model.evaluate)
    recorder.start()
    assert (inspect.signature(keras.Model.fit), inspect.signature(keras.Model.evaluate)) == before


def test_starting_twice_is_starting_once_and_stopping_leaves_no_trace() -> None:
    found = dict(vars(keras.Model))
    assert recorder.recorder() is None
    running = recorder.start()
    wrapped = keras.Model.fit
    assert recorder.start() is running is recorder.recorder()
    assert keras.Model.fit is wrapped
    recorder.stop()
    recorder.stop()
    assert recorder.recorder() is None
    assert dict(vars(keras.Model)) == found


def test_stopping_below_another_wrapper(train: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    log = ExperimentLog()
    inner = keras.Model.fit

    def outer(*args: Any, **kwargs: Any) -> Any:
        return inner(*args, **kwargs)

    monkeypatch.setattr(keras.Model, "fit", outer)
    recorder.stop()
    network().fit(*train, verbose=0)
    assert log.fits == ()
    monkeypatch.undo()
    assert keras.Model.fit is inner
    del keras.Model.fit


@pytest.mark.parametrize("step", ["begin", "record", "on_epoch_end"])
def test_a_failing_recorder_does_not_break_the_fit(
    step: str, train: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("planted")

    log = ExperimentLog()
    if step == "on_epoch_end":
        monkeypatch.setattr(fit_call, "_MOST_WEIGHTS_EACH_EPOCH", "planted")
    else:
        monkeypatch.setattr(fit_call.FitCall, step, fail)
    history = network().fit(*train, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert "not recorded" in caplog.text
    assert len(log.fits) == (step == "on_epoch_end")


def test_wrong_arguments_raise_what_keras_raises(train: Pair) -> None:
    log = ExperimentLog()
    with pytest.raises(TypeError, match="epoch"):
        network().fit(*train, epoch=3)
    with pytest.raises(ValueError, match="compile"):
        keras.Sequential([keras.layers.Dense(1)]).fit(*train)
    with pytest.raises(ValueError):  # one-hot labels, sparse loss
        network().fit(train[0], np.eye(10)[train[1]], verbose=0)
    assert log.fits == ()


# ---- what is recorded ---------------------------------------------------------------------


def test_a_fit_is_described(train: Pair, test: Pair) -> None:
    log = ExperimentLog()
    model = network(optimizer=keras.optimizers.Adam(1e-5))
    before = model.get_weights()
    history = model.fit(*train, 64, 2, 0, validation_data=test)  # positional, as Keras allows
    fit = only(log)
    assert fit.number == 1
    assert fit.model_name == model.name
    assert fit.architecture == model.to_json()
    assert fit.parameters == model.count_params() == 6_370
    assert [(layer.class_name, layer.units, layer.activation) for layer in fit.layers] == [
        ("Flatten", None, None),
        ("Dense", 8, "relu"),
        ("Dense", 10, "softmax"),
    ]
    assert fit.compiled["optimizer"]["class_name"] == "Adam"
    assert fit.compiled["optimizer"]["config"]["learning_rate"] == 1e-05
    assert fit.compiled["loss"] == "sparse_categorical_crossentropy"
    assert fit.compiled["metrics"] == ["accuracy"]
    assert (fit.epochs, fit.epochs_planned, fit.batch_size, fit.steps) == (2, 2, 64, 10)
    assert fit.history == {name: tuple(values) for name, values in history.history.items()}
    assert fit.accuracy == history.history["val_accuracy"][-1]
    assert fit.seconds > 0
    assert fit.callbacks == ()
    assert fit.data is not None
    assert (fit.data.rows, fit.data.train_rows, fit.data.labels) == (320, 320, "integer")
    assert fit.validation is not None
    assert (fit.validation.rows, fit.validation.test_rows) == (100, 100)
    assert fit.shared_rows == 0
    assert fit.continued_from is None
    assert fit.weights_before == weights_digest(before)
    assert fit.weights_after == weights_digest(model.get_weights())
    assert fit.initial_weights is not None
    for kept, array in zip(fit.initial_weights, before, strict=True):
        np.testing.assert_array_equal(kept, array)
    assert recorder.recorder() is not None
    assert recorder.recorder().last_model is model  # type: ignore[union-attr]
    assert log.find(model.get_weights()) == fit
    again = FitRecord.from_dict(fit.to_dict())
    assert again == fit


def test_the_last_part_is_the_validation_split(train: Pair) -> None:
    log = ExperimentLog()
    x, y = train
    network().fit(x, y, validation_split=0.25, verbose=0)
    fit = only(log)
    from mnist_course.experiments.recording.data_print import data_print

    assert fit.validation_split == 0.25
    assert fit.data == data_print(x[:240], y[:240])
    assert fit.validation == data_print(x[240:], y[240:])


def test_leaking_rows_and_one_hot_labels(train: Pair) -> None:
    log = ExperimentLog()
    x, y = train[0], np.eye(10)[train[1]]
    network(loss="categorical_crossentropy").fit(
        x, y, validation_data=(x[:50] / 2, y[:50]), verbose=0
    )
    fit = only(log)
    assert fit.shared_rows == 50
    assert fit.data is not None
    assert fit.data.labels == "one-hot"


@pytest.mark.parametrize("batch", [None, 2])
def test_an_interrupted_fit_is_recorded_as_far_as_it_went(batch: int | None, train: Pair) -> None:
    log = ExperimentLog()
    with pytest.raises(KeyboardInterrupt):
        network().fit(
            *train, epochs=5, verbose=0, callbacks=[Raise(KeyboardInterrupt(), batch=batch)]
        )
    fit = only(log)
    assert (fit.epochs, fit.epochs_planned) == (1, 5)
    assert fit.steps == 10 + (0 if batch is None else 3)
    assert fit.stopped_by == "KeyboardInterrupt"
    assert fit.callbacks == ("Raise",)
    assert len(fit.history["loss"]) == 1


def test_an_error_in_a_fit_is_recorded_then_raised(train: Pair) -> None:
    log = ExperimentLog()
    with pytest.raises(RuntimeError, match="mine"):
        network().fit(*train, epochs=2, verbose=0, callbacks=Raise(RuntimeError("mine")))
    assert only(log).stopped_by == "RuntimeError"


def test_a_model_that_is_not_rebuilt_continues(train: Pair) -> None:
    log = ExperimentLog()
    model = network(seed=1)
    fresh = model.get_weights()
    model.fit(*train, verbose=0)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*train, verbose=0)
    model.set_weights(fresh)
    model.fit(*train, verbose=0)
    network(seed=1).fit(*train, verbose=0)
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile("adam", "sparse_categorical_crossentropy")
    copy.fit(*train, verbose=0)
    assert [fit.continued_from for fit in log.fits] == [None, 1, None, None, 3]
    assert [fit.number for fit in log.chain(log.fits[1])] == [1, 2]


def test_a_model_without_an_input_shape_is_built_by_its_fit(train: Pair) -> None:
    log = ExperimentLog()
    model = network(built=False)
    model.fit(*train, verbose=0)
    model.fit(*train, verbose=0)
    first, second = log.fits
    assert (first.weights_before, first.initial_weights) == ("", None)
    assert first.parameters == 6_370
    assert second.continued_from == 1


def test_the_accuracy_is_that_of_the_weights_that_remain(train: Pair, test: Pair) -> None:
    log = ExperimentLog()
    model = network(optimizer=keras.optimizers.SGD(5.0), seed=0)  # jumps about
    history = model.fit(
        *train,
        epochs=6,
        verbose=0,
        validation_data=test,
        callbacks=keras.callbacks.EarlyStopping(
            "val_accuracy", patience=6, restore_best_weights=True
        ),
    )
    accuracies = history.history["val_accuracy"]
    assert accuracies[-1] != max(accuracies)
    assert only(log).accuracy == max(accuracies)
    assert model.evaluate(*test, verbose=0)[1] == pytest.approx(max(accuracies))


@pytest.mark.parametrize(
    "metric",
    [
        "acc",
        "sparse_categorical_accuracy",
        keras.metrics.SparseCategoricalAccuracy(name="hits"),
    ],
    ids=["acc", "sparse", "own name"],
)
def test_an_accuracy_by_any_name(metric: Any, train: Pair, test: Pair) -> None:
    log = ExperimentLog()
    top = keras.metrics.SparseTopKCategoricalAccuracy(5)
    network(metrics=[top, metric]).fit(*train, verbose=0, validation_data=test)
    fit = only(log)
    name = next(
        n for n in fit.history if n.startswith("val_") and "loss" not in n and "top" not in n
    )
    assert fit.accuracy == fit.history[name][-1]


def test_accuracy_on_the_log_s_test_data(train: Pair, test: Pair) -> None:
    log = ExperimentLog(*test)
    model = network()
    model.fit(*train, verbose=0)
    assert only(log).accuracy == pytest.approx(model.evaluate(*test, verbose=0)[1])
    assert log.evaluations[0].accuracy == pytest.approx(only(log).accuracy)


def test_no_accuracy_without_any_data(train: Pair) -> None:
    log = ExperimentLog()
    network(metrics=()).fit(*train, verbose=0)
    assert only(log).accuracy is None


def test_test_data_of_another_shape(train: Pair, caplog: pytest.LogCaptureFixture) -> None:
    log = ExperimentLog(np.zeros((5, 3)), np.zeros(5))
    network().fit(*train, verbose=0)
    assert only(log).accuracy is None
    assert "No accuracy was measured" in caplog.text


def test_half_of_the_test_data() -> None:
    with pytest.raises(ValueError, match="labels"):
        ExperimentLog(np.zeros(3))


def test_evaluations_outside_a_fit(train: Pair, test: Pair) -> None:
    class Evaluate(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.evaluate(*test, verbose=0)

    log = ExperimentLog()
    model = network()
    model.fit(*train, verbose=0, callbacks=[Evaluate()])
    assert log.evaluations == ()
    result = model.evaluate(*test, verbose=0, return_dict=True)
    network(metrics=()).evaluate(*train, verbose=0)
    one, two = log.evaluations
    assert (one.number_of_fit, one.weights) == (1, only(log).weights_after)
    assert one.accuracy == pytest.approx(result["accuracy"])
    assert one.data is not None
    assert one.data.test_rows == 100
    assert (two.number_of_fit, two.accuracy) == (None, None)


def test_data_sets_and_generators(train: Pair) -> None:
    import tensorflow as tf

    log = ExperimentLog()
    batches = tf.data.Dataset.from_tensor_slices(train).shuffle(320).batch(40)
    network().fit(batches, verbose=0, shuffle=False, validation_data=batches)
    network().fit(
        ((train[0][:32], train[1][:32]) for _ in range(3)),
        steps_per_epoch=3,
        shuffle=False,
        verbose=0,
    )
    network().fit(tf.constant(train[0]), tf.constant(train[1]), verbose=0)
    from_set, from_generator, from_tensor = log.fits
    assert (from_set.data, from_set.validation, from_set.batch_size) == (None, None, 0)
    assert from_set.steps == 8
    assert (from_generator.data, from_generator.steps) == (None, 3)
    assert from_generator.arguments == {"steps_per_epoch": "3"}
    assert from_tensor.data is not None
    assert (from_tensor.data.train_rows, from_tensor.batch_size) == (320, 32)


def test_other_arguments(train: Pair) -> None:
    log = ExperimentLog()
    network().fit(
        *train,
        verbose=0,
        class_weight={0: 2.0},
        sample_weight=None,
        epochs=3,
        initial_epoch=1,
        shuffle=False,
    )
    fit = only(log)
    assert fit.arguments == {"class_weight": "{0: 2.0}", "initial_epoch": "1"}
    assert (fit.epochs, fit.epochs_planned, fit.shuffle) == (2, 2, False)


def test_other_kinds_of_model(train: Pair, test: Pair) -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.out = keras.layers.Flatten(), keras.layers.Dense(10)

        def call(self, x: Any) -> Any:
            return self.out(self.flat(x))

        def fit(self, *args: Any, **kwargs: Any) -> Any:
            return super().fit(*args, **kwargs)

    log = ExperimentLog()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    own = Own()
    own.compile("adam", loss, metrics=["accuracy"])
    own.fit(*train, verbose=0)

    inputs = keras.Input((28, 28))
    body = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(8, activation="relu")])
    functional = keras.Model(inputs, keras.layers.Dense(10)(body(inputs)))
    functional.compile("adam", loss, metrics=["accuracy"])
    functional.fit(*train, verbose=0)

    first, second = log.fits
    assert [layer.class_name for layer in first.layers] == ["Flatten", "Dense"]
    assert first.compiled["loss"]["config"]["from_logits"] is True
    assert settings(second)["units"] == (8,)
    assert settings(second)["output activation"] == "linear"
    assert second.data is not None


def test_layers_in_detail(train: Pair) -> None:
    log = ExperimentLog()
    layers = keras.layers
    network(
        layers.Rescaling(2.0, offset=-1.0),
        layers.Dense(
            8, kernel_regularizer=keras.regularizers.L2(1e-3), kernel_initializer="he_normal"
        ),
        layers.LeakyReLU(),
        layers.Dropout(0.3),
        layers.Dense(8, activation=layers.LeakyReLU(negative_slope=0.1)),
        layers.Dense(8, activation=lambda x: x * x),
        optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.9
        ),
        loss=keras.losses.sparse_categorical_crossentropy,
    ).fit(*train, verbose=0)
    knobs = settings(only(log))
    assert knobs["learning rate"] == (
        "ExponentialDecay(decay_rate=0.9, decay_steps=10, initial_learning_rate=0.1)"
    )
    assert knobs["optimizer"] == "SGD(momentum=0.9)"
    assert knobs["loss"] == "sparse_categorical_crossentropy"
    assert knobs["units"] == (8, 8, 8)
    assert knobs["activation"] == ("leaky_relu", "leaky_relu", "<lambda>")
    assert knobs["dropout"] == (0.3,)
    assert knobs["regularisation"] == ("L2(l2=0.001)",)
    assert knobs["initializer"] == ("GlorotUniform", "HeNormal")
    assert knobs["input scaling"] == "(x - 128) / 128"
    FitRecord.from_dict(only(log).to_dict())


def test_settings_are_those_before_the_fit_changed_them(train: Pair) -> None:
    log = ExperimentLog()
    network(optimizer=keras.optimizers.Adam(0.01)).fit(
        *train, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.5)]
    )
    assert settings(only(log))["learning rate"] == 0.01
    assert settings(only(log))["callbacks"] == ("LearningRateScheduler",)


def test_a_fit_inside_a_fit(train: Pair) -> None:
    class FitAnother(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            network().fit(*train, epochs=2, verbose=0)

    log = ExperimentLog()
    network().fit(*train, verbose=0, callbacks=[FitAnother()])
    assert [(fit.epochs, fit.callbacks) for fit in log.fits] == [(2, ()), (1, ("FitAnother",))]


def test_what_cannot_be_recorded_still_runs(train: Pair, caplog: pytest.LogCaptureFixture) -> None:
    log = ExperimentLog()
    model = network()
    owned = keras.callbacks.CallbackList([], add_history=True, model=model, epochs=1, verbose=0)
    model.fit(*train, verbose=0, callbacks=owned)
    model.train_on_batch(*train)
    assert log.fits == ()
    assert "CallbackList" in caplog.text


def test_nan_everywhere(train: Pair) -> None:
    log = ExperimentLog()
    model = network(optimizer=keras.optimizers.SGD(1e30), loss="mse")
    model.fit(train[0], np.eye(10)[train[1]] * 1e30, epochs=2, verbose=0)
    model.fit(train[0], np.eye(10)[train[1]], verbose=0)
    first, second = log.fits
    assert not np.isfinite(first.history["loss"][-1])
    assert second.initial_weights is None
    assert second.continued_from == 1
    assert ExperimentLog.from_dict(log.to_dict())._repr_html_() == log._repr_html_()


# ---- logs of one process ------------------------------------------------------------------


def test_logs_of_one_notebook_are_one_log(train: Pair) -> None:
    one = ExperimentLog()
    network().fit(*train, verbose=0)
    two = ExperimentLog()
    two.why("the same record")
    assert one.fits == two.fits
    assert one.fits[0].why == "the same record"
    fresh = ExperimentLog(fresh=True)
    network().fit(*train, verbose=0)
    assert (len(one), len(fresh), fresh.fits[0].number) == (1, 1, 1)
    assert ExperimentLog().fits == fresh.fits


def test_a_recorder_that_started_earlier_changes_no_number(train: Pair) -> None:
    recorder.start()
    network().fit(*train, verbose=0)
    log = ExperimentLog()
    network().fit(*train, verbose=0)
    assert [fit.number for fit in log.fits] == [1]
    assert [fit.number for fit in ExperimentLog.automatic().fits] == [1, 2]


def test_going_on_tomorrow(train: Pair, tmp_path: Path) -> None:
    log = ExperimentLog()
    model = network()
    model.fit(*train, verbose=0)
    log.save(tmp_path / "log.json")
    recorder.stop()
    tomorrow = ExperimentLog.load(tmp_path / "log.json")
    model.fit(*train, verbose=0)
    assert [fit.continued_from for fit in tomorrow.fits] == [None, 1]
    tomorrow.why("longer")
    assert tomorrow.fits[0].initial_weights is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b"{}"])
def test_what_is_no_saved_log(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    from mnist_course.exceptions import RecordError

    with pytest.raises(RecordError):
        ExperimentLog.load(path)
