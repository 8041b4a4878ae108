"""The structure of a network and what it says to data that do not fit."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

from mnist_course.exceptions import MnistCourseError, NetworkError
from mnist_course.numpy_nn import Activation, Dense, Flatten, Input, Sequential


def small(compiled=True, **settings):
    model = Sequential(
        [Input((2, 3)), Flatten(), Dense(4, activation="relu"), Dense(3, activation="softmax")],
        seed=0,
        **settings,
    )
    if compiled:
        model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    return model


X = np.random.default_rng(0).normal(size=(10, 2, 3)).astype(np.float32)
Y = np.arange(10) % 3


@pytest.mark.keras
@pytest.mark.parametrize(
    "activation",
    ["relu", "tanh", "sigmoid", "softsign", "elu", "gelu", "linear", "softmax"],
)
def test_predictions_are_those_of_keras(activation):
    import keras

    ours = Sequential(
        [
            Input((2, 3)),
            Flatten(),
            Dense(8, activation=activation, bias_initializer="random_normal"),
            Dense(5, use_bias=False),
            Activation(activation),
            Dense(3, activation="softmax"),
        ],
        seed=1,
    )
    theirs = keras.Sequential(
        [
            keras.Input((2, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation=activation),
            keras.layers.Dense(5, use_bias=False),
            keras.layers.Activation(activation),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert ours.count_params() == theirs.count_params()
    assert [layer.name for layer in ours.layers][:3] == ["flatten", "dense", "dense_1"]
    for one, other in zip(ours.layers, theirs.layers, strict=True):
        assert (None, *one.output_shape) == other.output.shape


def test_predict_is_float32_and_adds_up_to_one():
    model = small()
    outputs = model.predict(X)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-6)
    assert outputs.shape == (10, 3)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 1000])
def test_the_batch_size_of_predict_changes_nothing(batch_size):
    model = small()
    np.testing.assert_allclose(model.predict(X, batch_size), model.predict(X), rtol=1e-6)
    assert model.evaluate(X, Y, batch_size) == pytest.approx(model.evaluate(X, Y))


def test_a_prediction_stays_when_another_is_made():
    model = small()
    first = model.predict(X)
    kept = first.copy()
    model.predict(-X)
    model.fit(X, Y)
    np.testing.assert_array_equal(first, kept)


def test_evaluate_returns_what_keras_returns():
    model = small()
    loss, accuracy = model.evaluate(X, Y)
    assert model.evaluate(X, Y, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    p = model.predict(X)
    assert accuracy == np.mean(p.argmax(axis=1) == Y)
    assert loss == pytest.approx(-np.log(p[np.arange(10), Y]).mean(), rel=1e-5)
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, Y) == loss


def test_an_output_of_equal_numbers_counts_for_the_first_class_alone():
    model = Sequential([Input((2,)), Dense(4, kernel_initializer="zeros", activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    assert model.evaluate(np.ones((4, 2)), np.arange(4))[1] == 0.25


def test_rows_as_targets_are_counted_by_their_largest():
    model = small()
    expected = model.evaluate(X, Y)
    model.compile("sgd", "categorical_crossentropy", ["acc"])
    assert model.evaluate(X, np.eye(3)[Y]) == pytest.approx(expected)


def test_activations_are_the_outputs_of_each_layer():
    model = small()
    flat, hidden, output = model.activations(X)
    np.testing.assert_array_equal(flat, X.reshape(10, 6))
    dense = model.layers[1]
    np.testing.assert_allclose(
        hidden, np.maximum(flat @ dense.kernel + dense.bias, 0), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(output, model.predict(X))
    model.activations(-X)
    assert hidden.min() == 0 and hidden.max() > 0
    assert not np.shares_memory(flat, X)


def test_summary_shows_layers_shapes_and_counts(capsys):
    model = small()
    model.summary()
    text = capsys.readouterr().out
    for words in ("flatten (Flatten)", "(None, 6)", "dense_1 (Dense)", "Total params: 43"):
        assert words in text
    lines = []
    model.summary(print_fn=lines.append)
    assert "\n".join(lines) + "\n" == text


def test_weights_can_be_read_and_written():
    model, other = (
        small(),
        Sequential(
            [Input((2, 3)), Flatten(), Dense(4, activation="relu"), Dense(3, activation="softmax")],
            seed=5,
        ),
    )
    weights = model.get_weights()
    assert [w.shape for w in weights] == [(6, 4), (4,), (4, 3), (3,)]
    other.set_weights(weights)
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    weights[0][:] = 0  # copies
    assert model.layers[1].kernel.any()
    model.layers[1].kernel[...] = 0  # the weights themselves
    model.layers[2].bias = [1, 2, 3]
    np.testing.assert_allclose(
        model.predict(X)[0], np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum(), rtol=1e-6
    )


def test_wrong_weights_change_nothing():
    model = small()
    before = model.parameters.values.copy()
    weights = model.get_weights()
    for wrong in (weights[:3], [*weights[:3], np.zeros(4)], [np.ones((6, 4)), *weights[2:], 1]):
        with pytest.raises(NetworkError, match="not the weights of this model"):
            model.set_weights(wrong)
    with pytest.raises(NetworkError, match=r"Expected \(6, 4\), got \(4, 6\)"):
        model.layers[1].kernel = np.zeros((4, 6))
    with pytest.raises(NetworkError, match="has no kernel"):
        Dense(3).kernel  # noqa: B018 - reading is what fails
    np.testing.assert_array_equal(model.parameters.values, before)


def test_layers_may_be_added_one_by_one():
    model = Sequential(seed=0)
    for layer in (
        Input((2, 3)),
        Flatten(),
        Dense(4, activation="relu"),
        Dense(3, activation="softmax"),
    ):
        model.add(layer)
    np.testing.assert_array_equal(model.predict(X), small().predict(X))


def test_without_input_the_first_data_give_the_shape():
    model = Sequential(
        [Flatten(), Dense(4, activation="relu"), Dense(3, activation="softmax")], seed=0
    )
    with pytest.raises(NetworkError, match="does not know the shape of its inputs"):
        model.summary()
    np.testing.assert_array_equal(model.predict(X), small().predict(X))
    assert model.count_params() == 43


def test_a_layer_added_later_needs_a_new_compile():
    model = small()
    model.fit(X, Y)
    model.add(Dense(2, activation="softmax"))
    with pytest.raises(NetworkError, match="not compiled"):
        model.fit(X, Y)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, Y % 2)


@pytest.mark.parametrize("trained", [False, True])
def test_a_copy_is_a_model_of_its_own(trained):
    model = small()
    if trained:
        model.fit(X, Y)
    twin = copy.deepcopy(model)
    before = model.predict(X)
    twin.fit(X, Y, epochs=3)
    np.testing.assert_array_equal(model.predict(X), before)
    assert not np.array_equal(twin.predict(X), before)
    model.fit(X, Y, epochs=3)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_models_in_threads_do_not_meet():
    results = {}

    def train(seed):
        model = Sequential([Input((2, 3)), Flatten(), Dense(30), Dense(3, "softmax")], seed=seed)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, Y, batch_size=2, epochs=20)
        results.setdefault(seed, []).append(model.predict(X))

    for seed in range(4):
        train(seed)
    threads = [threading.Thread(target=train, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for alone, beside in results.values():
        np.testing.assert_array_equal(alone, beside)


def test_blas_has_as_many_threads_as_before():
    from threadpoolctl import threadpool_info

    def threads():
        return [(lib["filepath"], lib["num_threads"]) for lib in threadpool_info()]

    before = threads()
    small().fit(X, Y)
    with pytest.raises(NetworkError):
        small().fit(X, Y, callbacks=[lambda epoch, logs: small().fit(X[:, :1], Y)])
    assert threads() == before


def with_nan():
    x = X.copy()
    x[4, 1, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (X.reshape(10, 6), r"Expected \(n, 2, 3\), got \(10, 6\)"),
        (X[0], r"got \(2, 3\). For one single example pass x\[np.newaxis\]"),
        (X[:0], r"There are no examples"),
        (with_nan(), r"got 1 that are none, the first in row 4"),
        (np.where(X > 1, np.inf, X), "that are none, the first in row"),
        (X.astype(str), "The inputs are not numbers"),
        (np.float32(3), r"got \(\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x, words):
    for call in (
        small().predict,
        small().activations,
        lambda x: small().fit(x, Y),
        lambda x: small().evaluate(x, Y),
    ):
        with pytest.raises(NetworkError, match=words):
            call(x)


def test_images_for_rows_get_the_hint_with_flatten():
    model = Sequential([Input((784,)), Dense(3)])
    with pytest.raises(NetworkError, match=r"Flatten\(\), or pass x.reshape"):
        model.predict(np.zeros((5, 28, 28)))
    with pytest.raises(NetworkError, match=r"Put Flatten\(\) before"):
        Sequential([Input((28, 28)), Dense(3)])


def test_huge_finite_inputs_are_no_error():
    x = np.full((4, 2, 3), 3e38, np.float32)
    small(compiled=False).predict(x)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64, bool])
def test_inputs_of_any_type_are_taken_as_they_are(dtype):
    x = (np.abs(X) * 10).astype(dtype)
    np.testing.assert_array_equal(small().predict(x), small().predict(x.astype(np.float32)))


def test_no_copy_is_made_of_inputs_that_fit():
    examples, _ = small().prepare(X, Y)
    assert examples is X


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: small(False).fit(X, Y), r"not compiled.*Call model.compile"),
        (lambda: small(False).evaluate(X, Y), "not compiled"),
        (lambda: small().fit(X, Y[:9]), "one target for each of the 10 examples, got 9"),
        (lambda: small().fit(X, Y, validation_data=(X, Y + 1)), "none of the model's classes"),
        (lambda: small().fit(X, Y, epochs=0), "epochs is not usable"),
        (lambda: small().fit(X, Y, batch_size=2.5), "batch_size is not usable"),
        (lambda: small().predict(X, batch_size=0), "batch_size is not usable"),
        (lambda: small().compile("sgd", "mse", ["precision"]), "no such metric"),
        (lambda: Sequential([Dense]), "class without its brackets"),
        (lambda: Sequential([Dense(3), Input((3,))]), "Input first"),
        (lambda: Sequential([Input((3,)), *[Dense(3)] * 2]), "a new layer for each place"),
        (lambda: small().add(small().layers[1]), "a new layer for each place"),
        (lambda: Sequential([Dense(3, name="a"), Dense(3, name="a")]), "got 'a' twice"),
        (lambda: Sequential().predict(X), "no layers"),
        (lambda: Dense(0), "number of units"),
        (lambda: Dense(True), "number of units"),
        (lambda: Input(()), "shape of an input"),
        (lambda: Input((28, 0)), "shape of an input"),
        (lambda: Input((None, 28)), "shape of an input"),
        (lambda: Sequential(seed="a"), "seed"),
        (lambda: Sequential(seed=-1), "seed"),
        (lambda: Sequential(dtype="int8"), "float32 or float64"),
        (lambda: small().fit(X, Y, callbacks=[3]), "callback is not usable"),
    ],
)
def test_what_cannot_work_is_said_in_words(call, words):
    with pytest.raises(NetworkError, match=words) as caught:
        call()
    assert isinstance(caught.value, MnistCourseError)
    assert isinstance(caught.value, ValueError)
    assert "xpected" in str(caught.value)
    assert "got" in str(caught.value)


def test_accuracy_needs_classes():
    model = Sequential([Input((2, 3)), Flatten(), Dense(1)])
    model.compile("sgd", "mse", ["accuracy"])
    with pytest.raises(NetworkError, match="an output for each class"):
        model.fit(X, Y)
    model.compile("sgd", "mse")
    assert model.fit(X, Y).history["loss"][0] > 0  # targets (n,) for one output
