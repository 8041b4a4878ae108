"""A network as plain data: its layers in order, its loss, its optimizer."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_course.diagnosis.architecture import read_architecture
from mnist_course.diagnosis.layer_facts import LayerFacts, as_number, of_object, snake_case

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord

__all__ = ["CONVOLUTIONS", "CROSS_ENTROPIES", "LayerFacts", "Network", "network_of", "of_record"]

CROSS_ENTROPIES = ("sparse_categorical_crossentropy", "categorical_crossentropy")
CONVOLUTIONS = ("Conv", "SeparableConv", "DepthwiseConv")

_LOSS_NAMES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "bce": "binary_crossentropy",
}


@dataclass(frozen=True, slots=True)
class Network:
    """What a configuration says about a network.

    Parameters
    ----------
    layers : tuple of LayerFacts
        From input to output, nested models taken apart, input layers left out.
    chain : bool
        True when every layer has one input and feeds one layer: only then "the layer before"
        means anything.
    input_size : int or None
        Numbers in one example, 784.
    loss : str
        Keras' name, ``categorical_crossentropy``; empty when not compiled or not known.
    from_logits : bool or None
        None where the loss has no such setting.
    optimizer : str
        Keras' class in lower case, ``adam``; empty when unknown.
    learning_rate : float or None
        None when unknown or a schedule.
    """

    layers: tuple[LayerFacts, ...] = ()
    chain: bool = True
    input_size: int | None = None
    loss: str = ""
    from_logits: bool | None = None
    optimizer: str = ""
    learning_rate: float | None = None

    @property
    def output_index(self) -> int | None:
        """Position of the layer that makes the outputs; None when that is unclear."""
        for index in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[index]
            if layer.units is not None:
                return index
            if not (layer.is_activation or _keeps_outputs(layer.class_name)):
                return None
        return None

    @property
    def output_units(self) -> int | None:
        """Number of outputs."""
        index = self.output_index
        return None if index is None else self.layers[index].units

    @property
    def output_activation(self) -> str | None:
        """Activation that the outputs went through last."""
        index = self.output_index
        if index is None:
            return None
        named = [layer.activation for layer in self.layers[index:] if layer.activation is not None]
        # A linear Activation layer after a softmax changes nothing.
        return next((name for name in reversed(named) if name != "linear"), "linear")

    @property
    def hidden(self) -> tuple[LayerFacts, ...]:
        """Layers with units before the output layer."""
        index = self.output_index
        return tuple(layer for layer in self.layers[:index] if layer.units is not None)

    @property
    def convolutional(self) -> bool:
        """True when there is a convolution."""
        return any(layer.class_name.startswith(CONVOLUTIONS) for layer in self.layers)

    @property
    def regularized(self) -> bool:
        """True when the loss holds a penalty beside the cross-entropy."""
        return any(layer.regularized for layer in self.layers)

    @property
    def reconstructs(self) -> bool:
        """True for an autoencoder: as many outputs as inputs, which no classifier here has."""
        return self.output_units is not None and (
            self.output_units == self.input_size
            or (self.convolutional and self.loss not in CROSS_ENTROPIES and self.output_units == 1)
        )


def network_of(model: Any) -> Network:
    """Describe a Keras model, or anything with the same attributes.

    Parameters
    ----------
    model : keras.Model
        ``to_json()`` is read; where Keras cannot write it, ``layers``.
    """
    layers: tuple[LayerFacts, ...] = ()
    chain, size = False, None
    try:
        with warnings.catch_warnings():
            # Keras warns about a lambda, which is then described as "custom" below.
            warnings.simplefilter("ignore")
            text = model.to_json()
        layers, chain, size = read_architecture(text)
    except Exception:
        # A subclassed model answers with whatever error it likes; its layers are still there.
        layers = ()
    if not layers:
        layers = tuple(of_object(layer) for layer in getattr(model, "layers", ()))
        chain = False
    loss, from_logits = _loss(getattr(model, "loss", None))
    optimizer, rate = _optimizer(getattr(model, "optimizer", None))
    return Network(layers, chain, size, loss, from_logits, optimizer, rate)


def of_record(record: FitRecord) -> Network:
    """Describe the network of a recorded fit."""
    layers, chain, size = read_architecture(record.architecture)
    if not layers:
        chain = False
        layers = tuple(
            LayerFacts(
                entry.class_name,
                entry.name,
                entry.units,
                entry.activation,
                entry.scale,
                entry.offset,
                entry.regularized,
            )
            for entry in record.layers
        )
    if size is None and record.data is not None:
        size = math.prod(record.data.shape)
    loss, from_logits = _loss(record.compiled.get("loss"))
    optimizer, rate = _optimizer(record.compiled.get("optimizer"))
    return Network(layers, chain, size, loss, from_logits, optimizer, rate)


def _keeps_outputs(class_name: str) -> bool:
    return class_name.startswith(("Dropout", "Gaussian", "GlobalAverage", "GlobalMax")) or (
        class_name in ("Flatten", "Reshape", "BatchNormalization", "Identity", "Cast")
    )


def _loss(value: Any) -> tuple[str, bool | None]:
    if isinstance(value, str):
        name = snake_case(value)
        name = _LOSS_NAMES.get(name, name)
        # A loss given by its name takes probabilities.
        return name, False if name in (*CROSS_ENTROPIES, "binary_crossentropy") else None
    if isinstance(value, Mapping):
        config = value.get("config")
        logits = config.get("from_logits") if isinstance(config, Mapping) else None
        name = snake_case(str(value.get("class_name", "")))
        return _LOSS_NAMES.get(name, name), logits if isinstance(logits, bool) else None
    if value is None or isinstance(value, (list, tuple)):
        return "", None
    logits = getattr(value, "from_logits", None)
    if logits is None and hasattr(value, "get_config"):
        logits = value.get_config().get("from_logits")
    # A loss object may carry a name of the student's own, its class may not. The test runner's
    # stand-in says in an attribute which class it stands for.
    name = snake_case(str(getattr(value, "class_name", type(value).__name__)))
    if not (name in CROSS_ENTROPIES or name.endswith(("error", "crossentropy"))):
        name = snake_case(str(getattr(value, "name", getattr(value, "__name__", ""))))
        if callable(value) and logits is None and name in CROSS_ENTROPIES:
            logits = False
    return _LOSS_NAMES.get(name, name), logits if isinstance(logits, bool) else None


def _optimizer(value: Any) -> tuple[str, float | None]:
    if isinstance(value, str):
        return value.lower(), None
    if isinstance(value, Mapping):
        config = value.get("config")
        rate = config.get("learning_rate") if isinstance(config, Mapping) else None
        return str(value.get("class_name", "")).lower(), _rate(rate)
    if value is None:
        return "", None
    rate = None
    if hasattr(value, "get_config"):
        rate = value.get_config().get("learning_rate")
    kind = type(value).__name__.lower()
    name = kind if kind in _KNOWN_OPTIMIZERS else str(getattr(value, "name", kind)).lower()
    return name, _rate(rate)


_KNOWN_OPTIMIZERS = ("sgd", "adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "adadelta")


def _rate(value: Any) -> float | None:
    # Keras keeps it as float32: 0.00001 comes back as 9.999999747378752e-06.
    number = as_number(value)
    return None if number is None else float(f"{number:.6g}")
