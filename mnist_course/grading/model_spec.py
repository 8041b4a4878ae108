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
from mnist_course.grading.argument_checks import IGNORED, Nested, check_dtype, integer
from mnist_course.grading.graph_spec import Call, layer_call, operation_call, structure
from mnist_course.grading.layer_table import INPUT_ARGUMENTS, INPUT_TYPES, LAYERS, REMOTE
from mnist_course.grading.operation_table import OPERATION_MODULES, OPERATIONS, Operation
from mnist_course.grading.serialization import parse_json

__all__ = ["MAX_LAYERS", "MAX_PARAMETERS", "InputSpec", "LayerSpec", "ModelSpec", "parse_model"]

MAX_CONFIG_BYTES = 2_000_000
MAX_LAYERS = 500
MAX_NESTING = 4
MAX_PARAMETERS = 50_000_000
MAX_CALLS = 2_000  # of all layers of one model together
_CALLS_OF_ONE = 64
_MODELS = ("Sequential", "Functional", "Model")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,79}")
_size = integer(1, 10_000_000)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """An input of a model; ``shape`` is that of one example, None for any size."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer: class, checked arguments, and its calls in a functional model.

    ``model`` is set for a model that is used as a layer, ``operation`` for arithmetic.
    """

    class_name: str
    name: str
    arguments: Mapping[str, Any]
    model: ModelSpec | None = None
    calls: tuple[Call, ...] = ()
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A Sequential or functional model.

    ``inputs`` are the input layers in order; ``input_tensors`` and ``outputs`` the tensors that a
    functional model takes and returns, in lists or dicts as it does (empty for a Sequential one).
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
    if class_name not in _MODELS:
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
    if type(dtype) is not str or dtype not in INPUT_TYPES:
        raise NotPortableError(f"an input of type {str(dtype)[:40]!r}")
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    return InputSpec(_name(config.get("name", "input")), _shape(shape), dtype)


def _shape(value: Any) -> tuple[int | None, ...]:
    if type(value) is not list or not 1 <= len(value) <= 6:
        raise NotPortableError("an input without a shape")
    try:
        return tuple(None if n is None else _size(n) for n in value[1:])
    except ValueError as error:
        raise NotPortableError(f"the shape of an input: {error}") from error


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
    if class_name in _MODELS:
        name = _name(obj.get("name", config.get("name")))
        return LayerSpec(class_name, name, {}, model=_model(obj, depth + 1))
    table = LAYERS.get(class_name)
    if table is None:
        why = REMOTE.get(class_name)
        words = f", {why}," if why else ""
        raise NotPortableError(f"the layer {class_name[:60]}{words} is not one that can be rebuilt")
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
            arguments[key] = _nested(check, value, depth, f"{class_name}.{key}")
            continue
        try:
            arguments[key] = check(value)
        except ValueError as error:
            raise NotPortableError(f"{class_name}.{key}: {error}") from error
    return LayerSpec(class_name, _name(config.get("name", class_name.lower())), arguments)


def _nested(rule: Nested, value: Any, depth: int, what: str) -> Any:
    """Read an argument that is a layer, or a list of layers."""
    if value is None and rule.optional:
        return None
    if depth >= MAX_NESTING:
        raise NotPortableError("wrappers nested too deeply")
    if rule.most:
        if type(value) is not list or not 1 <= len(value) <= rule.most:
            raise NotPortableError(f"{what}: expected 1 to {rule.most} layers")
        return tuple(_nested(Nested(rule.among), item, depth, what) for item in value)
    layer = _layer(value, depth + 1)
    if rule.among and layer.class_name not in rule.among:
        raise NotPortableError(f"{what}: a {layer.class_name[:60]} cannot stand there")
    return layer


def _functional(config: dict[str, Any], layers: list[Any], depth: int) -> ModelSpec:
    inputs: list[InputSpec] = []
    rest: list[LayerSpec] = []
    seen: set[str] = set()
    left = MAX_CALLS
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
        nodes = obj.get("inbound_nodes")
        if type(nodes) is not list or not 1 <= len(nodes) <= _CALLS_OF_ONE or len(nodes) > left:
            raise NotPortableError(f"the layer {name!r} is never called, or far too often")
        left -= len(nodes)
        rest.append(_part(obj, name, nodes, depth))
    return ModelSpec(
        "functional",
        _name(config.get("name", "model")),
        tuple(inputs),
        tuple(rest),
        structure(config.get("input_layers")),
        structure(config.get("output_layers")),
    )


def _part(obj: dict[str, Any], name: str, nodes: list[Any], depth: int) -> LayerSpec:
    """Read a layer or an operation of a functional model, with its calls."""
    module = obj.get("module")
    if type(module) is str and f"{module}.".startswith(OPERATION_MODULES):
        return _operation(obj, name, nodes)
    layer = _layer(obj, depth)
    calls = tuple(layer_call(layer.class_name, node) for node in nodes)
    return LayerSpec(layer.class_name, name, layer.arguments, layer.model, calls)


def _operation(obj: dict[str, Any], name: str, nodes: list[Any]) -> LayerSpec:
    class_name = _builtin(obj)
    operation = OPERATIONS.get(class_name)
    if operation is None:
        raise NotPortableError(
            f"the operation {class_name[:60]} between layers is not one that can be rebuilt"
        )
    arguments: dict[str, Any] = {}
    for key, value in _mapping(obj.get("config"), f"the config of {class_name}").items():
        if key == "name":
            continue
        if key not in operation.options:
            raise NotPortableError(f"{class_name} with the unusual option {key[:40]!r}")
        try:
            arguments[key] = operation.options[key](value)
        except ValueError as error:
            raise NotPortableError(f"{class_name}.{key}: {error}") from error
    calls = tuple(operation_call(class_name, operation, node) for node in nodes)
    return LayerSpec(class_name, name, arguments, calls=calls, operation=operation)
