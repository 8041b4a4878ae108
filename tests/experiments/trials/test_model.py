"""The network of a configuration, against what its fields say."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.experiments.trials.configuration import Configuration

pytestmark = pytest.mark.keras


def built(seed=0, **fields):
    from mnist_course.experiments.trials.model import build

    return build(Configuration(**fields), seed)


def names(model):
    return [layer.name for layer in model.layers]


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({"hidden": ()}, 7_850),
        ({"hidden": (128,)}, 101_770),
        ({"hidden": (32, 16)}, 785 * 32 + 33 * 16 + 17 * 10),
        ({"conv": (4, 8), "hidden": ()}, 10 * 4 + (9 * 4 + 1) * 8 + (7 * 7 * 8 + 1) * 10),
        ({"conv": (2, 2, 2), "hidden": (5,)}, 20 + 38 + 38 + (3 * 3 * 2 + 1) * 5 + 6 * 10),
        (
            {"task": "reconstruct", "latent": 3, "hidden": (20, 10)},
            785 * 20 + 21 * 10 + 11 * 3 + 4 * 10 + 11 * 20 + 21 * 784,
        ),
    ],
)
def test_it_has_as_many_parameters_as_by_hand(fields, parameters):
    assert built(**fields).count_params() == parameters


def test_dropout_is_before_every_dense_layer_that_does_not_read_pixels():
    assert names(built(hidden=(8, 8), dropout=0.1)) == [
        "flatten", "hidden_1", "dropout_before_hidden_2", "hidden_2", "dropout_before_output",
        "output",
    ]  # fmt: skip
    assert names(built(conv=(2,), hidden=(8,), dropout=0.1)) == [
        "channel", "conv_1", "pool_1", "flatten", "dropout_before_hidden_1", "hidden_1",
        "dropout_before_output", "output",
    ]  # fmt: skip
    assert names(built(hidden=(), dropout=0.1)) == ["flatten", "output"]
    assert names(built(task="reconstruct", latent=2, hidden=(8,), dropout=0.1)) == [
        "flatten", "encoder_1", "dropout_before_code", "code", "dropout_before_decoder_1",
        "decoder_1", "dropout_before_pixels", "pixels", "picture",
    ]  # fmt: skip


def test_augmentation_is_at_the_front_in_the_order_that_was_asked():
    model = built(augmentation=("zoom", "flip", "rotate", "shift"), conv=(2,), hidden=())
    assert kinds(model)[:5] == [
        "Reshape", "RandomZoom", "RandomFlip", "RandomRotation", "RandomTranslation",
    ]  # fmt: skip
    assert names(model).count("channel") == 1


def test_every_field_reaches_its_layer():
    model = built(conv=(2,), hidden=(8,), activation="gelu", l2=0.01, dropout=0.25)
    for name in ("conv_1", "hidden_1"):
        assert model.get_layer(name).activation.__name__ == "gelu"
    assert model.get_layer("output").activation.__name__ == "softmax"
    penalised = [layer.name for layer in model.layers if getattr(layer, "kernel_regularizer", None)]
    assert penalised == ["conv_1", "hidden_1", "output"]
    assert float(model.get_layer("output").kernel_regularizer.l2) == pytest.approx(0.01)
    assert model.get_layer("dropout_before_output").rate == 0.25


@pytest.mark.parametrize(
    ("fields", "kind", "config"),
    [
        ({"optimizer": "sgd", "learning_rate": 0.5}, "SGD", {"momentum": 0.0}),
        ({"optimizer": "sgd", "momentum": 0.9}, "SGD", {"momentum": 0.9}),
        ({"optimizer": "adam"}, "Adam", {"weight_decay": None}),
        ({"optimizer": "adamw", "weight_decay": 0.02}, "AdamW", {"weight_decay": 0.02}),
        ({"optimizer": "rmsprop"}, "RMSprop", {"rho": 0.9}),
    ],
)
def test_the_optimizer_is_the_one_that_was_asked(fields, kind, config):
    optimizer = built(**fields).optimizer
    assert type(optimizer).__name__ == kind
    given = optimizer.get_config()
    assert given["learning_rate"] == pytest.approx(fields.get("learning_rate", 0.001))
    assert {name: given[name] for name in config} == config


def test_rates_by_layer_go_from_the_input_on():
    model = built(conv=(2,), hidden=(8,), layer_rates=(0.1, 0.5, 1.0))
    assert model.optimizer.factors == {"conv_1": 0.1, "hidden_1": 0.5, "output": 1.0}


def test_the_seed_gives_the_weights():
    one, again, other = built(seed=1), built(seed=1), built(seed=2)
    assert all(map(np.array_equal, one.get_weights(), again.get_weights()))
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])


def test_what_does_not_concern_the_weights_leaves_them_paired():
    plain = built(hidden=(8, 8))
    for fields in ({"dropout": 0.5}, {"l2": 0.1}, {"optimizer": "sgd"}, {"activation": "tanh"}):
        other = built(hidden=(8, 8), **fields)
        assert np.array_equal(plain.get_weights()[0], other.get_weights()[0]), fields


def test_augmentation_moves_images_in_training_alone():
    images = np.random.default_rng(0).random((4, 28, 28), dtype=np.float32)
    for name in ("flip", "shift", "rotate", "zoom"):
        layer = built(augmentation=(name,)).get_layer(name)
        channel = images[..., np.newaxis]
        assert np.array_equal(layer(channel, training=False), channel), name
        assert not np.array_equal(layer(channel, training=True), channel), name


def test_an_autoencoder_gives_pictures():
    model = built(task="reconstruct", latent=2, hidden=(8,))
    pictures = np.asarray(model(np.zeros((3, 28, 28), np.float32)))
    assert pictures.shape == (3, 28, 28)
    assert 0 < pictures.min() <= pictures.max() < 1
    assert model.get_layer("code").activation.__name__ == "linear"
