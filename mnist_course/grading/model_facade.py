"""A model in the test runner: Keras' names over plain data, whose work happens elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import SerializationError, StudentError
from mnist_course.grading import answers_seen
from mnist_course.grading.call_errors import in_hidden_part, student_error
from mnist_course.grading.student_line import CallFailed

if TYPE_CHECKING:
    from mnist_course.grading.remote_backend import RemoteBackend

__all__ = ["LayerFacade", "ModelFacade", "RemoteModelFacade", "facade"]

_BATCH = 500  # rows that go to a student's process at once


class _Activation:
    """An activation function by name; it cannot be called here."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<activation {self.__name__}>"


class LayerFacade:
    """A layer of a facade, with Keras' attribute names.

    ``type(layer).__name__`` is Keras' class name. An attribute that the layer does not have in
    Keras is not there.
    """

    def __init__(self, described: Mapping[str, Any]) -> None:
        self.name = str(described["name"])
        self._parameters = int(described["parameters"])
        self.output_shape = described.get("output_shape")
        for name in ("units", "filters", "rate", "use_bias"):
            if described.get(name) is not None:
                setattr(self, name, described[name])
        if described.get("activation") is not None:
            self.activation = _Activation(str(described["activation"]))
        if described.get("layers"):
            self.layers = [_layer(inner) for inner in described["layers"]]

    def count_params(self) -> int:
        """Return the number of weights of this layer."""
        return self._parameters

    def get_config(self) -> dict[str, Any]:
        """Return name, with the arguments that are known here."""
        config = {"name": self.name}
        for name in ("units", "filters", "rate", "use_bias"):
            if hasattr(self, name):
                config[name] = getattr(self, name)
        if hasattr(self, "activation"):
            config["activation"] = self.activation.__name__
        return config


class _Named:
    """A loss or an optimizer: class, name and numbers."""

    def __init__(self, class_name: str, config: Mapping[str, Any]) -> None:
        self.name = str(config.get("name") or class_name).lower()
        self.class_name = class_name
        self._config = dict(config)
        for key, value in self._config.items():
            if key.isidentifier() and not hasattr(self, key):
                setattr(self, key, value)

    def get_config(self) -> dict[str, Any]:
        """Return the recorded arguments."""
        return dict(self._config)


class ModelFacade:
    """A captured model with Keras' attribute names.

    Its structure was computed by the evaluator from the rebuilt model; its weights are the
    captured arrays; ``predict`` happens in the evaluator.
    """

    verified = True

    def __init__(
        self, described: Mapping[str, Any], parts: Mapping[str, Any], backend: RemoteBackend
    ) -> None:
        self.remote_id = int(described["id"])
        self.name = str(described["name"])
        self.input_shape = described["input_shape"]
        self.output_shape = described["output_shape"]
        self.layers = [_layer(layer) for layer in described["layers"]]
        self.built = True
        self._parameters = int(described["parameters"])
        self._weights = [np.asarray(w) for w in parts["weights"]]
        self._config = str(parts["config"])
        self._backend = backend
        facts = parts.get("facts")
        call = facts.get("call") if isinstance(facts, dict) else None
        self.student_call = call if type(call) is str else ""
        compiled = parts.get("compiled")
        compiled = compiled if isinstance(compiled, dict) else {}
        self.loss = _compiled(compiled.get("loss"))
        self.optimizer = _compiled(compiled.get("optimizer"))
        self.compiled = self.loss is not None

    def predict(
        self, x: npt.NDArray[Any], batch_size: int | None = None, verbose: object = 0
    ) -> npt.NDArray[np.float32]:
        """Return the outputs for ``x``, shape (n, outputs), float32."""
        return self._backend.predict(self, np.asarray(x))

    def count_params(self) -> int:
        """Return the number of weights."""
        return self._parameters

    def get_weights(self) -> list[npt.NDArray[Any]]:
        """Return copies of the weights, in Keras' order."""
        return [w.copy() for w in self._weights]

    def to_json(self) -> str:
        """Return the captured configuration: untrusted text."""
        return self._config


