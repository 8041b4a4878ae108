"""Build a real Keras model from a ``ModelSpec`` under a parameter budget.

Runs in the evaluator only. Constructors are called directly with the spec's checked values;
no Keras deserialiser is ever involved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.layer_table import Node
from mnist_course.grading.model_spec import MAX_PARAMETERS, LayerSpec, ModelSpec

__all__ = ["build_model"]

Array = np.ndarray[Any, Any]


def build_model(
    spec: ModelSpec, weights: Sequence[Array] | None = None, *, budget: int | None = None
) -> Any:
    """Return a Keras model made from our schema.

    Parameters
    ----------
    spec : ModelSpec
        From ``parse_model``.
    weights : sequence of ndarray, optional
        One float array a weight, exact shapes, in Keras' own order. Without them the model keeps
        fresh initial values.
    budget : int, optional
        At most this many parameters are allocated. Default: as many as ``weights`` holds, or
        ``MAX_PARAMETERS``.

    Returns
    -------
    keras.Model
        Not compiled.

    Raises
    ------
    NotPortableError
        If the spec needs more parameters than the budget, if Keras refuses the combination, or if
        the weights do not fit.
    """
    if budget is None:
        budget = MAX_PARAMETERS if weights is None else sum(w.size for w in weights)
    if budget > MAX_PARAMETERS:
        raise NotPortableError(f"{budget:,} parameters; at most {MAX_PARAMETERS:,} are rebuilt")
    try:
        with _parameter_budget(budget):
            model = _model(spec)
    except NotPortableError:
        raise
    except Exception as error:
        # Keras raises many kinds for shapes that do not fit together.
        raise NotPortableError(f"Keras refuses the architecture: {str(error)[:200]}") from error
    if weights is not None:
        if any(w.dtype.kind not in "fiub" for w in weights):
            raise NotPortableError("a weight that is no array of real numbers")
        wanted = [tuple(w.shape) for w in model.weights]
        given = [w.shape for w in weights]
        if wanted != given:
            raise NotPortableError(
                f"the weights do not fit the architecture: expected {len(wanted)} arrays "
                f"{wanted[:4]}, got {len(given)} {given[:4]}"
            )
        model.set_weights(list(weights))
        for layer in model._flatten_layers():
            if type(layer).__name__ == "Normalization":
                layer.finalize_state()  # it computes with copies of its weights
    return model


@contextmanager
def _parameter_budget(budget: int) -> Iterator[None]:
    """Count parameters at each ``add_weight``, before the memory is allocated."""
    import keras

    layer_class = keras.layers.Layer
    original = layer_class.add_weight
    left = budget

    def add_weight(layer: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        sizes = (shape,) if isinstance(shape, int) else (shape or ())
        left -= math.prod(int(n) for n in sizes)
        if left < 0:
            raise NotPortableError(f"the architecture declares more than {budget:,} parameters")
        return original(layer, shape, *args, **kwargs)

    layer_class.add_weight = add_weight
    try:
        yield
    finally:
        layer_class.add_weight = original


def _value(value: Any) -> Any:
    import keras

    if isinstance(value, LayerSpec):
        return _layer(value)
    if isinstance(value, Node):
        families = {
            "initializer": keras.initializers,
            "regularizer": keras.regularizers,
            "constraint": keras.constraints,
        }
        return getattr(families[value.family], value.class_name)(**value.arguments)
    return value


def _layer(spec: LayerSpec) -> Any:
    import keras

    if spec.model is not None:
        return _model(spec.model, name=spec.name)
    arguments = {k: _value(v) for k, v in spec.arguments.items() if v is not None}
    if "activation" in spec.arguments:  # None is meant here: some layers default to tanh
        arguments["activation"] = spec.arguments["activation"]
    trainable = arguments.pop("trainable", True)
    layer = getattr(keras.layers, spec.class_name)(name=spec.name, **arguments)
    layer.trainable = trainable
    return layer


def _model(spec: ModelSpec, name: str | None = None) -> Any:
    return _sequential(spec, name) if spec.kind == "sequential" else _functional(spec, name)


def _sequential(spec: ModelSpec, name: str | None) -> Any:
    import keras

    entrance = spec.inputs[0]
    return keras.Sequential(
        [
            keras.Input(entrance.shape, dtype=entrance.dtype, name=entrance.name),
            *(_layer(layer) for layer in spec.layers),
        ],
        name=name or spec.name,
    )


def _functional(spec: ModelSpec, name: str | None) -> Any:
    import keras

    tensors: dict[tuple[str, int, int], Any] = {
        (i.name, 0, 0): keras.Input(i.shape, dtype=i.dtype, name=i.name) for i in spec.inputs
    }
    layers = {layer.name: _layer(layer) for layer in spec.layers}
    # Keras numbers the calls of a nested model from 1 when it was itself called once on building;
    # what counts is the order of a layer's own calls.
    todo = [
        (layer.name, number, call)
        for layer in spec.layers
        for number, call in enumerate(layer.calls)
    ]
    offsets = {
        layer.name: _first_call(spec, layer.name)
        for layer in spec.layers
        if layer.model is not None
    }

    def find(reference: Any) -> Any:
        if isinstance(reference, list):
            return [find(r) for r in reference]
        return tensors[reference]

    while todo:
        later = []
        for layer_name, number, call in todo:
            first = offsets.get(layer_name, 0)
            if number and (layer_name, first + number - 1, 0) not in tensors:
                later.append((layer_name, number, call))
                continue
            try:
                argument = find(call)
            except KeyError:
                later.append((layer_name, number, call))
                continue
            result = layers[layer_name](argument)
            outputs = result if isinstance(result, (list, tuple)) else [result]
            for position, tensor in enumerate(outputs):
                tensors[layer_name, first + number, position] = tensor
        if len(later) == len(todo):
            raise NotPortableError("the graph of layers has a cycle or a missing tensor")
        todo = later

    def ends(references: Any) -> Any:
        try:
            found = [tensors[r] for r in references]
        except KeyError as error:
            raise NotPortableError("an output that no layer makes") from error
        return found if len(found) > 1 else found[0]

    return keras.Model(ends(spec.input_tensors), ends(spec.outputs), name=name or spec.name)


def _first_call(spec: ModelSpec, name: str) -> int:
    """Return the smallest call number by which anyone refers to a nested model's output."""
    found: list[int] = []

    def walk(reference: Any) -> None:
        if isinstance(reference, list):
            for r in reference:
                walk(r)
        elif reference[0] == name:
            found.append(reference[1])

    for layer in spec.layers:
        for call in layer.calls:
            walk(call)
    for output in spec.outputs:
        walk(output)
    return min(found, default=0)
