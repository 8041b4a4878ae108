"""How the layers of a functional model are connected, read from an untrusted configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.argument_checks import integer, truth
from mnist_course.grading.layer_table import RECURRENT
from mnist_course.grading.operation_table import Operation

__all__ = ["Call", "Tensor", "layer_call", "operation_call", "structure", "tensors_in"]

_MOST_TENSORS = 64
_MOST_CONSTANTS = 10_000
_place = integer(-(10**6), 10**6)


class Tensor(NamedTuple):
    """An output of a layer, as ``keras_history`` names it: layer, which call, which output."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer or operation: ``Tensor``s and plain values, by place and by name."""

    arguments: tuple[Any, ...]
    named: Mapping[str, Any] = field(default_factory=dict)


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors in an argument, a structure or a call."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Call):
        return tensors_in([*value.arguments, *value.named.values()])
    if isinstance(value, Mapping):
        return tensors_in(list(value.values()))
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []


def layer_call(class_name: str, node: Any) -> Call:
    """Read one call of a layer.

    Raises
    ------
    NotPortableError
        If it was called with anything but tensors and the usual switches.
    """
    given, named = _parts(node)
    most = 3 if class_name == "MultiHeadAttention" else 2 if class_name in RECURRENT else 1
    while given and given[-1] is None:
        given.pop()
    if not 1 <= len(given) <= most:
        raise NotPortableError(f"a {class_name[:60]} called with {len(given)} arguments")
    options = dict(_USUAL)
    if class_name in RECURRENT:
        options["initial_state"] = _tensors
    if class_name.endswith("Attention"):
        options |= _ATTENTION
    found: dict[str, Any] = {}
    for name, value in named.items():
        if name not in options:
            raise NotPortableError(f"a {class_name[:60]} called with the option {name[:40]!r}")
        if not _is_nothing(value):
            try:
                found[name] = options[name](value)
            except ValueError as error:
                raise NotPortableError(f"{class_name[:60]}({name[:40]}=...): {error}") from error
    return Call(tuple(_tensors(value) for value in given), found)


def operation_call(class_name: str, operation: Operation, node: Any) -> Call:
    """Read one call of an operation.

    Raises
    ------
    NotPortableError
        If it was called with anything but tensors, numbers and small arrays of numbers.
    """
    given, named = _parts(node)
    if not all(_is_nothing(value) for value in named.values()):
        raise NotPortableError(f"the operation {class_name[:60]} called with unusual options")
    if len(given) != max(1, operation.operands):
        raise NotPortableError(f"the operation {class_name[:60]} with {len(given)} arguments")
    if operation.function == "getitem":
        call = Call((_tensors(given[0]), _key(given[1])))
    elif operation.operands == 0:
        call = Call((_tensors(given[0]),))
    else:
        call = Call(tuple(_operand(value) for value in given))
    if not tensors_in(call):
        raise NotPortableError(f"the operation {class_name[:60]} on nothing of the model")
    return call


def structure(value: Any) -> Any:
    """Read the inputs or outputs of a model: a ``Tensor``, or lists or dicts of them."""
    found = _structure(value, 0)
    if not tensors_in(found):
        raise NotPortableError("a functional model without inputs or outputs")
    return found


def _structure(value: Any, depth: int) -> Any:
    if type(value) is list and len(value) == 3 and type(value[0]) is str:
        return _tensor(value)
    if depth < 3 and type(value) is list and len(value) <= _MOST_TENSORS:
        return [_structure(item, depth + 1) for item in value]
    if depth < 3 and type(value) is dict and len(value) <= _MOST_TENSORS:
        return {key[:80]: _structure(item, depth + 1) for key, item in value.items()}
    raise NotPortableError("a functional model without inputs or outputs")


def _parts(node: Any) -> tuple[list[Any], dict[str, Any]]:
    if type(node) is not dict:
        raise NotPortableError("a call of a layer is missing in the model's configuration")
    given, named = node.get("args"), node.get("kwargs")
    if type(given) is not list or type(named) not in (dict, type(None)):
        raise NotPortableError("a layer called with more than one argument")
    return list(given), named or {}


