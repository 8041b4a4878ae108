"""Learning curves from dicts, Keras' History, AccuracyHistory."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from mnist_course.visualization import LearningCurvesDisplay, plot_learning_curves

HISTORY = {
    "accuracy": [0.86, 0.93, 0.95],
    "loss": [0.49, 0.25, 0.19],
    "val_accuracy": [0.92, 0.93, 0.94],
    "val_loss": [0.28, 0.22, 0.18],
}


def test_numbers_before_the_drawing():
    display = LearningCurvesDisplay.from_history(HISTORY)
    assert display.metrics == ("loss", "accuracy")
    assert display.epochs == 3
    frame = display.frame()
    assert frame.index.tolist() == [1, 2, 3]
    assert frame["val_loss"].tolist() == HISTORY["val_loss"]
    assert not plt.get_fignums()


def test_each_panel_has_its_two_curves(look):
    display = plot_learning_curves(HISTORY)
    assert len(display.axes_) == 2
    for ax, name in zip(display.axes_, ("loss", "accuracy"), strict=True):
        assert ax.get_title(loc="left") == name
        training, validation = ax.get_lines()
        assert training.get_ydata().tolist() == HISTORY[name]
        assert validation.get_ydata().tolist() == HISTORY[f"val_{name}"]
        assert training.get_linestyle() != validation.get_linestyle()  # not by colour alone
        assert [t.get_text() for t in ax.get_legend().get_texts()] == [
            f"training, last {HISTORY[name][-1]:.3f}",
            f"validation, last {HISTORY[f'val_{name}'][-1]:.3f}",
        ]
    assert look.is_drawn(display.axes_[0])


@pytest.mark.keras
def test_the_history_of_keras_and_of_our_callback(trained_model, small_test, look):
    from mnist_course.callbacks import AccuracyHistory

    x, y = small_test
    import keras

    clone = keras.models.clone_model(trained_model)
    clone.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    callback = AccuracyHistory(x[:100], y[:100], verbose=0)
    history = clone.fit(x[:256], y[:256], epochs=2, verbose=0, callbacks=[callback])
    assert LearningCurvesDisplay.from_history(history).metrics == ("loss", "accuracy")
    ours = LearningCurvesDisplay.from_history(callback)
    assert ours.frame().columns.tolist() == ["accuracy", "val_accuracy"]
    assert look.is_drawn(ours.plot().axes_[0])


def test_a_choice_of_metrics_in_given_axes():
    _, ax = plt.subplots()
    display = plot_learning_curves(HISTORY, metrics=["accuracy"], ax=ax)
    assert display.axes_ == (ax,)
    _, grid = plt.subplots(2, 1)
    assert plot_learning_curves(HISTORY, ax=grid).axes_ == tuple(grid)


def test_the_learning_rate_is_drawn_only_when_asked_for():
    history = {**HISTORY, "learning_rate": [0.1, 0.1, 0.01]}
    assert LearningCurvesDisplay.from_history(history).metrics == ("loss", "accuracy")
    asked = LearningCurvesDisplay.from_history(history, metrics=["learning_rate"])
    assert asked.metrics == ("learning_rate",)


def test_a_loss_that_broke_says_where(look):
    nan, inf = float("nan"), float("inf")
    display = plot_learning_curves({"loss": [1.2, inf, nan], "val_loss": [nan, nan, nan]})
    assert look.texts(display.axes_[0]) == ["no number (NaN or infinite)\nfrom epoch 1"]
    assert look.is_drawn(display.axes_[0])
    display = plot_learning_curves({"loss": [1.2, inf, nan]})
    assert look.texts(display.axes_[0]) == ["no number (NaN or infinite)\nfrom epoch 2"]


def test_what_was_never_measured_has_no_curve():
    nan = float("nan")
    display = LearningCurvesDisplay.from_history(
        {"accuracy": [0.5, 0.6], "val_accuracy": [nan, nan]}
    )
    assert list(display.curves) == ["accuracy"]


def test_one_epoch_is_visible(look):
    assert look.is_drawn(plot_learning_curves({"loss": [1.0]}).axes_[0])


@pytest.mark.parametrize(
    ("history", "options", "message"),
    [
        ({}, {}, "no epoch yet"),
        ({"loss": []}, {}, "no epoch yet"),
        ({"loss": [1, 2], "accuracy": [1]}, {}, "different lengths.*loss: 2, accuracy: 1"),
        ({"loss": ["a"]}, {}, "one number per epoch"),
        ({"loss": 3}, {}, "one number per epoch, got int"),
        ([1, 2, 3], {}, "needs? what model.fit.*got list"),
        (None, {}, "got NoneType"),
        (HISTORY, {"metrics": ["mae"]}, "no 'mae'. It has accuracy, loss"),
    ],
)
def test_a_history_that_is_none_is_refused(history, options, message):
    with pytest.raises(ValueError, match=message):
        LearningCurvesDisplay.from_history(history, **options)


def test_the_wrong_number_of_axes_is_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"Expected 2 axes, one per metric \(loss, accuracy\)"):
        plot_learning_curves(HISTORY, ax=ax)
