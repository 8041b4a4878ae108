"""A network as plain data, without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.numpy_nn import initializers, losses, optimizers
from mnist_course.numpy_nn.activations import ACTIVATIONS, ActivationFunction
from mnist_course.numpy_nn.initializers import Initializer
from mnist_course.numpy_nn.layer import Input, Layer, Shape
from mnist_course.numpy_nn.layers import Activation, Dense, Flatten
from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["Plan", "describe", "plan"]

_LAYERS: dict[str, type[Layer]] = {kind.__name__: kind for kind in (Flatten, Dense, Activation)}
_INITIALIZERS: dict[str, type[Initializer]] = {
    kind.__name__: kind for kind in initializers.CLASSES.values()
}
_LOSSES = {kind.name: kind for kind in losses.CLASSES.values()}


def describe(model: Sequential) -> dict[str, Any]:
    """Return what :func:`plan` needs: text, numbers, lists and dicts."""
    _ = model.output_shape  # says what to do where the input shape is not known
    assert model.input_shape is not None
    compiled = None
    if model.compiled:
        compiled = {
            "optimizer": type(model.optimizer).__name__.lower(),
            "optimizer_config": model.optimizer.get_config(),
            "loss": model.loss.name,
            "loss_config": model.loss.get_config(),
            "metrics": list(model.metrics),
        }
    return {
        "name": model.name,
        "seed": model.seed,
        "input_shape": list(model.input_shape),
        "layers": [_describe_layer(layer) for layer in model.layers],
        "compiled": compiled,
    }


def _describe_layer(layer: Layer) -> dict[str, Any]:
    arguments = {name: _as_data(value) for name, value in layer.arguments().items()}
    return {"class_name": type(layer).__name__, **arguments}


def _as_data(value: Any) -> Any:
    if isinstance(value, Initializer):
        return {"class_name": type(value).__name__, **value.get_config()}
    if isinstance(value, ActivationFunction):
        known = any(value is other for other in ACTIVATIONS.values())
        return value.name if known else {"custom": value.name}
    return value


@dataclass(frozen=True, slots=True)
class Plan:
    """A network that is described but has no memory yet."""

    name: str
    seed: int | None
    input_shape: Shape
    layers: tuple[Layer, ...]
    compiled: Mapping[str, Any] | None

    def weight_shapes(self) -> list[tuple[str, Shape]]:
        """Return name and shape of every weight array, ``0.kernel``, without making one."""
        shapes, shape = [], self.input_shape
        for index, layer in enumerate(self.layers):
            for name, (weight_shape, _) in layer.weights_to_draw(shape).items():
                shapes.append((f"{index}.{name}", weight_shape))
            shape = layer.compute_output_shape(shape)
        return shapes

    def build(self) -> Sequential:
        """Make the network with first weights as they are drawn, compiled as described."""
        model = Sequential([Input(self.input_shape), *self.layers], seed=self.seed, name=self.name)
        if self.compiled is not None:
            data = self.compiled
            model.compile(
                optimizers.CLASSES[data["optimizer"]](**data["optimizer_config"]),
                _LOSSES[data["loss"]](**data["loss_config"]),
                data["metrics"],
            )
        return model


def plan(data: Mapping[str, Any], custom: Mapping[str, ActivationFunction]) -> Plan:
    """Read what :func:`describe` made.

    Parameters
    ----------
    data : mapping
        Perhaps damaged.
    custom : mapping
        The activations that are not of this package, by their names.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is no description, with as much as is known.
    """
    seed, name, layers = data["seed"], data["name"], data["layers"]
    if not (seed is None or type(seed) is int) or type(name) is not str or not layers:
        raise ValueError("seed, name or layers are not of the right type")
    return Plan(
        name=name,
        seed=seed,
        input_shape=Input(tuple(data["input_shape"])).shape,
        layers=tuple(_layer(dict(layer), custom) for layer in layers),
        compiled=data["compiled"],
    )


def _layer(data: dict[str, Any], custom: Mapping[str, ActivationFunction]) -> Layer:
    kind = _LAYERS[data.pop("class_name")]
    if type(data["name"]) is not str or type(data.get("use_bias", True)) is not bool:
        raise TypeError("a layer's settings are not of the right type")
    for key, value in data.items():
        if key.endswith("_initializer"):
            settings = dict(value)
            data[key] = _INITIALIZERS[settings.pop("class_name")](**settings)
        elif key == "activation" and isinstance(value, dict):
            data[key] = _custom(value["custom"], custom)
    return kind(**data)


def _custom(name: str, custom: Mapping[str, ActivationFunction]) -> ActivationFunction:
    if name not in custom:
        raise MissingActivationError(name)
    return custom[name]


class MissingActivationError(ValueError):
    """The description names an activation that is not of this package."""
