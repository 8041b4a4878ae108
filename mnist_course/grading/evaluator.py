"""Run rebuilt models in a sandbox of their own: it has inputs, but no labels of hidden tests.

``python -I -m mnist_course.grading.evaluator FD`` answers questions on the socket ``FD`` until it
closes. The test runner asks them through ``remote_backend.py``. ``Evaluator`` starts the process.
"""

from __future__ import annotations

import gc
import hashlib
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mnist_course.exceptions import MnistCourseError, NotPortableError
from mnist_course.grading.channel import Channel
from mnist_course.grading.sandbox import Limits, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from mnist_course.grading.model_spec import ModelSpec
    from mnist_course.grading.results import SandboxLayer

__all__ = ["Evaluator", "Service", "main"]

# A rebuild takes well under a second. The alarm is the evaluator's own; the test runner's time-out
# for an answer stands behind it, for what does not come back to Python.
LOAD_SECONDS = 60.0


class Evaluator:
    """The running evaluator process with our end of its socket; a context manager.

    ``connection`` is to be handed to the test runner.
    """

    def __init__(
        self, limits: Limits | None = None, *, options: SandboxOptions | None = None
    ) -> None:
        self._sandbox = Sandbox(limits or Limits(), "evaluator", options or SandboxOptions())
        self.connection: socket.socket | None = None

    @property
    def layers(self) -> tuple[SandboxLayer, ...]:
        """The layers around the process."""
        return self._sandbox.layers

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        self._sandbox.__enter__()
        try:
            fd = theirs.fileno()
            command = [sys.executable, "-I", "-m", "mnist_course.grading.evaluator", str(fd)]
            self._sandbox.start(command, pass_fds=[fd])
        except BaseException:
            ours.close()
            self._sandbox.__exit__(None, None, None)
            raise
        finally:
            theirs.close()
        self.connection = ours
        return self

    def __exit__(self, *exc: object) -> None:
        if self.connection is not None:
            self.connection.close()
        self._sandbox.__exit__(*exc)


class Service:
    """Answers one question at a time; inside the evaluator process.

    What was computed once is kept: the items of one notebook ask about the same model, each from
    a fresh process.
    """

    def __init__(self) -> None:
        from mnist_course.grading.keras_backend import KerasBackend

        self._backend = KerasBackend()
        self._models: list[Any] = []
        self._specs: list[ModelSpec] = []
        self._fitting: set[tuple[int, tuple[int, ...]]] = set()
        self._arrays: dict[tuple[Any, ...], Any] = {}
        self._runs: dict[str, _Run] = {}
        self._ops: dict[str, Callable[[dict[str, Any]], Any]] = {
            "load": self._load,
            "predict": self._predict,
            "activations": self._activations,
            "train": self._train,
            "run_trial": self._run_trial,
        }

    def answer(self, question: Any) -> dict[str, Any]:
        """Return ``{"ok": ...}``, or ``{"error": kind, "message": ...}``."""
        try:
            operation = self._ops[question["op"]]
            return {"ok": operation(question)}
        except (MnistCourseError, ValueError) as error:
            kind = "NotPortableError" if isinstance(error, NotPortableError) else "ValueError"
            return {"error": kind, "message": str(error)[:1000]}
        except Exception as error:
            # TensorFlow raises many kinds; the test runner must get an answer in any case.
            return {"error": type(error).__name__, "message": str(error)[:1000]}

    def _load(self, question: dict[str, Any]) -> dict[str, Any]:
        from mnist_course.grading.build_limits import time_limit
        from mnist_course.grading.model_build import build_model
        from mnist_course.grading.model_spec import parse_model

        with time_limit(LOAD_SECONDS):
            spec = parse_model(question["config"])
            model = build_model(spec, question["weights"])
        self._models.append(model)
        self._specs.append(spec)
        return {"id": len(self._models) - 1, **_describe(model)}

    def _check_room(self, number: int, x: Any) -> None:
        """Refuse inputs for which a model of open input size needs too much room."""
        from mnist_course.grading.build_limits import time_limit
        from mnist_course.grading.model_build import build_model

        spec, shape = self._specs[number], x.shape[1:]
        open_sides = len(spec.inputs) == 1 and None in spec.inputs[0].shape
        if not open_sides or (number, shape) in self._fitting:
            return
        if len(shape) == len(spec.inputs[0].shape):
            sized = replace(spec, inputs=(replace(spec.inputs[0], shape=shape),))
            with time_limit(LOAD_SECONDS):
                build_model(sized, budget=self._models[number].count_params())
        self._fitting.add((number, shape))

    def _predict(self, question: dict[str, Any]) -> Any:
        x = question["x"]
        key = ("predict", question["model"], _digest(x))
        if key not in self._arrays:
            self._check_room(question["model"], x)
            self._arrays[key] = self._backend.predict(self._models[question["model"]], x)
        return self._arrays[key]

    def _activations(self, question: dict[str, Any]) -> list[dict[str, Any]]:
        x = question["x"]
        key = ("activations", question["model"], _digest(x))
        if key not in self._arrays:
            found = self._backend.hidden_activations(self._models[question["model"]], x)
            self._arrays[key] = [
                {
                    "name": layer.name,
                    "class_name": layer.class_name,
                    "activation": layer.activation,
                    "values": layer.values,
                }
                for layer in found
            ]
        return list(self._arrays[key])

    def _train(self, question: dict[str, Any]) -> Any:
        """Return the predictions after epoch ``epoch`` of a training run, None when it is over."""
        key = question["key"]
        run = self._runs.get(key)
        if run is None or not run.reaches(question["epoch"]):
            from mnist_course.experiments.recording.fit_record import FitRecord

            # A run that stands still holds a model with its copy of the data: one at a time.
            for other in self._runs.values():
                other.close()
            gc.collect()  # Keras' models are cycles
            rounds = self._backend.train_again(
                FitRecord.from_dict(question["record"]),
                seed=question["seed"],
                x_test=question["x_test"],
                epochs=question["epochs"],
                initial_weights=question["initial_weights"],
            )
            run = self._runs[key] = _Run(rounds)
        return run.after(question["epoch"])

    def _run_trial(self, question: dict[str, Any]) -> dict[str, Any]:
        """Train a configuration, which is plain values, and return the trial as such."""
        from mnist_course.experiments.trials.configuration import Configuration

        configuration = Configuration.from_dict(question["configuration"])
        for run in self._runs.values():
            run.close()  # one model with its data at a time
        return self._backend.run_trial(configuration, seed=question["seed"]).to_dict()


