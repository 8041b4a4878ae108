"""Carry the values that the grade cells need out of the student's kernel.

This module runs inside the sandbox, beside the student's code. Nothing it does is trusted: the
other side reads its file as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mnist_course.grading.serialization import Opaque, Portable, encode

__all__ = ["export", "prepare", "take_apart"]


def prepare() -> None:
    """Make the kernel ready: data offline, every fit recorded, the fast path on.

    Called once, before the first cell of the student.
    """
    from mnist_course.datasets.redirect import redirect_keras_datasets
    from mnist_course.experiments import recorder
    from mnist_course.grading import fast_fit

    redirect_keras_datasets()
    fast_fit.enable()
    recorder.start()


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
        Written beside, then renamed, so that there is never half a file.
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
    frame = _frame_of(values, substituted)
    target = Path(path)
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
    from mnist_course.experiments import ExperimentLog, recorder

    running = recorder.recorder()
    if name == "model" and running is not None:
        return running.last_model
    if name == "log" and running is not None:
        return ExperimentLog.automatic()
    return None


def take_apart(value: Any) -> Portable | Opaque | None:
    """Return the plain parts of an object that may leave, or why it may not."""
    names = {f"{c.__module__.split('.')[0]}.{c.__name__}" for c in type(value).__mro__}
    try:
        if "mnist_course.ExperimentLog" in names:
            return Portable("experiment_log", {"log": value.to_dict()})
        if "keras.Model" in names:
            return _model(value)
        if "keras.History" in names:
            return Portable("history", {"history": _series(value.history), "epoch": value.epoch})
        if "pandas.DataFrame" in names:
            return _frame(value)
        if "matplotlib.Figure" in names:
            return _figure(value)
        if names & {"tensorflow.Tensor", "tensorflow.Variable", "keras.Variable"}:
            return Portable("array", {"array": np.asarray(value)})
        if names & {"pandas.Series", "pandas.Index"}:
            return Portable("array", {"array": np.asarray(value)})
        if callable(value):
            return Opaque(type(value).__name__, "a function; it cannot leave the notebook")
    except Exception as error:
        # The object is the student's: asking it anything may raise anything.
        return Opaque(type(value).__name__, f"it cannot be read: {type(error).__name__}: {error}")
    return None


def _series(history: Mapping[str, Iterable[Any]]) -> dict[str, list[float]]:
    return {str(k): [float(v) for v in values] for k, values in history.items()}


def _model(model: Any) -> Portable | Opaque:
    from mnist_course.experiments.model_facts import compiled_facts

    kind = type(model).__name__
    if kind not in ("Sequential", "Functional", "Model") or not type(model).__module__.startswith(
        "keras."
    ):
        return Opaque(kind, f"a subclassed model ({kind}) cannot be rebuilt from its layers")
    if not model.built:
        return Opaque(kind, "the model was never built: it gets weights in fit()")
    return Portable(
        "model",
        {
            "config": model.to_json(),
            "weights": [np.asarray(w) for w in model.get_weights()],
            "compiled": compiled_facts(model),
        },
    )


def _frame(frame: Any) -> Portable:
    columns = []
    for name in frame.columns:
        values = frame[name].to_numpy()
        plain = values if values.dtype.kind in "biuf" else [_cell(v) for v in values]
        columns.append([str(name), plain])
    return Portable("dataframe", {"columns": columns, "rows": len(frame)})


def _cell(value: Any) -> Any:
    return value if type(value) in (str, int, float, bool, type(None)) else str(value)


def _figure(figure: Any) -> Portable:
    return Portable("figure", {"axes": [_axes(axes) for axes in figure.axes]})


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    return {
        "title": axes.get_title(),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "legend": [] if legend is None else [t.get_text() for t in legend.get_texts()],
        "lines": [
            {"label": str(line.get_label()), "x": _numbers(line.get_xdata()),
             "y": _numbers(line.get_ydata())}
            for line in axes.get_lines()
        ],
        "images": len(axes.get_images()),
        "bars": len(axes.patches),
    }  # fmt: skip


def _numbers(data: Any) -> Any:
    array = np.asarray(data)
    return array if array.dtype.kind in "biuf" else [str(v) for v in array.ravel()]
