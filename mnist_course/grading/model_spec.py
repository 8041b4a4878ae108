"""A Keras model as data, read from an untrusted configuration without Keras.

Keras' own loaders run what a configuration names, ``safe_mode`` included, so they never see a
student's bytes. This module reads ``model.to_json()`` with its own parser against its own table of
built-in layers (``layer_table.py``), and gives plain, bounded values. ``model_build.py`` turns
those into a real model by calling constructors directly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import NotPortableError, SerializationError
from mnist_course.grading.layer_table import (
    IGNORED,
    INPUT_ARGUMENTS,
    LAYERS,
    Nested,
    check_dtype,
    integer,
)
from mnist_course.grading.serialization import parse_json

__all__ = ["MAX_LAYERS", "MAX_PARAMETERS", "InputSpec", "LayerSpec", "ModelSpec", "parse_model"]

MAX_CONFIG_BYTES = 2_000_000
MAX_LAYERS = 500
MAX_NESTING = 4
MAX_PARAMETERS = 50_000_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,79}")
_size = integer(1, 10_000_000)

Tensor = tuple[str, int, int]  # (layer, call, output), as Keras' keras_history


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input of a model; ``shape`` is that of one example, None for any size."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer: class, checked arguments, and the tensors of each call in a functional model."""

    class_name: str
    name: str
    arguments: Mapping[str, Any]
    model: ModelSpec | None = None
    calls: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A Sequential or functional model.

    ``inputs`` are the input layers in order; ``outputs`` the tensors that a functional model
    returns (empty for a Sequential one).
    """

    kind: str
    name: str
    inputs: tuple[InputSpec, ...]
    layers: tuple[LayerSpec, ...]
    input_tensors: Any = ()
    outputs: Any = ()


def parse_model(text: str) -> ModelSpec:
    """Read ``model.to_json()``.

    Parameters
    ----------
    text : str
        Untrusted JSON.

    Returns
    -------
    ModelSpec

    Raises
    ------
    NotPortableError
        If any part is not in our table; the message names it.
    """
    try:
        top = parse_json(text, max_bytes=MAX_CONFIG_BYTES, depth=40)
    except SerializationError as error:
        raise NotPortableError(f"the model's configuration cannot be read: {error}") from error
    return _model(top, 0)


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise NotPortableError(f"{what} is missing in the model's configuration")
    return value


def _name(value: Any) -> str:
    if type(value) is not str or not _NAME.fullmatch(value):
        raise NotPortableError(f"the layer name {str(value)[:40]!r} is not a plain name")
    return value


def _builtin(obj: dict[str, Any]) -> str:
    class_name = obj.get("class_name")
    if type(class_name) is not str:
        raise NotPortableError("a layer without a class in the model's configuration")
    module, registered = obj.get("module"), obj.get("registered_name")
    if registered not in (None, class_name) or (
        module is not None and not (type(module) is str and module.split(".")[0] == "keras")
    ):
        raise NotPortableError(
            f"the layer class {class_name[:60]!r} is not one that Keras provides"
        )
    return class_name


def _model(obj: Any, depth: int) -> ModelSpec:
    top = _mapping(obj, "the model")
    class_name = _builtin(top)
    if class_name not in ("Sequential", "Functional", "Model"):
        raise NotPortableError(
            f"the model is a {class_name[:60]}; expected a Sequential or functional model"
        )
    if depth > MAX_NESTING:
        raise NotPortableError(f"models nested more than {MAX_NESTING} levels deep")
    config = _mapping(top.get("config"), "the model's config")
    layers = config.get("layers")
    if type(layers) is not list or not 1 <= len(layers) <= MAX_LAYERS:
        raise NotPortableError(f"a model needs 1 to {MAX_LAYERS} layers")
    check_dtype(config.get("dtype"))
    if class_name == "Sequential":
        return _sequential(top, config, layers, depth)
    return _functional(config, layers, depth)


def _input(config: Any) -> InputSpec:
    config = _mapping(config, "an input layer")
    unknown = set(config) - INPUT_ARGUMENTS
    if unknown or any(config.get(k) for k in ("sparse", "ragged", "optional")):
        raise NotPortableError("an input layer with unusual options")
    dtype = config.get("dtype", "float32")
    if type(dtype) is not str or dtype not in ("float32", "float64", "uint8", "int32", "int64"):
        raise NotPortableError(f"an input of type {str(dtype)[:40]!r}")
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    return InputSpec(_name(config.get("name", "input")), _shape(shape), dtype)


def _shape(value: Any) -> tuple[int | None, ...]:
    if type(value) is not list or not 1 <= len(value) <= 6:
        raise NotPortableError("an input without a shape")
    return tuple(None if n is None else _size(n) for n in value[1:])


def _sequential(
    top: dict[str, Any], config: dict[str, Any], layers: list[Any], depth: int
) -> ModelSpec:
    first = _mapping(layers[0], "a layer")
    if first.get("class_name") == "InputLayer":
        entrance, rest = _input(first.get("config")), layers[1:]
    else:
        # A model that learned its input shape from the data has no input layer but a build shape.
        shape = config.get("build_input_shape")
        if shape is None:
            build = top.get("build_config")
            shape = build.get("input_shape") if type(build) is dict else None
        if shape is None:
            raise NotPortableError("the model was never built: call fit before you hand it in")
        entrance, rest = InputSpec("input", _shape(shape)), layers
    return ModelSpec(
        "sequential",
        _name(config.get("name", "model")),
        (entrance,),
        tuple(_layer(layer, depth) for layer in rest),
    )


def _layer(obj: Any, depth: int) -> LayerSpec:
    obj = _mapping(obj, "a layer")
    class_name = _builtin(obj)
    config = _mapping(obj.get("config"), f"the config of {class_name[:60]}")
    if class_name in ("Sequential", "Functional", "Model"):
        name = _name(obj.get("name", config.get("name")))
        return LayerSpec(class_name, name, {}, model=_model(obj, depth + 1))
    table = LAYERS.get(class_name)
    if table is None:
        raise NotPortableError(f"the layer {class_name[:60]} is not one that can be rebuilt")
    arguments: dict[str, Any] = {}
    for key, value in config.items():
        if key == "name":
            continue
        if key == "dtype":
            check_dtype(value)
            continue
        check = table.get(key)
        if check is None:
            raise NotPortableError(f"{class_name} with the unusual option {key[:40]!r}")
        if check is IGNORED:
            continue
        if isinstance(check, Nested):
            if value is not None or not check.optional:
                if depth >= MAX_NESTING:
                    raise NotPortableError("wrappers nested too deeply")
                arguments[key] = _layer(value, depth + 1)
            continue
        try:
            arguments[key] = check(value)
        except ValueError as error:
            raise NotPortableError(f"{class_name}.{key}: {error}") from error
    return LayerSpec(class_name, _name(config.get("name", class_name.lower())), arguments)


def _functional(config: dict[str, Any], layers: list[Any], depth: int) -> ModelSpec:
    inputs: list[InputSpec] = []
    rest: list[LayerSpec] = []
    seen: set[str] = set()
    for obj in layers:
        obj = _mapping(obj, "a layer")
        name = _name(obj.get("name"))
        if name in seen:
            raise NotPortableError(f"two layers are called {name!r}")
        seen.add(name)
        if obj.get("class_name") == "InputLayer":
            entrance = _input(obj.get("config"))
            inputs.append(InputSpec(name, entrance.shape, entrance.dtype))
            continue
        layer = _layer(obj, depth)
        nodes = obj.get("inbound_nodes")
        if type(nodes) is not list or not 1 <= len(nodes) <= 16:
            raise NotPortableError(f"the layer {name!r} is never called, or far too often")
        calls = tuple(_call(node) for node in nodes)
        rest.append(LayerSpec(layer.class_name, name, layer.arguments, layer.model, calls))
    return ModelSpec(
        "functional",
        _name(config.get("name", "model")),
        tuple(inputs),
        tuple(rest),
        _ends(config.get("input_layers")),
        _ends(config.get("output_layers")),
    )


def _call(node: Any) -> Any:
    node = _mapping(node, "a call of a layer")
    arguments, named = node.get("args"), node.get("kwargs")
    if type(arguments) is not list or len(arguments) != 1 or type(named) not in (dict, type(None)):
        raise NotPortableError("a layer called with more than one argument")
    if any(v is not None and k not in ("training", "mask") for k, v in (named or {}).items()):
        raise NotPortableError("a layer called with unusual options")
    return _tensors(arguments[0], 0)


def _tensors(value: Any, depth: int) -> Any:
    if type(value) is dict and value.get("class_name") == "__keras_tensor__":
        return _tensor(_mapping(value.get("config"), "a tensor").get("keras_history"))
    if type(value) is list and len(value) <= 64 and depth < 2:
        return [_tensors(v, depth + 1) for v in value]
    raise NotPortableError("an operation between layers that is not a layer")


def _tensor(value: Any) -> Tensor:
    if (
        type(value) is not list
        or len(value) != 3
        or type(value[0]) is not str
        or type(value[1]) is not int
        or type(value[2]) is not int
    ):
        raise NotPortableError("a tensor without a history")
    return value[0], value[1], value[2]


def _ends(value: Any) -> tuple[Tensor, ...]:
    if type(value) is dict and len(value) == 1:  # a model made with a dict of outputs
        value = next(iter(value.values()))
    if type(value) is not list or not value:
        raise NotPortableError("a functional model without inputs or outputs")
    if type(value[0]) is str:
        value = [value]
    return tuple(_tensor(v) for v in value)
