"""One layer of a network as plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LayerFacts", "as_number", "of_config", "of_object", "snake_case"]

_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
    # The operations behind keras.ops.relu(x) and its like.
    "Relu": "relu",
    "Relu6": "relu6",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Gelu": "gelu",
    "Silu": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softsign": "softsign",
    "Softplus": "softplus",
    "LogSoftmax": "log_softmax",
}


# What TensorFlow's own functions are called: activation=tf.nn.softmax.
_OF_TENSORFLOW = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "swish": "silu"}


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer (or operation) of a network.

    Parameters
    ----------
    class_name, name : str
        Keras' class, ``Dense``, with the layer's own name.
    units : int or None
        Units of a dense layer, filters of a convolution.
    activation : str or None
        ``relu``, ``linear`` ...; ``custom`` for a function that Keras does not know; None where
        the layer has no such thing.
    scale, offset : float or None
        Of a ``Rescaling`` layer.
    regularized : bool
        True when weights or outputs are penalised.
    """

    class_name: str
    name: str
    units: int | None = None
    activation: str | None = None
    scale: float | None = None
    offset: float | None = None
    regularized: bool = False

    @property
    def is_activation(self) -> bool:
        """True for a layer that does nothing else than apply an activation function."""
        return self.units is None and self.activation is not None


def of_config(kind: str, name: str, config: Mapping[str, Any]) -> LayerFacts:
    """Read a layer's configuration as Keras writes it; what has another form is left out."""
    units = config.get("units", config.get("filters"))
    activation = _ACTIVATION_LAYERS.get(kind)
    if activation is None and "activation" in config:
        activation = _activation(config["activation"])
    return LayerFacts(
        class_name=kind,
        name=name,
        units=units if type(units) is int else None,
        activation=activation,
        scale=as_number(config.get("scale")) if kind == "Rescaling" else None,
        offset=as_number(config.get("offset")) if kind == "Rescaling" else None,
        regularized=any(
            config.get(f"{what}_regularizer") for what in ("kernel", "bias", "activity")
        ),
    )


def of_object(layer: Any) -> LayerFacts:
    """Read a layer from its attributes, where there is no configuration."""
    kind = type(layer).__name__
    units = getattr(layer, "units", getattr(layer, "filters", None))
    activation = _ACTIVATION_LAYERS.get(kind)
    function = getattr(layer, "activation", None)
    if activation is None and function is not None:
        known = str(getattr(function, "__name__", "custom"))
        activation = _OF_TENSORFLOW.get(known, known)
    return LayerFacts(
        kind, str(getattr(layer, "name", "")), units if type(units) is int else None, activation
    )


def _activation(value: Any) -> str:
    if value is None:
        return "linear"
    if isinstance(value, str):
        return _OF_TENSORFLOW.get(value, snake_case(value))
    if isinstance(value, Mapping):
        kind = str(value.get("class_name", ""))
        if kind == "function" and isinstance(value.get("config"), str):
            return _OF_TENSORFLOW.get(value["config"], str(value["config"]))
        return _ACTIVATION_LAYERS.get(kind, "custom")
    return "custom"


def as_number(value: Any) -> float | None:
    """Return a finite float, or None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def snake_case(name: str) -> str:
    """Write a class name as Keras writes identifiers: ``HardSigmoid`` becomes hard_sigmoid."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
