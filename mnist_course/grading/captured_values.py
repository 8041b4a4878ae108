"""Read the values that left the student's kernel, in the trusted test runner."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mnist_course.exceptions import (
    ConfigurationError,
    MnistCourseError,
    RecordError,
    SerializationError,
)
from mnist_course.grading.call_errors import in_hidden_part, student_error
from mnist_course.grading.control import Control
from mnist_course.grading.function_proxy import StudentFunction, arguments
from mnist_course.grading.kept_answers import KeptAnswers
from mnist_course.grading.model_facade import RemoteModelFacade
from mnist_course.grading.serialization import Build, Opaque, Portable, decode, parse_json
from mnist_course.grading.student_line import CallFailed, StudentLine
from mnist_course.grading.transcript import Transcript

__all__ = ["Builders", "read_values"]


class Builders:
    """What makes objects of the parts in a frame.

    Parameters
    ----------
    control : Control
        Leads to the student's kernel.
    answers : KeptAnswers, optional
        Where calls of the student's functions are kept.
    """

    def __init__(self, control: Control, answers: KeptAnswers | None = None) -> None:
        plain: dict[str, Build] = {
            "claim": _claim,
            "configuration": _configuration,
            "experiment_log": _log,
            "history": _history,
            "dataframe": _frame,
            "figure": lambda parts: Portable("figure", parts),
            "array": lambda parts: parts["array"],
            "function": lambda parts: StudentFunction(parts, self.line),
            "plain": lambda parts: parts["value"],
            "trial": _trial,
        }
        # A call may give back another function, but no model.
        kept = Transcript(answers or KeptAnswers(None), take_apart=arguments)
        self.line = StudentLine(control, take_apart=arguments, build=plain, transcript=kept)
        self._plain = plain

    def of(self, load: Callable[[Mapping[str, Any]], Any]) -> dict[str, Build]:
        """Return the builders for a captured file; ``load`` rebuilds a model."""
        return {
            **self._plain,
            "model": lambda parts: _model(parts, load),
            "remote_model": lambda parts: self.remote_model(
                parts.get("facts"), str(parts.get("reason"))
            ),
        }

    def remote_model(self, facts: Any, reason: str) -> RemoteModelFacade:
        """Return a model that predicts in the student's kernel."""
        if type(facts) is not dict:
            raise SerializationError("a model without facts")
        return RemoteModelFacade(facts, reason, self._predict)

    def _predict(self, call: str, x: Any, seconds: float) -> Any:
        try:
            return self.line.ask(seconds, predict=call, x=x)["ok"]
        except CallFailed as failed:
            raise student_error("model.predict", failed, hidden=in_hidden_part()) from None


def read_values(
    path: Path | None, builders: Mapping[str, Build]
) -> tuple[dict[str, Any], list[str], str]:
    """Read the captured file.

    Parameters
    ----------
    path : Path or None
        Bytes that untrusted code wrote.
    builders : mapping
        See ``Builders.of``.

    Returns
    -------
    (values, substituted, problem)
        Names with values; names that the student did not define but that had an obvious stand-in;
        a sentence for staff when the file cannot be read.
    """
    if path is None:
        return {}, [], ""
    try:
        top = _decoded(path, builders)
        values, substituted = top["values"], top["substituted"]
        if type(values) is not dict or not all(type(n) is str for n in values):
            raise SerializationError("the captured values are no mapping of names")
        return values, [n for n in substituted if type(n) is str], ""
    except (MnistCourseError, KeyError, TypeError, AttributeError, ValueError) as error:
        return {}, [], f"the captured values cannot be read: {error}"


def _decoded(path: Path, builders: Mapping[str, Build]) -> Any:
    """Decode a file without a second copy of its bytes in memory."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return decode(b"", build=builders)
        # Unmapped when the last view of it is gone.
        return decode(
            memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), build=builders
        )


def _model(parts: Mapping[str, Any], load: Callable[[Mapping[str, Any]], Any]) -> Any:
    import numpy as np

    weights = parts.get("weights")
    if type(parts.get("config")) is not str or type(weights) is not list:
        raise SerializationError("a model without configuration or weights")
    if not all(isinstance(w, np.ndarray) for w in weights):
        raise SerializationError("a model whose weights are no arrays")
    return load(parts)


def _log(parts: Mapping[str, Any]) -> Any:
    from mnist_course.experiments import ExperimentLog

    try:
        return ExperimentLog.from_dict(parts.get("log"))
    except RecordError as error:
        return Opaque("ExperimentLog", f"the record cannot be read: {error}")


def _trial(parts: Mapping[str, Any]) -> Any:
    from mnist_course.experiments.trials.trial import Trial

    return _from_json(parts, "Trial", Trial.from_dict)


def _claim(parts: Mapping[str, Any]) -> Any:
    from mnist_course.experiments.studies.claim import Claim

    return _from_json(parts, "Claim", Claim.from_dict)


def _configuration(parts: Mapping[str, Any]) -> Any:
    from mnist_course.experiments.trials.configuration import Configuration

    return _from_json(parts, "Configuration", Configuration.from_dict)


def _from_json(parts: Mapping[str, Any], kind: str, read: Callable[[object], Any]) -> Any:
    """Read one of the package's own values; what does not fit costs itself and no other."""
    import numpy as np

    raw = parts["json"]
    if not isinstance(raw, np.ndarray) or raw.dtype != np.uint8 or raw.ndim != 1:
        raise SerializationError(f"a {kind} that is no text")
    try:
        return read(parse_json(raw.tobytes(), constants=True))
    except (RecordError, ConfigurationError, SerializationError) as error:
        return Opaque(kind, f"it cannot be read: {error}")


def _history(parts: Mapping[str, Any]) -> Any:
    series = parts["history"]
    if type(series) is not dict or not all(
        type(k) is str and type(v) is list and all(type(n) is float for n in v)
        for k, v in series.items()
    ):
        raise SerializationError("a history that is no mapping of names to lists of numbers")
    history = type("History", (), {"__doc__": "Keras' History as data."})()
    history.history = series
    history.epoch = parts["epoch"]
    return history


def _frame(parts: Mapping[str, Any]) -> Any:
    import pandas as pd

    names, levels = zip(*parts["index"], strict=True)
    index = (
        pd.Index(levels[0], name=names[0])
        if len(names) == 1
        else pd.MultiIndex.from_arrays(list(levels), names=list(names))
    )
    if any(len(values) != len(index) for _, values in parts["columns"]):
        raise SerializationError("a table with columns of other lengths than its index")
    # By number first: two columns may have the same name.
    table = pd.DataFrame({i: values for i, (_, values) in enumerate(parts["columns"])}, index)
    table.columns = pd.Index([name for name, _ in parts["columns"]], dtype=object)
    return table
