"""The layers in the text that ``model.to_json()`` writes.

The text rather than the layer objects: the same text stands in the record of a fit, it also names
the operations of a functional model that are no layers (``keras.ops.relu(x)``), and the grader
can read it without Keras. It may come from untrusted code: text of another form gives no layers.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from mnist_course.diagnosis.layer_facts import LayerFacts, of_config

__all__ = ["read_architecture"]

_NESTED = ("Sequential", "Functional", "Model")


def read_architecture(text: str) -> tuple[tuple[LayerFacts, ...], bool, int | None]:
    """Return the layers, whether they form a chain, how many numbers one example has."""
    try:
        whole = json.loads(text)
        layers, chain, shapes = _model(whole)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return (), False, None
    size = None
    if len(shapes) == 1 and all(type(side) is int for side in shapes[0][1:]):
        size = math.prod(shapes[0][1:])
    return tuple(layers), chain, size


def _model(entry: Mapping[str, Any]) -> tuple[list[LayerFacts], bool, list[list[Any]]]:
    config = entry["config"]
    chain = entry["class_name"] == "Sequential" or _is_chain(config["layers"])
    layers: list[LayerFacts] = []
    shapes: list[list[Any]] = []
    for layer in config["layers"]:
        kind, settings = str(layer["class_name"]), layer["config"]
        if kind == "InputLayer":
            shapes.append(list(settings.get("batch_shape") or ()))
        elif kind in _NESTED and "layers" in settings:
            inner, inner_chain, inner_shapes = _model(layer)
            layers += inner
            chain = chain and inner_chain
            # The input of a model is that of its first part.
            shapes = shapes or inner_shapes
        else:
            layers.append(of_config(kind, str(settings.get("name", "")), settings))
    return layers, chain, shapes


def _is_chain(layers: list[Mapping[str, Any]]) -> bool:
    consumed: Counter[str] = Counter()
    for layer in layers:
        sources = list(_sources(layer.get("inbound_nodes", [])))
        if len(sources) > 1:
            return False
        consumed.update(sources)
    return all(count == 1 for count in consumed.values())


def _sources(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if node.get("class_name") == "__keras_tensor__":
            yield str(node["config"]["keras_history"][0])
        else:
            for part in node.values():
                yield from _sources(part)
    elif isinstance(node, list):
        for part in node:
            yield from _sources(part)
