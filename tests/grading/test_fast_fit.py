"""Many steps in one call: the same bits, and only where nobody looks at single steps."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnist_course.grading import fast_fit

pytestmark = pytest.mark.keras

ROWS = 1013  # 32 full batches with a rest of 21: the last call is not full either


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 20)).astype(np.float32), rng.integers(0, 3, ROWS)


def build(*, schedule: bool = False, **compiled: Any) -> Any:
    import keras

    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Dense(16, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 20, 0.8) if schedule else 0.01
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **compiled,
    )
    return model


def bits(model: Any) -> list[bytes]:
    return [w.tobytes() for w in model.get_weights()]


def slow_and_fast(story: Callable[[], Any]) -> tuple[Any, Any]:
    slow = story()
    with fast_fit.enabled():
        return slow, story()


def epoch_callbacks(seen: list[Any]) -> list[Any]:
    import keras

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            x = np.ones((50, 20), np.float32)
            seen.append((epoch, logs, self.model.predict(x, verbose=0).tobytes()))
            seen.append(self.model.evaluate(x, np.zeros(50), verbose=0))

    return [
        Watch(),
        keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
    ]


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "validation split": {"validation_split": 0.2},
    "validation data": {"validation": True, "batch_size": 100},
    "odd batches": {"batch_size": 7, "epochs": 1},
    "not shuffled": {"shuffle": False},
    "steps per epoch": {"steps_per_epoch": 5},
    "more steps than data": {"validation": True, "validation_steps": 3},
    "epoch callbacks": {"validation_split": 0.2, "callbacks": True, "epochs": 4},
}


# Keras' own LearningRateScheduler asks NumPy for a copy in an old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_weights_and_history_are_bit_identical(name: str, data: Any) -> None:
    x, y = data
    options = {"epochs": 2, "verbose": 0} | CASES[name]

    def story() -> Any:
        seen: list[Any] = []
        given = dict(options)
        if given.pop("validation", False):
            given["validation_data"] = (x[:333], y[:333])
        if given.get("callbacks"):
            given["callbacks"] = epoch_callbacks(seen)
        model = build()
        history = model.fit(x, y, **given)
        return history.history, history.epoch, bits(model), seen

    slow, fast = slow_and_fast(story)
    assert slow == fast


def test_learning_rate_schedule(data: Any) -> None:
    def story() -> Any:
        model = build(schedule=True)
        history = model.fit(*data, epochs=3, verbose=0)
        return history.history, bits(model), int(model.optimizer.iterations)

    slow, fast = slow_and_fast(story)
    assert slow == fast and slow[2] == 3 * 32


def test_a_notebook_that_fits_freezes_and_compiles_again(data: Any) -> None:
    def story() -> list[Any]:
        x, y = data
        model, seen = build(), []
        seen.append(model.fit(x, y, verbose=0).history)
        seen.append(model.evaluate(x, y, verbose=0))
        model.layers[0].trainable = False  # without compile Keras goes on as before
        seen.append(model.fit(x, y, verbose=0, validation_split=0.1).history)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        seen.append(model.fit(x, y, verbose=0).history)
        seen.append(model.predict(x, verbose=0).tobytes())
        return [*seen, bits(model)]

    slow, fast = slow_and_fast(story)
    assert slow == fast


def test_it_really_takes_many_steps_at_once_and_leaves_no_trace(data: Any) -> None:
    import keras

    steps: list[int] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            steps.append(self.model.steps_per_execution)

    model = build()
    original = keras.Model.fit
    with fast_fit.enabled():
        fast_fit.enable()  # a second time changes nothing
        model.fit(*data, callbacks=[Watch()], verbose=0)
        with pytest.raises(TypeError):
            model.fit(no_such_argument=1)
    assert steps == [fast_fit.STEPS]
    assert model.steps_per_execution == 1
    assert keras.Model.fit is original


def test_the_traced_function_is_kept_from_fit_to_fit(data: Any) -> None:
    import keras

    functions: list[Any] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            functions.append(self.model.train_function)

    model, watch = build(), Watch()
    with fast_fit.enabled():
        model.fit(*data, callbacks=[watch], verbose=0)
        model.fit(*data, callbacks=[watch], verbose=0)
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(*data, callbacks=[watch], verbose=0)
    assert functions[0] is functions[1] and functions[1] is not functions[2]
    gone = weakref.ref(model)
    functions.clear()
    del model
    watch.set_model(None)
    gc.collect()
    assert gone() is None


def test_steps_are_traced_once(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    traced: list[int] = []
    original = keras.Sequential.train_step

    def train_step(self: Any, data: Any) -> Any:
        traced.append(self.steps_per_execution)
        return original(self, data)

    # On the class above, as an own train_step would be the slow way.
    monkeypatch.setattr(keras.Model, "train_step", train_step)
    for schedule in (False, True):
        slow, fast = slow_and_fast(lambda s=schedule: build(schedule=s).fit(*data, verbose=0))
        assert slow.history == fast.history
        assert traced == [1, 1, fast_fit.STEPS]
        traced.clear()


def wrong(name: str, data: Any) -> tuple[Any, Any, Any]:
    """Return a model with data that do not fit it."""
    x, y = data
    return {
        "inputs": (build(), x[:, :7], y),
        "labels": (build(), x, np.eye(4)[y]),
        "rows": (build(), x, y[:-1]),
        "no labels": (build(), x, None),
        "words": (build(), x, y.astype(str)),
    }[name]


@pytest.mark.parametrize("name", ["inputs", "labels", "rows", "no labels", "words"])
def test_data_that_do_not_fit_give_the_error_of_keras(name: str, data: Any) -> None:
    def story() -> Any:
        import keras

        keras.backend.clear_session()  # names of layers are in the words
        model, x, y = wrong(name, data)
        with pytest.raises(Exception) as error:
            model.fit(x, y, verbose=0)
        return type(error.value), str(error.value)

    slow, fast = slow_and_fast(story)
    assert slow == fast


def test_a_model_without_weights_yet_learns_the_same(data: Any) -> None:
    def story() -> Any:
        import keras

        keras.utils.set_random_seed(4)
        model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model.fit(*data, epochs=2, verbose=0).history, bits(model)

    slow, fast = slow_and_fast(story)
    assert slow == fast


def test_an_interrupted_fit_leaves_the_model_as_it_was(data: Any) -> None:
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    model = build()
    with fast_fit.enabled(), pytest.raises(KeyboardInterrupt):
        model.fit(*data, callbacks=Stop(), verbose=0)
    assert model.steps_per_execution == 1


@pytest.fixture
def slow_way(data: Any) -> Callable[..., int]:
    """Fit with the fast way on, and count how many steps one call of the model's was given."""

    def count(model: Any, *args: Any, **options: Any) -> int:
        import keras

        steps: list[int] = []

        class Watch(keras.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                steps.append(self.model.steps_per_execution)

        options["callbacks"] = [*options.get("callbacks", []), Watch()]
        with fast_fit.enabled():
            model.fit(*(args or data), verbose=0, **options)
        return steps[0]

    return count


def test_per_batch_callbacks_see_every_batch(data: Any, slow_way: Callable[..., int]) -> None:
    import keras

    batches: list[int] = []

    class PerBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            batches.append(batch)

    assert slow_way(build(), callbacks=[PerBatch()]) == 1
    assert batches == list(range(32))
    batches.clear()
    spy = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda b, logs: batches.append(b))
    assert slow_way(build(), callbacks=[spy]) == 1
    assert batches == list(range(32))