class RemoteModelFacade:
    """A model that could not be rebuilt: it predicts in the student's own process.

    What it answers is the student's word, and so is everything that it says about itself. Those
    are ``claims``, and asking for anything else than predictions raises ``CannotGrade``: no point
    may rest on a claim.

    Parameters
    ----------
    facts : mapping
        What the student's process says: ``call`` (its id), ``name``, ``class_name``,
        ``input_shape``, ``output_shape``, ``parameters``, ``weights_digest``, ``layers``.
    reason : str
        Why the model could not be rebuilt, in a sentence.
    predict : callable
        Given the id, a batch and its seconds, returns what the student's process answers,
        of any type.

    Raises
    ------
    SerializationError
        If the facts have not this form.
    """

    verified = False

    def __init__(
        self, facts: Mapping[str, Any], reason: str, predict: Callable[[str, Any, float], Any]
    ) -> None:
        self.claims = _claims(facts)
        self.student_call = str(self.claims["call"])
        self.reason = reason
        self.seconds = 60.0
        # The same for every item of a notebook, and unknown to the student.
        self.seed = secrets.randbits(64)
        self._predict = predict

    @property
    def name(self) -> str:
        """The model's name, as claimed."""
        return str(self.claims["name"])

    @property
    def input_shape(self) -> tuple[int | None, ...] | None:
        """The shape of its input, as claimed; a wrong one spoils its own answers only."""
        shape: tuple[int | None, ...] | None = self.claims["input_shape"]
        return shape

    def predict(
        self, x: npt.NDArray[Any], batch_size: int | None = None, verbose: object = 0
    ) -> npt.NDArray[np.float32]:
        """Return the outputs for ``x``, shape (n, ...), float32.

        The rows go out in a random order, in batches that begin at random places, so that an
        answer cannot depend on when a row comes.

        Raises
        ------
        StudentError
            If the model raises, takes too long, or does not answer with one row of numbers for
            each row.
        """
        x = np.asarray(x)
        order = np.random.default_rng(secrets.randbits(128)).permutation(len(x))
        first = 1 + secrets.randbelow(_BATCH)
        cuts = [0, *range(first, len(x), _BATCH), len(x)] if len(x) > first else [0, len(x)]
        answers = [
            _rows(
                self._predict(self.student_call, x[order[start:stop]], self.seconds), stop - start
            )
            for start, stop in pairwise(cuts)
        ]
        if len({answer.shape[1:] for answer in answers}) > 1:
            raise _misfit("rows of different lengths")
        outputs = np.concatenate(answers)
        undone = np.empty_like(outputs)
        undone[order] = outputs
        for question, answer in zip(x[:12], undone[:12], strict=True):
            answers_seen.see("model", [question], answer)
        return undone

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise CannotGrade(
            f"`model.{name}` is not known for a model that could not be rebuilt: {self.reason}"
        )


def _rows(answer: Any, rows: int) -> npt.NDArray[np.float32]:
    if (
        not isinstance(answer, np.ndarray)
        or answer.dtype.kind != "f"
        or answer.ndim < 2
        or answer.shape[0] != rows
    ):
        told = (
            f"an array of shape {answer.shape} of {answer.dtype}"
            if isinstance(answer, np.ndarray)
            else f"a {type(answer).__name__}"
        )
        raise _misfit(f"{told} for {rows} inputs; expected a row of floats for each")
    return answer.astype(np.float32)


def _misfit(words: str) -> StudentError:
    """Return an error that is a ValueError, too, as what a model of Keras raises."""
    failed = CallFailed("misfit", message=words)
    return student_error("model.predict", failed, hidden=in_hidden_part())


def _claims(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Check the form of what a student's process says about a model."""
    kinds = {
        "call": str, "name": str, "class_name": str, "parameters": int, "weights_digest": str,
        "layers": list,
    }  # fmt: skip
    if not all(type(facts.get(name)) is kind for name, kind in kinds.items()):
        raise SerializationError("a model's facts are not of the form that was agreed")
    shapes = {name: facts.get(name) for name in ("input_shape", "output_shape")}
    layers = facts["layers"]
    if not all(_is_shape(shape) for shape in shapes.values()) or not all(
        type(layer) is list and [type(v) for v in layer] == [str, int] for layer in layers
    ):
        raise SerializationError("a model's facts are not of the form that was agreed")
    return {name: facts[name] for name in kinds} | shapes


def _is_shape(value: Any) -> bool:
    return value is None or (
        type(value) is tuple
        and 1 <= len(value) <= 8
        and all(n is None or (type(n) is int and 0 <= n < 1 << 31) for n in value)
    )


def _compiled(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        config = value.get("config")
        return _Named(value["class_name"], config if isinstance(config, dict) else {})
    return value if isinstance(value, str) else None


def _layer(described: Mapping[str, Any]) -> LayerFacade:
    # Code for Keras asks type(layer).__name__, so the facade's class carries Keras' name.
    kind = type(str(described["class_name"]), (LayerFacade,), {"__doc__": LayerFacade.__doc__})
    layer: LayerFacade = kind(described)
    return layer


def facade(
    described: Mapping[str, Any], parts: Mapping[str, Any], backend: RemoteBackend
) -> ModelFacade:
    """Return a facade whose class carries the name of the model's class, ``Sequential``."""
    kind = type(str(described["class_name"]), (ModelFacade,), {"__doc__": ModelFacade.__doc__})
    model: ModelFacade = kind(described, parts, backend)
    return model
