"""Build the network of a configuration from plain layers of Keras."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["CROSS_ENTROPY", "build"]

CROSS_ENTROPY = "cross_entropy"
"""Name of the metric that is the loss without any penalty."""

_SIDE = 28
_CLASSES = 10
_SHIFT = 0.1  # of the side: up to 3 pixels
_ROTATION = 0.04  # of a full turn: up to 14 degrees
_ZOOM = 0.1


def build(configuration: Configuration, seed: int, *, steps_per_execution: int = 1) -> keras.Model:
    """Build and compile a network with fresh weights.

    Parameters
    ----------
    configuration : Configuration
    seed : int
        Of the initial weights, of dropout, of the augmentation. Sets the seeds of Python, NumPy
        and TensorFlow, as ``keras.utils.set_random_seed`` does.
    steps_per_execution : int
        As in ``compile``.

    Returns
    -------
    keras.Model
        From pixels (n, 28, 28) to ten probabilities (n, 10); an autoencoder to pixels
        (n, 28, 28). Layers with weights are named ``conv_1`` ..., ``hidden_1`` ..., ``output``;
        in an autoencoder ``encoder_1`` ..., ``code``, ``decoder_1`` ..., ``pixels``.
    """
    keras.utils.set_random_seed(seed)
    parts = _Parts(configuration)
    stack = [layers.Input((_SIDE, _SIDE), name="images"), *parts.augmentation()]
    if configuration.task == "classify":
        stack += [*parts.convolutions(), *parts.classifier()]
    else:
        stack += parts.autoencoder()
    model = keras.Sequential(stack, name="trial")
    model.compile(
        optimizer=_optimizer(configuration, model),
        loss=_loss(configuration),
        metrics=_metrics(configuration),
        steps_per_execution=steps_per_execution,
    )
    return model


class _Parts:
    """The layers of one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._asked = configuration
        self._square = False  # whether images have a channel by now: (28, 28, 1)

    def augmentation(self) -> list[Any]:
        asked = self._asked.augmentation
        known = {
            "flip": lambda: layers.RandomFlip("horizontal", name="flip"),
            # Paper is 0 all around: what moves in from outside is paper.
            "shift": lambda: layers.RandomTranslation(
                _SHIFT, _SHIFT, fill_mode="constant", name="shift"
            ),
            "rotate": lambda: layers.RandomRotation(_ROTATION, fill_mode="constant", name="rotate"),
            "zoom": lambda: layers.RandomZoom(_ZOOM, fill_mode="constant", name="zoom"),
        }
        return [*self._channel(), *(known[name]() for name in asked)] if asked else []

    def convolutions(self) -> list[Any]:
        found: list[Any] = self._channel() if self._asked.conv else []
        for number, filters in enumerate(self._asked.conv, 1):
            found += [
                layers.Conv2D(
                    filters,
                    3,
                    padding="same",
                    activation=self._asked.activation,
                    kernel_regularizer=self._penalty(),
                    name=f"conv_{number}",
                ),
                layers.MaxPooling2D(2, name=f"pool_{number}"),
            ]
        return found

    def classifier(self) -> list[Any]:
        found: list[Any] = [layers.Flatten(name="flatten")]
        reads_pixels = not self._asked.conv
        for number, units in enumerate(self._asked.hidden, 1):
            found += self._dense(units, f"hidden_{number}", dropout=not reads_pixels)
            reads_pixels = False
        return found + self._dense(_CLASSES, "output", "softmax", dropout=not reads_pixels)

    def autoencoder(self) -> list[Any]:
        hidden = self._asked.hidden
        found: list[Any] = [layers.Flatten(name="flatten")]
        for number, units in enumerate(hidden, 1):
            found += self._dense(units, f"encoder_{number}", dropout=number > 1)
        found += self._dense(self._asked.latent, "code", "linear", dropout=bool(hidden))
        for number, units in enumerate(reversed(hidden), 1):
            found += self._dense(units, f"decoder_{number}", dropout=True)
        found += self._dense(_SIDE * _SIDE, "pixels", "sigmoid", dropout=True)
        return [*found, layers.Reshape((_SIDE, _SIDE), name="picture")]

    def _channel(self) -> list[Any]:
        if self._square:
            return []
        self._square = True
        return [layers.Reshape((_SIDE, _SIDE, 1), name="channel")]

    def _dense(
        self, units: int | None, name: str, activation: str = "", *, dropout: bool
    ) -> list[Any]:
        dense = layers.Dense(
            units,
            activation=activation or self._asked.activation,
            kernel_regularizer=self._penalty(),
            name=name,
        )
        if not (dropout and self._asked.dropout):
            return [dense]
        return [layers.Dropout(self._asked.dropout, name=f"dropout_before_{name}"), dense]

    def _penalty(self) -> Any:
        return keras.regularizers.L2(self._asked.l2) if self._asked.l2 else None


def _optimizer(configuration: Configuration, model: keras.Model) -> Any:
    rate, name = configuration.learning_rate, configuration.optimizer
    optimizer: Any
    if name == "sgd":
        optimizer = keras.optimizers.SGD(rate, momentum=configuration.momentum, name=name)
    elif name == "adam":
        optimizer = keras.optimizers.Adam(rate, name=name)
    elif name == "adamw":
        decay = configuration.weight_decay
        optimizer = keras.optimizers.AdamW(rate, weight_decay=decay, name=name)
    else:
        optimizer = keras.optimizers.RMSprop(rate, name=name)
    if not configuration.layer_rates:
        return optimizer
    from mnist_course.optimizers import PerLayerLearningRate

    weighted = [layer.name for layer in model.layers if layer.weights]
    factors = dict(zip(weighted, configuration.layer_rates, strict=True))
    return PerLayerLearningRate(optimizer, factors, name="rates_by_layer")


def _loss(configuration: Configuration) -> str:
    return "sparse_categorical_crossentropy" if configuration.task == "classify" else "mse"


def _metrics(configuration: Configuration) -> list[Any]:
    if configuration.task == "reconstruct":
        # The loss without any penalty, which is the loss itself when there is none.
        return [keras.metrics.MeanSquaredError(name="mse")]
    return ["accuracy", keras.metrics.SparseCategoricalCrossentropy(name=CROSS_ENTROPY)]