class _Run:
    """A training run that goes on only as far as somebody asks; its answers are kept."""

    def __init__(self, rounds: Iterator[Any]) -> None:
        self._rounds: Iterator[Any] | None = rounds
        self._done: list[Any] = []

    def reaches(self, epoch: int) -> bool:
        """Tell whether ``after(epoch)`` can be answered without a new start."""
        return self._rounds is not None or epoch < len(self._done)

    def close(self) -> None:
        """Give up what the run needs to go on."""
        self._rounds = None

    def after(self, epoch: int) -> Any:
        """Return the predictions after an epoch, counted from 0; None when there are fewer."""
        while len(self._done) <= epoch and self._rounds is not None:
            try:
                self._done.append(np.asarray(next(self._rounds), dtype=np.int64))
            except StopIteration:
                return None
        return self._done[epoch]


def _digest(array: Any) -> str:
    header = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.blake2b(
        header + np.ascontiguousarray(array).tobytes(), digest_size=16
    ).hexdigest()


def _shape(value: Any) -> Any:
    if isinstance(value, list):
        return [_shape(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _shape(v) for k, v in value.items()}
    return tuple(value) if value is not None else None


def _describe(model: Any) -> dict[str, Any]:
    """Return what a facade of the model shows, computed from the rebuilt model."""
    return {
        "name": str(model.name),
        "class_name": type(model).__name__,
        "input_shape": _shape(model.input_shape),
        "output_shape": _shape(model.output_shape),
        "parameters": int(model.count_params()),
        "layers": [_describe_layer(layer) for layer in model.layers],
    }


def _describe_layer(layer: Any) -> dict[str, Any]:
    activation = getattr(layer, "activation", None)
    return {
        "name": str(layer.name),
        "class_name": type(layer).__name__,
        "parameters": int(layer.count_params()),
        "units": getattr(layer, "units", None),
        "filters": getattr(layer, "filters", None),
        "rate": getattr(layer, "rate", None),
        "use_bias": getattr(layer, "use_bias", None),
        "activation": getattr(activation, "__name__", None),
        "output_shape": _output_shape(layer),
        "layers": [_describe_layer(inner) for inner in getattr(layer, "layers", ())],
    }


def _output_shape(layer: Any) -> Any:
    try:
        return _shape(layer.output.shape)
    except (AttributeError, ValueError):  # a layer that is called more than once has several
        return None


def main(arguments: list[str]) -> int:
    """Answer until the test runner hangs up."""
    import keras  # noqa: F401 - loaded now, while nobody waits for it yet

    from mnist_course import plain_batches
    from mnist_course.grading import resting_threads

    plain_batches.enable()
    resting_threads.rest()
    channel = Channel(socket.socket(fileno=int(arguments[1])))
    service = Service()
    while True:
        try:
            question = channel.receive()
        except EOFError:
            return 0
        # The number tells an answer from a late one to a test that was stopped meanwhile.
        number = question.get("number") if isinstance(question, dict) else None
        channel.send({**service.answer(question), "number": number})


if __name__ == "__main__":
    sys.exit(main(sys.argv))
