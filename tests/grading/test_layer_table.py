"""Each layer that Keras provides is either rebuilt, the same in all its options, or named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.layer_table import ACTIVATIONS, LAYERS, REMOTE
from mnist_course.grading.model_build import build_model
from mnist_course.grading.model_spec import parse_model

pytestmark = pytest.mark.keras

LINE, SIGNAL, IMAGE, VOLUME, FILM = (6,), (8, 3), (8, 8, 3), (6, 6, 6, 2), (4, 6, 6, 2)
# Options that differ from the defaults, so that one that gets lost is seen.
EXAMPLES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Dense": ({"units": 4, "activation": "gelu", "use_bias": False}, LINE),
    "Activation": ({"activation": "mish"}, LINE),
    "Flatten": ({}, SIGNAL),
    "Dropout": ({"rate": 0.3, "seed": 4}, LINE),
    "AlphaDropout": ({"rate": 0.3}, LINE),
    "GaussianDropout": ({"rate": 0.3}, LINE),
    "GaussianNoise": ({"stddev": 0.2}, LINE),
    "SpatialDropout1D": ({"rate": 0.3}, SIGNAL),
    "SpatialDropout2D": ({"rate": 0.3}, IMAGE),
    "SpatialDropout3D": ({"rate": 0.3}, VOLUME),
    "Identity": ({}, LINE),
    "ActivityRegularization": ({"l1": 0.1, "l2": 0.2}, LINE),
    "Reshape": ({"target_shape": (2, -1)}, LINE),
    "Permute": ({"dims": (2, 1)}, SIGNAL),
    "RepeatVector": ({"n": 3}, LINE),
    "Rescaling": ({"scale": 1 / 127.5, "offset": -1}, IMAGE),
    "Normalization": ({"axis": -1, "invert": True}, LINE),
    "BatchNormalization": ({"momentum": 0.9, "epsilon": 0.01, "center": False}, IMAGE),
    "LayerNormalization": ({"epsilon": 0.01, "scale": False}, SIGNAL),
    "GroupNormalization": ({"groups": 3, "epsilon": 0.01}, IMAGE),
    "UnitNormalization": ({"axis": 1}, SIGNAL),
    "RMSNormalization": ({"epsilon": 0.01}, SIGNAL),
    "ReLU": ({"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.2}, LINE),
    "LeakyReLU": ({"negative_slope": 0.1}, LINE),
    "PReLU": ({"shared_axes": [1]}, SIGNAL),
    "ELU": ({"alpha": 0.5}, LINE),
    "Softmax": ({"axis": 1}, SIGNAL),
    "Conv1D": ({"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, SIGNAL),
    "Conv2D": ({"filters": 3, "kernel_size": (2, 3), "strides": (2, 1), "groups": 3}, IMAGE),
    "Conv3D": ({"filters": 2, "kernel_size": 2, "padding": "same", "activation": "elu"}, VOLUME),
    "Conv1DTranspose": ({"filters": 2, "kernel_size": 3, "strides": 2}, SIGNAL),
    "Conv2DTranspose": ({"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1}, IMAGE),
    "Conv3DTranspose": ({"filters": 2, "kernel_size": 2, "strides": 2}, VOLUME),
    "SeparableConv1D": ({"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, SIGNAL),
    "SeparableConv2D": ({"filters": 4, "kernel_size": 3, "strides": 2}, IMAGE),
    "DepthwiseConv1D": ({"kernel_size": 3, "depth_multiplier": 2}, SIGNAL),
    "DepthwiseConv2D": ({"kernel_size": 3, "padding": "same"}, IMAGE),
    **{
        f"{kind}Pooling{d}D": ({"pool_size": 3, "strides": 2, "padding": "same"}, shape)
        for kind in ("Max", "Average")
        for d, shape in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))
    },
    **{
        f"Global{kind}Pooling{d}D": ({"keepdims": True}, shape)
        for kind in ("Max", "Average")
        for d, shape in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))
    },
    **{
        f"Adaptive{kind}Pooling{d}D": ({"output_size": 2}, shape)
        for kind in ("Max", "Average")
        for d, shape in ((1, SIGNAL), (2, IMAGE), (3, VOLUME))
    },
    "ZeroPadding1D": ({"padding": (1, 2)}, SIGNAL),
    "ZeroPadding2D": ({"padding": ((1, 2), (0, 3))}, IMAGE),
    "ZeroPadding3D": ({"padding": (1, 0, 2)}, VOLUME),
    "Cropping1D": ({"cropping": (1, 2)}, SIGNAL),
    "Cropping2D": ({"cropping": ((1, 2), (0, 3))}, IMAGE),
    "Cropping3D": ({"cropping": (1, 0, 2)}, VOLUME),
    "UpSampling1D": ({"size": 2}, SIGNAL),
    "UpSampling2D": ({"size": (2, 3), "interpolation": "bilinear"}, IMAGE),
    "UpSampling3D": ({"size": (1, 2, 1)}, VOLUME),
    "Embedding": ({"input_dim": 9, "output_dim": 3, "mask_zero": True}, LINE),
    "Masking": ({"mask_value": 1.0}, SIGNAL),
    "LSTM": ({"units": 3, "return_sequences": True, "unit_forget_bias": False}, SIGNAL),
    "GRU": ({"units": 3, "reset_after": False, "go_backwards": True}, SIGNAL),
    "SimpleRNN": ({"units": 3, "activation": "relu", "unroll": True}, SIGNAL),
    "RNN": ({"cell": ("GRUCell", {"units": 3, "reset_after": False})}, SIGNAL),
    "LSTMCell": ({"units": 2, "dropout": 0.1}, ()),
    "GRUCell": ({"units": 2, "recurrent_dropout": 0.1}, ()),
    "SimpleRNNCell": ({"units": 2, "use_bias": False}, ()),
    "StackedRNNCells": (
        {"cells": [("LSTMCell", {"units": 2}), ("SimpleRNNCell", {"units": 3})]},
        (),
    ),
    "ConvLSTM1D": ({"filters": 2, "kernel_size": 3}, (4, 8, 2)),
    "ConvLSTM2D": ({"filters": 2, "kernel_size": 3, "return_sequences": True}, FILM),
    "ConvLSTM3D": ({"filters": 1, "kernel_size": 2}, (3, 4, 4, 4, 1)),
    "EinsumDense": (
        {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"},
        SIGNAL,
    ),
    "Attention": ({"use_scale": True, "score_mode": "concat"}, SIGNAL),
    "AdditiveAttention": ({"use_scale": False, "dropout": 0.1}, SIGNAL),
    "MultiHeadAttention": ({"num_heads": 2, "key_dim": 3, "use_bias": False}, SIGNAL),
    **{n: ({}, LINE) for n in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": ({"axis": 1}, SIGNAL),
    "Dot": ({"axes": (1, 1), "normalize": True}, LINE),
    "Bidirectional": ({"layer": ("LSTM", {"units": 2}), "merge_mode": "sum"}, SIGNAL),
    "TimeDistributed": ({"layer": ("Dense", {"units": 2})}, SIGNAL),
    "SpectralNormalization": ({"layer": ("Dense", {"units": 4}), "power_iterations": 2}, LINE),
    "CenterCrop": ({"height": 4, "width": 5}, IMAGE),
    "RandomCrop": ({"height": 4, "width": 5}, IMAGE),
    "Resizing": ({"height": 5, "width": 9, "interpolation": "nearest"}, IMAGE),
    "RandomFlip": ({"mode": "vertical"}, IMAGE),
    "RandomRotation": ({"factor": (-0.1, 0.2), "fill_mode": "nearest"}, IMAGE),
    "RandomTranslation": ({"height_factor": 0.1, "width_factor": (-0.1, 0.2)}, IMAGE),
    "RandomZoom": ({"height_factor": 0.1, "width_factor": None}, IMAGE),
    "RandomShear": ({"x_factor": 0.1, "y_factor": 0.2}, IMAGE),
    "RandomPerspective": ({"factor": 0.5, "scale": 0.3}, IMAGE),
    "RandomElasticTransform": ({"factor": 0.5, "scale": 0.3}, IMAGE),
    "RandomErasing": ({"factor": 0.5, "scale": (0.1, 0.2), "fill_value": 3.0}, IMAGE),
    "RandomGaussianBlur": ({"factor": 0.5, "kernel_size": 5, "sigma": (0.1, 0.5)}, IMAGE),
    "RandomColorJitter": ({"brightness_factor": 0.2, "hue_factor": (0.1, 0.2)}, IMAGE),
    "Solarization": ({"addition_factor": 0.2, "threshold_factor": 0.3}, IMAGE),
    "AutoContrast": ({"value_range": (0, 1)}, IMAGE),
    "RandomBrightness": ({"factor": (-0.1, 0.2), "value_range": (0, 1)}, IMAGE),
    "RandomColorDegeneration": ({"factor": 0.2}, IMAGE),
    "RandomContrast": ({"factor": 0.2}, IMAGE),
    "RandomGrayscale": ({"factor": 0.2}, IMAGE),
    "RandomHue": ({"factor": 0.2}, IMAGE),
    "RandomInvert": ({"factor": 0.2}, IMAGE),
    "RandomPosterization": ({"factor": 4}, IMAGE),
    "RandomSaturation": ({"factor": 0.2}, IMAGE),
    "RandomSharpness": ({"factor": 0.2}, IMAGE),
    "Pipeline": ({"layers": [("RandomFlip", {}), ("Rescaling", {"scale": 0.5})]}, IMAGE),
    "CategoryEncoding": ({"num_tokens": 7, "output_mode": "count"}, LINE),
    "Discretization": ({"bin_boundaries": [0.0, 0.5, 1.0], "output_mode": "one_hot"}, LINE),
}  # fmt: skip
MERGES = {
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot",
    "Attention", "AdditiveAttention",
}  # fmt: skip
OF_NUMBERS = {"Embedding": 9, "CategoryEncoding": 7}


def _made(value: Any) -> Any:
    """Turn ("Dense", {...}) into that layer, anywhere in the arguments."""
    import keras

    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        return getattr(keras.layers, value[0])(**{k: _made(v) for k, v in value[1].items()})
    return [_made(v) for v in value] if isinstance(value, list) else value


def _model_with(name: str) -> tuple[Any, Any]:
    import keras

    arguments, shape = EXAMPLES[name]
    layer = _made((name, arguments))
    if not shape:  # a cell: in the layer that runs it
        layer, shape = keras.layers.RNN(layer), SIGNAL
    entrance = keras.Input(shape)
    if name in MERGES:
        outputs = layer([entrance, keras.layers.Rescaling(0.5)(entrance)])
    elif name == "MultiHeadAttention":
        outputs = layer(entrance, keras.layers.Rescaling(0.5)(entrance))
    else:
        outputs = layer(entrance)
    rng = np.random.default_rng(2)
    x = rng.random((4, *shape)).astype(np.float32)
    if name in OF_NUMBERS:
        x = rng.integers(0, OF_NUMBERS[name], (4, *shape)).astype(np.float32)
    return keras.Model(entrance, outputs), x


def _plain(config: Any) -> Any:
    """Leave out what is drawn afresh, and the switch that computes the same."""
    if isinstance(config, dict):
        return {k: _plain(v) for k, v in config.items() if k not in ("seed", "unroll")}
    return [_plain(v) for v in config] if isinstance(config, list) else config


def test_every_layer_has_an_example() -> None:
    assert set(EXAMPLES) == set(LAYERS)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_layer_comes_back_the_same(name: str) -> None:
    import keras

    keras.utils.set_random_seed(3)
    model, x = _model_with(name)
    rng = np.random.default_rng(1)
    if name != "Normalization":
        model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    again = build_model(parse_model(model.to_json()), model.get_weights())
    before, after = model.predict(x, verbose=0), again.predict(x, verbose=0)
    np.testing.assert_array_equal(before, after)
    ours = [_plain(json.loads(json.dumps(layer.get_config()))) for layer in again.layers]
    theirs = [_plain(json.loads(json.dumps(layer.get_config()))) for layer in model.layers]
    assert ours == theirs
    fresh = build_model(parse_model(model.to_json()))  # as a retraining starts
    assert fresh.count_params() == model.count_params()
    assert fresh(x, training=True).shape == model(x, training=True).shape


def test_every_layer_of_keras_is_decided_on() -> None:
    """A new Keras may bring a layer: then decide whether it is rebuilt."""
    import keras

    known = {*LAYERS, *REMOTE, "InputLayer", "InputSpec"}
    found = {
        value.__name__
        for value in vars(keras.layers).values()
        if isinstance(value, type) and value.__module__.startswith("keras.")
    }
    assert found - known == set()
    assert set(LAYERS) & set(REMOTE) == set()


@pytest.mark.parametrize("name", sorted(REMOTE))
def test_what_is_not_rebuilt_is_named_with_the_reason(name: str) -> None:
    layer = {"module": "keras.layers", "class_name": name, "config": {"name": "x"}}
    text = json.dumps({"class_name": "Sequential", "config": {"layers": [layer] * 2}})
    with pytest.raises(NotPortableError, match="never built|" + name):
        parse_model(text)
    entrance = {"class_name": "InputLayer", "config": {"batch_shape": [None, 3], "name": "i"}}
    text = json.dumps({"class_name": "Sequential", "config": {"layers": [entrance, layer]}})
    with pytest.raises(NotPortableError, match=f"the layer {name}, .+, is not one"):
        parse_model(text)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_comes_back_the_same(name: str) -> None:
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, activation=name)])
    again = build_model(parse_model(model.to_json()), model.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(model(x), again(x))


def _relu6() -> Any:
    import keras

    return keras.layers.ReLU(max_value=6.0, negative_slope=0.25)


def _of_tensorflow(name: str) -> Callable[[], Any]:
    def make() -> Any:
        import tensorflow as tf

        return getattr(tf.nn, name)

    make.__name__ = name
    return make


@pytest.mark.parametrize(
    "make",
    [_relu6, *map(_of_tensorflow, ("relu", "softmax", "leaky_relu", "swish", "gelu", "sigmoid"))],
    ids=lambda make: make.__name__,
)
def test_activations_that_are_no_names(make: Callable[[], Any]) -> None:
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, activation=make())])
    again = build_model(parse_model(model.to_json()), model.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(model(x), again(x))


def test_a_function_of_the_notebook_is_not_taken_for_keras_own() -> None:
    """Keras writes its name only, and ``softmax`` may be anybody's."""
    import keras

    from mnist_course.experiments.recording.model_facts import own_functions
    from mnist_course.grading.namespace import take_apart
    from mnist_course.grading.serialization import Portable

    def softmax(x: Any) -> Any:
        return x

    def model(activation: Any) -> Any:
        layers = keras.layers
        dense = layers.TimeDistributed(layers.Dense(2, activation=activation))
        inner = keras.Sequential([keras.Input((4, 3)), dense])
        return keras.Sequential([keras.Input((4, 3)), inner, layers.LSTM(2)])

    assert own_functions(model(keras.ops.sigmoid)) == ()
    assert own_functions(model(softmax)) == ("softmax",)
    ours, theirs = take_apart(model("sigmoid")), take_apart(model(softmax))
    assert isinstance(ours, Portable) and ours.kind == "model"
    assert isinstance(theirs, Portable) and theirs.kind == "remote_model"
    assert "'softmax' is a function of the notebook" in theirs.parts["reason"]