def test_an_own_train_step_keeps_the_slow_way(slow_way: Callable[..., int]) -> None:
    import keras

    class MyModel(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3, "softmax")

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, data: Any) -> Any:
            return super().train_step(data)

    model = MyModel()
    model.compile("adam", "sparse_categorical_crossentropy")
    assert slow_way(model) == 1


def test_eager_execution_keeps_the_slow_way(slow_way: Callable[..., int]) -> None:
    assert slow_way(build(run_eagerly=True)) == 1


def test_an_own_number_of_steps_is_kept(slow_way: Callable[..., int]) -> None:
    assert slow_way(build(steps_per_execution=4)) == 4


def _batches(data: Any, asked: list[int]) -> Iterator[Any]:
    x, y = data
    for number in range(1000):
        asked.append(number)
        start = 32 * (number % 30)
        yield x[start : start + 32], y[start : start + 32]


def test_generators_keep_the_slow_way(data: Any, slow_way: Callable[..., int]) -> None:
    import tensorflow as tf

    asked: list[int] = []
    assert slow_way(build(), _batches(data, asked), steps_per_epoch=5, shuffle=False) == 1
    assert len(asked) <= 8
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(32)
    assert slow_way(build(), dataset, shuffle=False) == 1


def test_validation_from_a_generator_reads_no_further(
    data: Any, slow_way: Callable[..., int]
) -> None:
    def story() -> Any:
        model = build()
        history = model.fit(
            *data, validation_data=_batches(data, []), validation_steps=3, epochs=1, verbose=0
        )
        return history.history, bits(model)

    slow, fast = slow_and_fast(story)
    assert slow == fast
    assert slow_way(build(), validation_data=_batches(data, []), validation_steps=3) == 1


def test_arrays_take_the_fast_way(data: Any, slow_way: Callable[..., int]) -> None:
    import tensorflow as tf

    assert slow_way(build()) == fast_fit.STEPS
    assert slow_way(build(), tf.constant(data[0]), tf.constant(data[1])) == fast_fit.STEPS
    assert slow_way(build(), validation_data=data) == fast_fit.STEPS
