"""Carry the values that the grade cells need out of the student's kernel.

This module runs inside the sandbox, beside the student's code. Nothing it does is trusted: the
other side reads its file as data.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mnist_course.grading.figure_parts import figure_of, figure_parts
from mnist_course.grading.serialization import Opaque, Portable, encode

__all__ = ["CALLS", "callable_of", "export", "portable_config", "take_apart"]

CALLS = ".calls"  # suffix of the file that says: keep this process, it will be called
_MOST_CALLABLES = 10_000
_PLAIN_CLASSES = frozenset(
    {"mnist_course.Claim", "mnist_course.Configuration", "mnist_course.Trial"}
)


class _Callables:
    """The functions and models of this process that may be called from outside, by id.

    A value of a global name has an id made from the name, so that a notebook that was run again
    answers to the same ids; others are counted.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Any] = {}
        self.needed = False

    def begin(self, values: Mapping[str, Any]) -> None:
        """Forget all ids, then give one to each callable value of a name."""
        self.by_id = {f"name {n}": v for n, v in values.items() if callable(v)}
        self.needed = False

    def id_of(self, value: Any) -> str:
        """Return the id of a callable; it may be called from now on."""
        for known, kept in self.by_id.items():
            if kept is value:
                return known
        if len(self.by_id) >= _MOST_CALLABLES:
            raise ValueError(f"more than {_MOST_CALLABLES:,} functions")
        number = f"object {len(self.by_id)}"
        self.by_id[number] = value
        return number


_CALLABLES = _Callables()


def callable_of(call: str) -> Any:
    """Return what an id stands for; raises KeyError for one that was never given."""
    return _CALLABLES.by_id[call]


def export(namespace: Mapping[str, Any], names: Iterable[str], path: str) -> None:
    """Write the named values to a file as one frame.

    Parameters
    ----------
    namespace : mapping
        The kernel's global names.
    names : iterable of str
        What the grade cells need. A missing ``model`` is the model that was fitted last; a
        missing ``log`` is the record that the grader keeps itself.
    path : str
        Written beside, then renamed, so that there is never half a file. Beside it appears an
        empty file with the suffix ``CALLS`` when some value can only be called here.
    """
    values: dict[str, Any] = {}
    substituted: list[str] = []
    for name in names:
        if name in namespace:
            values[name] = namespace[name]
            continue
        found = _substitute(name)
        if found is not None:
            values[name] = found
            substituted.append(name)
    _CALLABLES.begin(values)
    frame = _frame_of(values, substituted)
    target = Path(path)
    if _CALLABLES.needed:
        target.with_suffix(CALLS).write_bytes(b"")
    beside = target.with_suffix(".part")
    beside.write_bytes(frame)
    beside.replace(target)


def _frame_of(values: dict[str, Any], substituted: list[str]) -> bytes:
    """Return the frame; a value that is too large costs itself and no other."""
    try:
        return encode({"values": values, "substituted": substituted}, take_apart=take_apart)
    except Exception:
        fitting: dict[str, Any] = {}
        for name, value in values.items():
            try:
                encode({"values": {**fitting, name: value}}, take_apart=take_apart)
                fitting[name] = value
            except Exception as error:
                # Asking a student's object for its parts may raise anything.
                fitting[name] = Opaque(type(value).__name__, f"it cannot be read: {error}")
        return encode({"values": fitting, "substituted": substituted}, take_apart=take_apart)


def _substitute(name: str) -> Any:
    # Loading the recorder would load Keras: where nobody did, nothing was recorded.
    recorder = sys.modules.get("mnist_course.experiments.recording.recorder")
    running = None if recorder is None else recorder.recorder()
    if running is None:
        return None
    if name == "model":
        return running.last_model
    if name == "log":
        from mnist_course.experiments import ExperimentLog

        return ExperimentLog.automatic()
    return None


def take_apart(value: Any) -> Portable | Opaque | None:
    """Return the plain parts of an object that may leave, or why it may not."""
    names = {f"{c.__module__.split('.')[0]}.{c.__name__}" for c in type(value).__mro__}
    try:
        if "mnist_course.ExperimentLog" in names:
            return Portable("experiment_log", {"log": value.to_dict()})
        for kind in names & _PLAIN_CLASSES:
            return _as_json(value, kind)
        if "keras.Model" in names:
            return _model(value)
        if "keras.History" in names:
            return Portable("history", {"history": _series(value.history), "epoch": value.epoch})
        if "pandas.DataFrame" in names:
            return _frame(value)
        if (figure := figure_of(value, names)) is not None:
            return Portable("figure", figure_parts(figure))
        if names & {"tensorflow.Tensor", "tensorflow.Variable", "keras.Variable"}:
            return Portable("array", {"array": np.asarray(value)})
        if names & {"pandas.Series", "pandas.Index"}:
            return Portable("array", {"array": _column(value)})
        if isinstance(value, (dict, list, tuple)):  # a defaultdict, a Counter, a named tuple
            return Portable("plain", {"value": _plain(value)})
        if isinstance(value, type):
            return Opaque("class", "it is not a value")
        if callable(value):
            return _function(value)
    except Exception as error:
        # The object is the student's: asking it anything may raise anything.
        return Opaque(type(value).__name__, f"it cannot be read: {type(error).__name__}: {error}")
    return None


