"""Record every fit of every Keras model of this process.

``keras.Model.fit`` is wrapped on the class. The recorder draws no random number, adds one callback
that acts at the end of an epoch only, so that the numbers of a fit stay the same to the last bit;
a test proves it. When recording fails, the fit does not: a warning is logged.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from mnist_course.experiments.recording.data_print import as_array, read
from mnist_course.experiments.recording.fit_call import FitCall, share
from mnist_course.experiments.recording.fit_record import EvaluationRecord
from mnist_course.experiments.recording.journal import Journal
from mnist_course.experiments.recording.model_facts import accuracy_name, plain_number
from mnist_course.experiments.recording.weights import weights_digest

__all__ = ["Recorder", "recorder", "start", "stop", "unrecorded"]

_logger = logging.getLogger(__name__)


class Recorder:
    """What is recorded, where it goes.

    Attributes
    ----------
    journal : Journal
        Everything since the recorder was started.
    """

    def __init__(self) -> None:
        self.journal = Journal()
        self._log: Journal | None = None
        self._test_data: tuple[Any, Any] | None = None
        self._last_model: weakref.ref[Any] | None = None
        self._fitting: list[Any] = []
        self._originals: dict[str, tuple[Any, Any]] = {}

    @property
    def last_model(self) -> Any:
        """The model that was fitted last, None when there is none or nobody keeps it."""
        return None if self._last_model is None else self._last_model()

    def open_log(
        self, journal: Journal | None = None, *, test_data: tuple[Any, Any] | None = None
    ) -> Journal:
        """Return the journal of the notebook's log, which numbers its own fits from 1.

        A recorder that was started before the notebook's first cell thus gives the same numbers
        as one that was started by the notebook.

        Parameters
        ----------
        journal : Journal, optional
            Goes on with this one. Without it, the journal that is open already, else a new one.
        test_data : (x_test, y_test), optional
            On which the accuracy of a fit without validation data is measured.
        """
        if journal is not None or self._log is None:
            self._log = Journal() if journal is None else journal
            self._test_data = None
        if test_data is not None:
            self._test_data = test_data
        return self._log

    def install(self) -> None:
        """Wrap ``keras.Model.fit`` with ``keras.Model.evaluate``."""
        for name, record in (("fit", self._fit), ("evaluate", self._evaluate)):
            original = getattr(keras.Model, name)
            wrapper = _wrapped(original, record)
            self._originals[name] = (vars(keras.Model).get(name), wrapper)
            setattr(keras.Model, name, wrapper)

    def uninstall(self) -> None:
        """Put back what `install` found, unless someone else has wrapped the method since."""
        for name, (before, wrapper) in self._originals.items():
            if vars(keras.Model).get(name) is not wrapper:
                wrapper.recording = False
            elif before is None:
                delattr(keras.Model, name)  # it was inherited
            else:
                setattr(keras.Model, name, before)
        self._originals.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let fits and evaluations pass in a ``with`` block."""
        wrappers = [wrapper for _, wrapper in self._originals.values() if wrapper.recording]
        for wrapper in wrappers:
            wrapper.recording = False
        try:
            yield
        finally:
            for wrapper in wrappers:
                wrapper.recording = True

    def _fit(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        __tracebackhide__ = True
        model = args[0] if args else None
        if any(model is other for other in self._fitting):
            return original(*args, **kwargs)  # a subclass that calls super().fit()
        begun = _begin(original, args, kwargs)
        if begun is None:
            return original(*args, **kwargs)
        call, bound = begun
        self._fitting.append(model)
        started = time.perf_counter()
        try:
            return original(*bound.args, **bound.kwargs)
        except BaseException as error:
            call.stopped_by = type(error).__name__
            raise
        finally:
            call.seconds = time.perf_counter() - started
            self._fitting.pop()
            self._end(call)

    def _end(self, call: FitCall) -> None:
        try:
            record = call.record()
            if record is None:
                return
            self._last_model = weakref.ref(call.model)
            if record.accuracy is None and self._test_data is not None and not call.stopped_by:
                record = replace(record, accuracy=_measured(call.model, self._test_data))
            for journal in self._journals():
                journal.add_fit(record)
        except Exception as error:
            _warn("This fit", error)

    def _evaluate(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        __tracebackhide__ = True
        result = original(*args, **kwargs)
        if not self._fitting:
            try:
                given = inspect.signature(original).bind(*args, **kwargs).arguments
                record = _evaluation(given)
                for journal in self._journals():
                    journal.add_evaluation(record)
            except Exception as error:
                _warn("This evaluation", error)
        return result

    def _journals(self) -> list[Journal]:
        return [self.journal] if self._log is None else [self.journal, self._log]


_RUNNING: list[Recorder] = []


def start() -> Recorder:
    """Start recording, or go on: one recorder per process.

    Returns
    -------
    Recorder
        The one that is running.
    """
    if not _RUNNING:
        running = Recorder()
        running.install()
        _RUNNING.append(running)
    return _RUNNING[0]


def stop() -> None:
    """Stop recording and leave Keras as it was; without a recorder nothing happens."""
    while _RUNNING:
        _RUNNING.pop().uninstall()


def recorder() -> Recorder | None:
    """Return the recorder that is running, None without one."""
    return _RUNNING[0] if _RUNNING else None


@contextmanager
def unrecorded() -> Iterator[None]:
    """Keep fits in a ``with`` block out of every log, such as those that have their own record."""
    running = recorder()
    if running is None:
        yield
    else:
        with running.paused():
            yield


def _wrapped(original: Callable[..., Any], record: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not wrapper.recording:  # type: ignore[attr-defined]
            return original(*args, **kwargs)
        return record(original, args, kwargs)

    wrapper.recording = True  # type: ignore[attr-defined]
    return wrapper


def _begin(
    original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[FitCall, inspect.BoundArguments] | None:
    """Describe a call and add the observer to its callbacks, after the ones that were given."""
    try:
        bound = inspect.signature(original).bind(*args, **kwargs)
    except TypeError:
        return None  # the original raises the better error
    try:
        call = FitCall.begin(bound.arguments)
        callbacks = bound.arguments.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            raise TypeError("a CallbackList belongs to its owner, give a plain list of callbacks")
        given = keras.tree.flatten(callbacks) if callbacks else []
        bound.arguments["callbacks"] = [*given, call.observer]
        return call, bound
    except Exception as error:
        _warn("This fit", error)
        return None


def _evaluation(given: dict[str, Any]) -> EvaluationRecord:
    model = given["self"]
    reading = read(given.get("x"), given.get("y"))
    results = {
        name: plain_number(keras.ops.convert_to_numpy(value))
        for name, value in model.get_metrics_result().items()
    }
    name = accuracy_name(model, results)
    return EvaluationRecord(
        number_of_fit=None,  # each log finds its own
        weights=weights_digest(model.get_weights()),
        data=None if reading is None else reading.print,
        accuracy=None if name is None else share(results[name]),
    )


def _measured(model: Any, test_data: tuple[Any, Any]) -> float | None:
    try:
        return _accuracy(model, *test_data)
    except Exception as error:  # test data of another shape than this model's input
        _logger.warning("No accuracy was measured: %s: %s", type(error).__name__, error)
        return None


def _accuracy(model: Any, x: Any, y: Any) -> float | None:
    """Return the share of `x` whose largest output is at the class in `y`."""
    labels = as_array(y)
    if labels is None:
        return None
    labels = labels.argmax(axis=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.ravel()
    outputs = np.asarray(model.predict(x, batch_size=1_000, verbose=0))
    if outputs.ndim != 2 or outputs.shape[1] < 2 or len(outputs) != len(labels):
        return None
    return float(np.mean(outputs.argmax(axis=1) == labels))


def _warn(what: str, error: Exception) -> None:
    _logger.warning("%s was not recorded: %s: %s", what, type(error).__name__, error)
