"""Encoder, decoder, and both in a row: plain models of Keras with dense layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_course.exceptions import ConfigurationError

if TYPE_CHECKING:
    import keras

__all__ = ["build_autoencoder", "build_decoder", "build_encoder"]

_IMAGE = (28, 28)


def build_encoder(
    latent: int,
    *,
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    image_shape: tuple[int, ...] = _IMAGE,
) -> keras.Sequential:
    """Return a model from images to codes.

    Parameters
    ----------
    latent : int
        Numbers of a code. They are linear in the last hidden layer: no activation cuts a code off.
    hidden : sequence of int
        Units of the dense layers before the code.
    activation : str
        Of these layers.
    image_shape : tuple of int
        Of one image.

    Returns
    -------
    keras.Sequential
        (n, *image_shape) to (n, latent). Not compiled; weights from Keras' own random numbers.

    Raises
    ------
    ConfigurationError
        If a layer would have no units.
    """
    import keras

    latent, hidden = _units(latent, hidden)
    layers = [keras.layers.Dense(units, activation=activation) for units in hidden]
    return keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.Flatten(),
            *layers,
            keras.layers.Dense(latent, name="code"),
        ],
        name="encoder",
    )


def build_decoder(
    latent: int,
    *,
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    image_shape: tuple[int, ...] = _IMAGE,
) -> keras.Sequential:
    """Return a model from codes to images: the encoder's layers in reverse order.

    Parameters
    ----------
    latent, hidden, activation, image_shape
        As of `build_encoder`; ``hidden`` is read from its end.

    Returns
    -------
    keras.Sequential
        (n, latent) to (n, *image_shape) with values in 0..1. Not compiled.

    Raises
    ------
    ConfigurationError
        If a layer would have no units.
    """
    import keras

    latent, hidden = _units(latent, hidden)
    layers = [keras.layers.Dense(units, activation=activation) for units in reversed(hidden)]
    return keras.Sequential(
        [
            keras.Input((latent,)),
            *layers,
            keras.layers.Dense(math.prod(image_shape), activation="sigmoid"),
            keras.layers.Reshape(image_shape),
        ],
        name="decoder",
    )


def build_autoencoder(
    latent: int,
    *,
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    image_shape: tuple[int, ...] = _IMAGE,
    learning_rate: float = 0.002,
) -> tuple[keras.Sequential, keras.Sequential, keras.Sequential]:
    """Return encoder, decoder, and the autoencoder that is both in a row.

    The three share their layers: training the autoencoder trains the other two.

    Parameters
    ----------
    latent, hidden, activation, image_shape
        As of `build_encoder`.
    learning_rate : float
        Of Adam.

    Returns
    -------
    (encoder, decoder, autoencoder)
        The autoencoder is compiled with the mean squared error of the pixels: train it with
        ``autoencoder.fit(x, x, ...)``.

    Raises
    ------
    ConfigurationError
        If a layer would have no units.
    """
    import keras

    encoder = build_encoder(latent, hidden=hidden, activation=activation, image_shape=image_shape)
    decoder = build_decoder(latent, hidden=hidden, activation=activation, image_shape=image_shape)
    autoencoder = keras.Sequential([keras.Input(image_shape), encoder, decoder], name="autoencoder")
    autoencoder.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="mse")
    return encoder, decoder, autoencoder


def _units(latent: int, hidden: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """Return whole numbers of any kind, also of NumPy, as those that Keras takes."""
    for units in (latent, *hidden):
        if isinstance(units, bool) or not isinstance(units, int | np.integer) or units < 1:
            raise ConfigurationError(
                f"Every layer needs one unit at least, got {units!r} among hidden={tuple(hidden)}, "
                f"latent={latent!r}. Pass whole numbers from 1 on."
            )
    return int(latent), tuple(map(int, hidden))
