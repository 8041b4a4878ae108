"""Take a Keras model apart into plain values.

No module of Keras is imported: what is read are the attributes of the model at hand.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from mnist_course.experiments.recording.fit_record import LayerRecord

__all__ = [
    "accuracy_name",
    "architecture",
    "compiled_facts",
    "layer_records",
    "leaves",
    "own_functions",
    "plain_number",
]

_LIBRARIES = ("keras", "tensorflow", "tf_keras")
_DEEPEST = 4
_LONGEST_TEXT = 200
_LONGEST_ARCHITECTURE = 1_000_000
_MOST_LAYERS = 1_000
_ACTIVATION_BY_LAYER = {
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ReLU": "relu",
    "Softmax": "softmax",
}


def architecture(model: Any) -> str:
    """Return ``model.to_json()``; empty when Keras cannot write it (a lambda, own code)."""
    try:
        text = str(model.to_json())
    except Exception:  # own layers raise what they like
        return ""
    return text if len(text) <= _LONGEST_ARCHITECTURE else ""


def compiled_facts(model: Any) -> dict[str, Any]:
    """Return optimizer, loss with metrics as they are now, in the form of `FitRecord.compiled`."""
    return {
        "optimizer": _named_config(getattr(model, "optimizer", None)),
        "loss": _loss(getattr(model, "loss", None)),
        "metrics": [name for name, _ in _metrics(model)],
    }


def layer_records(model: Any) -> tuple[LayerRecord, ...]:
    """Describe the layers of a model in its order, nested models taken apart."""
    return tuple(_layer_record(layer) for layer in islice(leaves(model), _MOST_LAYERS))


def own_functions(model: Any) -> tuple[str, ...]:
    """Name the activation functions that were written in the notebook.

    Keras writes a function by its name alone: one of the student's own that is called ``softmax``
    could not be told from Keras' own in the configuration.
    """
    names = []
    for layer in model._flatten_layers():
        for part in ("activation", "recurrent_activation"):
            function = getattr(layer, part, None)
            home = str(getattr(function, "__module__", "")).partition(".")[0]
            if inspect.isroutine(function) and home not in _LIBRARIES:
                names.append(str(getattr(function, "__name__", "a function"))[:80])
    return tuple(dict.fromkeys(names))


def accuracy_name(model: Any, names: Iterable[str]) -> str | None:
    """Say which of the logged names is the share of correct classes.

    Parameters
    ----------
    model : keras.Model
        Its metrics tell for names that do not (``SparseCategoricalAccuracy(name="hits")``).
    names : iterable of str
        As logged, without ``val_``.
    """
    names = list(names)
    own = [
        name
        for name, kind in _metrics(model)
        if name in names and _is_accuracy(_snake(kind) if kind else name)
    ]
    usual = [name for name in names if _is_accuracy(name)]
    return next(iter([*usual, *own]), None)


def plain_number(value: object) -> float | None:
    """Return a logged value as a float, None when it is not one number."""
    try:
        array = np.asarray(value)
        return float(array) if array.ndim == 0 and array.dtype.kind in "buif" else None
    except Exception:  # whatever a metric of the student's own returned
        return None


def _is_accuracy(name: str) -> bool:
    # The binary accuracy of ten outputs is .9 for a network that knows nothing; the top-k one
    # counts near misses.
    name = name.lower()
    return bool(re.search(r"(^|_)acc(uracy)?($|_)", name)) and not re.search("binary|top_k", name)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _metrics(model: Any) -> list[tuple[str, str]]:
    """Return name with class of what was given as ``metrics``; a string has no class."""
    try:
        given = model.get_compile_config().get("metrics") or []
    except Exception:  # Keras cannot write a lambda
        return []
    found = []
    for metric in given if isinstance(given, list | tuple) else [given]:
        if isinstance(metric, str):
            found.append((_text(metric), ""))
        elif isinstance(metric, Mapping):
            config = metric.get("config")
            name = config.get("name") if isinstance(config, Mapping) else config
            found.append((_text(name), _text(metric.get("class_name"))))
    return found


def leaves(model: Any) -> Iterator[Any]:
    """Yield the layers of a model in its order, nested models taken apart, inputs left out."""
    for layer in getattr(model, "layers", ()):
        if type(layer).__name__ == "InputLayer":
            continue
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def _layer_record(layer: Any) -> LayerRecord:
    units = getattr(layer, "units", None) or getattr(layer, "filters", None)
    penalties = [
        _call(getattr(layer, f"{part}_regularizer", None))
        for part in ("kernel", "bias", "activity")
        if getattr(layer, f"{part}_regularizer", None) is not None
    ]
    initializer = getattr(layer, "kernel_initializer", None)
    rescaling = type(layer).__name__ == "Rescaling"
    return LayerRecord(
        class_name=_text(type(layer).__name__),
        name=_text(layer.name),
        units=int(units) if isinstance(units, int | np.integer) and units > 0 else None,
        activation=_activation(layer),
        parameters=int(layer.count_params()) if layer.built else 0,
        rate=_finite(getattr(layer, "rate", None)),
        regularized=bool(penalties),
        regularizer=_text(", ".join(dict.fromkeys(penalties))),
        initializer="" if initializer is None else _text(_class_or_function(initializer)),
        scale=_finite(getattr(layer, "scale", None)) if rescaling else None,
        offset=_finite(getattr(layer, "offset", None)) if rescaling else None,
    )


def _activation(layer: Any) -> str | None:
    known = _ACTIVATION_BY_LAYER.get(type(layer).__name__)
    if known is not None:
        return known
    activation = getattr(layer, "activation", None)
    if activation is None:
        return None
    # keras.layers.LeakyReLU() is often given as the argument `activation`.
    named = _ACTIVATION_BY_LAYER.get(type(activation).__name__)
    return named or _text(_class_or_function(activation))


def _finite(value: object) -> float | None:
    number = plain_number(value)
    return number if number is not None and math.isfinite(number) else None


def _class_or_function(part: Any) -> str:
    return str(getattr(part, "__name__", type(part).__name__))


def _call(part: Any) -> str:
    """Write a regularizer in words, ``L2(l2=0.001)``."""
    config = _named_config(part)["config"]
    arguments = ", ".join(f"{name}={value}" for name, value in config.items() if value)
    return f"{_class_or_function(part)}({arguments})" if arguments else _class_or_function(part)


def _loss(loss: Any) -> Any:
    if isinstance(loss, list | tuple) and len(loss) == 1:
        loss = loss[0]
    if loss is None or isinstance(loss, str):
        return "" if loss is None else _text(loss)
    if isinstance(loss, list | tuple | dict):
        return "several losses"
    return _named_config(loss) if hasattr(loss, "get_config") else _text(_class_or_function(loss))


def _named_config(part: Any) -> dict[str, Any]:
    try:
        config = part.get_config()
    except Exception:  # an optimizer or loss of the student's own
        config = {}
    return {"class_name": _text(_class_or_function(part)), "config": _plain(config, 0)}


def _plain(value: Any, depth: int) -> Any:
    """Return a configuration with plain values only; anything else as its class name."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, Mapping) and depth < _DEEPEST:
        if "class_name" in value and "config" in value:  # Keras' form of a part
            value = {"class_name": value["class_name"], "config": value["config"]}
        return {_text(key): _plain(part, depth + 1) for key, part in list(value.items())[:100]}
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return [_plain(part, depth + 1) for part in value[:100]]
    number = plain_number(value)
    if number is None or not math.isfinite(number):
        return _text(type(value).__name__ if number is None else number)
    return _shortest(number)


def _shortest(number: float) -> float:
    """Return 0.001 for the float32 nearest to it, which is what Keras stores."""
    with np.errstate(over="ignore"):
        single = np.float32(number)
    return float(str(single)) if float(single) == number else number


def _text(value: object) -> str:
    # Lone surrogates, which no writer accepts, become question marks.
    text = value if isinstance(value, str) else str(value)
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