def _as_json(value: Any, class_name: str) -> Portable:
    """Return one of the package's own values as the bytes of its JSON: one item, however large."""
    text = json.dumps(value.to_dict(), allow_nan=True)
    return Portable(
        class_name.rpartition(".")[2].lower(), {"json": np.frombuffer(text.encode(), np.uint8)}
    )


def _series(history: Mapping[str, Iterable[Any]]) -> dict[str, list[float]]:
    return {str(k): [float(v) for v in values] for k, values in history.items()}


def _function(function: Any) -> Portable:
    """Return what the grader needs to call a function here, with what it may say about it."""
    _CALLABLES.needed = True
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return Portable(
        "function",
        {
            "call": _CALLABLES.id_of(function),
            "name": str(getattr(function, "__name__", type(function).__name__))[:80],
            "line": int(getattr(code, "co_firstlineno", 0)),
            "signature": _signature(function),
        },
    )


def _signature(function: Any) -> str:
    try:
        return str(inspect.signature(function))[:300]
    except (TypeError, ValueError):  # built-in functions have none
        return ""


def _model(model: Any) -> Portable | Opaque:
    from mnist_course.exceptions import NotPortableError
    from mnist_course.experiments.recording.model_facts import compiled_facts

    if not model.built:
        return Opaque(type(model).__name__, "the model was never built: it gets weights in fit()")
    weights = [np.asarray(w) for w in model.get_weights()]
    facts = _facts(model, weights)
    try:
        config = portable_config(model)
    except NotPortableError as error:
        return _remote(facts, str(error))
    parts = {"config": config, "weights": weights, "compiled": compiled_facts(model)}
    return Portable("model", parts | {"facts": facts})


def portable_config(model: Any) -> str:
    """Return the JSON from which the grader can build a Keras model again.

    Raises
    ------
    NotPortableError
        With the reason, if it cannot.
    """
    from mnist_course.exceptions import NotPortableError
    from mnist_course.experiments.recording.model_facts import own_functions
    from mnist_course.grading.model_spec import parse_model

    kind = type(model).__name__
    of_keras = type(model).__module__.startswith("keras.")
    if kind not in ("Sequential", "Functional", "Model") or not of_keras:
        raise NotPortableError(f"a subclassed model ({kind}) cannot be rebuilt from its layers")
    try:
        config: str = model.to_json()
        parse_model(config)
        if own := own_functions(model):
            raise NotPortableError(f"the activation {own[0]!r} is a function of the notebook")
    except Exception as error:
        # Besides our own refusal: a layer of the student's may fail in its get_config.
        raise NotPortableError(f"the model cannot be rebuilt: {error}") from error
    return config


def _remote(facts: dict[str, Any], reason: str) -> Portable:
    _CALLABLES.needed = True
    return Portable("remote_model", {"facts": facts, "reason": reason[:400]})


def _facts(model: Any, weights: list[Any]) -> dict[str, Any]:
    """Return what a model says about itself; for the grader these are claims."""
    from mnist_course.experiments.recording.model_facts import layer_records
    from mnist_course.experiments.recording.weights import weights_digest

    return {
        "call": _CALLABLES.id_of(model),
        "name": str(model.name)[:80],
        "class_name": type(model).__name__[:80],
        "input_shape": _shape(model, "input_shape"),
        "output_shape": _shape(model, "output_shape"),
        "parameters": sum(int(w.size) for w in weights),
        "weights_digest": weights_digest(weights),
        "layers": [[layer.class_name[:80], layer.parameters] for layer in layer_records(model)],
    }


def _shape(model: Any, name: str) -> Any:
    try:
        shape = getattr(model, name)
    except Exception:  # Keras raises several kinds where a shape is not defined
        return None
    return tuple(shape) if isinstance(shape, (tuple, list)) else None


def _frame(frame: Any) -> Portable:
    columns = [[str(name), _column(frame.iloc[:, i])] for i, name in enumerate(frame.columns)]
    index = frame.index  # a table by arm says there which row is which
    levels = [
        [None if name is None else str(name), _column(index.get_level_values(i))]
        for i, name in enumerate(index.names)
    ]
    return Portable("dataframe", {"columns": columns, "index": levels})


def _plain(value: Any) -> Any:
    """Return a container as its plain type, the only kind that is written."""
    return next(kind(value) for kind in (dict, list, tuple) if isinstance(value, kind))


def _column(values: Any) -> Any:
    array = values.to_numpy()
    return array if array.dtype.kind in "biuf" else [_cell(v) for v in array]


def _cell(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if type(plain) in (str, int, float, bool, type(None)) else str(value)