def _is_nothing(value: Any) -> bool:
    return value is None or (type(value) is list and all(_is_nothing(item) for item in value))


def _is_tensor(value: Any) -> bool:
    return type(value) is dict and value.get("class_name") == "__keras_tensor__"


def _tensors(value: Any, depth: int = 0) -> Any:
    if _is_tensor(value):
        config = value.get("config")
        return _tensor(config.get("keras_history") if type(config) is dict else None)
    if depth < 2 and type(value) in (list, dict) and 0 < len(value) <= _MOST_TENSORS:
        if type(value) is list:
            return [_tensors(item, depth + 1) for item in value]
        if "class_name" not in value:
            return {key[:80]: _tensors(item, depth + 1) for key, item in value.items()}
    raise NotPortableError("an operation between layers that is not a layer")


def _tensor(value: Any) -> Tensor:
    if (
        type(value) is not list
        or len(value) != 3
        or [type(part) for part in value] != [str, int, int]
        or not all(0 <= part < 10_000 for part in value[1:])
    ):
        raise NotPortableError("a tensor without a history")
    return Tensor(*value)


def _operand(value: Any) -> Any:
    if type(value) in (int, float, bool):
        if not abs(value) <= 1e9:  # NaN neither
            raise NotPortableError("arithmetic with a number beyond 1e9")
        return value
    if type(value) is dict and value.get("class_name") in ("__numpy__", "__tensor__"):
        return _constant(value.get("config"))
    if not _is_tensor(value):
        raise NotPortableError("an operation on something that is no tensor and no number")
    return _tensors(value)


def _constant(config: Any) -> np.ndarray[Any, Any]:
    if type(config) is not dict or config.get("dtype") not in ("float32", "float64", "int32"):
        raise NotPortableError("arithmetic with an unusual constant")
    left = _MOST_CONSTANTS

    def check(value: Any, depth: int) -> None:
        nonlocal left
        left -= 1
        if left < 0 or depth > 4:
            raise NotPortableError(f"a constant of more than {_MOST_CONSTANTS:,} numbers")
        if type(value) is list:
            for item in value:
                check(item, depth + 1)
        elif type(value) not in (int, float) or not abs(value) <= 1e9:
            raise NotPortableError("arithmetic with an unusual constant")

    check(config.get("value"), 0)
    try:
        return np.array(config["value"], dtype=config["dtype"])
    except (ValueError, OverflowError) as error:
        raise NotPortableError("a constant whose rows differ in length") from error


def _key(value: Any, depth: int = 0) -> Any:
    """Read what stands in square brackets: numbers, slices, ``...`` and ``None``."""
    if value is None or type(value) is int:
        return value if value is None else _within(_place, value)
    if type(value) is dict:
        config = value.get("config")
        if value.get("class_name") == "__ellipsis__":
            return Ellipsis
        if value.get("class_name") == "__slice__" and type(config) is dict:
            ends = (config.get(end) for end in ("start", "stop", "step"))
            return slice(*(None if end is None else _within(_place, end) for end in ends))
    if type(value) is list and depth == 0 and len(value) <= 8:
        return tuple(_key(item, 1) for item in value)
    raise NotPortableError("square brackets with something that is no number and no slice")


def _within(check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise NotPortableError(f"square brackets: {error}") from error


def _masks(value: Any) -> Any:
    if type(value) is list and len(value) <= _MOST_TENSORS:
        return [None if item is None else _tensors(item, 1) for item in value]
    return _tensors(value)


_USUAL: dict[str, Callable[[Any], Any]] = {"training": truth, "mask": _masks}
_ATTENTION: dict[str, Callable[[Any], Any]] = {
    "value": _tensors,
    "key": _tensors,
    "return_attention_scores": truth,
    "use_causal_mask": truth,
    **dict.fromkeys(("query_mask", "value_mask", "key_mask", "attention_mask"), _tensors),
}
