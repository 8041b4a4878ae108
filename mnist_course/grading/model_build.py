"""Build a real Keras model from a ``ModelSpec`` under a parameter budget.

Runs in the evaluator only. Constructors are called directly with the spec's checked values;
no Keras deserialiser is ever involved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.argument_checks import Node
from mnist_course.grading.build_limits import check_activations, parameter_budget
from mnist_course.grading.graph_spec import Call, Tensor, tensors_in
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
        One array a weight, exact shapes and types (float32; NaN is allowed), in Keras' own order.
        Without them the model keeps fresh initial values.
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
        If the spec needs more parameters than the budget, if its layers need too much room for one
        example, if Keras refuses the combination, or if the weights do not fit.
    """
    if budget is None:
        budget = MAX_PARAMETERS if weights is None else sum(w.size for w in weights)
    if budget > MAX_PARAMETERS:
        raise NotPortableError(f"{budget:,} parameters; at most {MAX_PARAMETERS:,} are rebuilt")
    try:
        with parameter_budget(budget, initialise=weights is None):
            model = _model(spec)
            check_activations(model)
    except NotPortableError:
        raise
    except Exception as error:
        # Keras raises many kinds for shapes that do not fit together.
        raise NotPortableError(f"Keras refuses the architecture: {str(error)[:200]}") from error
    if weights is not None:
        _set_weights(model, weights)
    return model


def _set_weights(model: Any, weights: Sequence[Array]) -> None:
    wanted = [tuple(w.shape) for w in model.weights]
    given = [w.shape for w in weights]
    if wanted != given:
        raise NotPortableError(
            f"the weights do not fit the architecture: expected {len(wanted)} arrays "
            f"{wanted[:4]}, got {len(given)} {given[:4]}"
        )
    for ours, theirs in zip(model.weights, weights, strict=True):
        if str(theirs.dtype) != str(ours.dtype):
            raise NotPortableError(
                f"the weight {ours.name[:60]} is of type {theirs.dtype}; expected {ours.dtype}"
            )
    model.set_weights(list(weights))
    for layer in model._flatten_layers():
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()  # it computes with copies of its weights


def _value(value: Any) -> Any:
    import keras

    if isinstance(value, tuple):
        return tuple(_value(item) for item in value)
    if isinstance(value, LayerSpec):
        return _layer(value)
    if isinstance(value, Node):
        families = {
            "activation": keras.layers,
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
        arguments["activation"] = _value(spec.arguments["activation"])
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


class _Graph:
    """The tensors of a functional model, made call by call."""

    def __init__(self, spec: ModelSpec) -> None:
        import keras

        self.tensors: dict[Tensor, Any] = {
            Tensor(i.name, 0, 0): keras.Input(i.shape, dtype=i.dtype, name=i.name)
            for i in spec.inputs
        }
        self._layers: dict[str, Any] = {
            part.name: _layer(part) if part.operation is None else None for part in spec.layers
        }
        self._specs = {part.name: part for part in spec.layers}
        # Keras numbers the calls of a nested model from 1 when it was itself called once on
        # building; what counts is the order of a layer's own calls.
        self._first = _first_calls(spec)

    def call(self, name: str, number: int, call: Call) -> list[Tensor]:
        """Make the outputs of one call and return their names."""
        import keras

        part = self._specs[name]
        arguments = [self.find(argument) for argument in call.arguments]
        named = {key: self.find(argument) for key, argument in call.named.items()}
        if part.operation is None:
            result = self._layers[name](*arguments, **named)
        else:
            result = _operate(part, arguments)
        made = []
        for position, tensor in enumerate(keras.tree.flatten(result)):
            place = Tensor(name, self._first.get(name, 0) + number, position)
            self.tensors[place] = tensor
            made.append(place)
        return made

    def find(self, argument: Any) -> Any:
        """Replace the names of tensors by the tensors."""
        if isinstance(argument, Tensor):
            try:
                return self.tensors[argument]
            except KeyError as error:
                raise NotPortableError(f"a tensor that {argument.layer!r} does not make") from error
        if isinstance(argument, list):
            return [self.find(item) for item in argument]
        if isinstance(argument, dict):
            return {key: self.find(item) for key, item in argument.items()}
        return argument


def _operate(part: LayerSpec, arguments: list[Any]) -> Any:
    import keras

    assert part.operation is not None
    if part.operation.function == "getitem":
        result = arguments[0][arguments[1]]
    else:
        result = getattr(keras.ops, part.operation.function)(*arguments, **part.arguments)
    if not isinstance(result, keras.KerasTensor):
        raise NotPortableError(f"the operation {part.class_name} that is no part of the graph")
    # Its automatic name could be that of a layer, and names must differ.
    result._keras_history.operation.name = part.name
    return result


def _functional(spec: ModelSpec, name: str | None) -> Any:
    import keras

    graph = _Graph(spec)
    calls = [
        (part.name, number, call) for part in spec.layers for number, call in enumerate(part.calls)
    ]
    # A call waits for its tensors, and for the call of the same layer before it.
    missing: list[set[Any]] = []
    waiting: dict[Any, list[int]] = {}
    for place, (layer, number, call) in enumerate(calls):
        needs: set[Any] = {t for t in tensors_in(call) if t not in graph.tensors}
        if number:
            needs.add((layer, number - 1))
        missing.append(needs)
        for need in needs:
            waiting.setdefault(need, []).append(place)
    ready = deque(place for place, needs in enumerate(missing) if not needs)
    done = 0
    while ready:
        layer, number, call = calls[ready.popleft()]
        done += 1
        for made in [*graph.call(layer, number, call), (layer, number)]:
            for place in waiting.pop(made, ()):
                missing[place].discard(made)
                if not missing[place]:
                    ready.append(place)
    if done < len(calls):
        raise NotPortableError("the graph of layers has a cycle or a missing tensor")
    return keras.Model(
        graph.find(spec.input_tensors), graph.find(spec.outputs), name=name or spec.name
    )


def _first_calls(spec: ModelSpec) -> dict[str, int]:
    """Return, for each nested model, the smallest call number by which anyone refers to it."""
    named = [t for part in spec.layers for call in part.calls for t in tensors_in(call)]
    named += [*tensors_in(spec.input_tensors), *tensors_in(spec.outputs)]
    nested = {part.name for part in spec.layers if part.model is not None}
    first: dict[str, int] = {}
    for tensor in named:
        if tensor.layer in nested:
            first[tensor.layer] = min(tensor.call, first.get(tensor.layer, tensor.call))
    return first
