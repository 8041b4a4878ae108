"""Ask the evaluator about a model; in the trusted test runner, which has no Keras."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.backend import LayerActivity
from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import GraderError, NotPortableError, SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.model_facade import ModelFacade, facade
from mnist_course.grading.serialization import Opaque

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnist_course.experiments.fit_record import FitRecord

__all__ = ["RemoteBackend"]

FloatArray = npt.NDArray[np.float32]


class RemoteBackend:
    """The ``Backend`` of ``mnist_course.checks`` that asks the evaluator process.

    Parameters
    ----------
    channel : Channel
        To the evaluator. Its answers are read as data: they come from a sandbox.
    seconds : float
        How long one answer may take.
    """

    def __init__(self, channel: Channel, *, seconds: float = 120.0) -> None:
        self._channel = channel
        self._seconds = seconds

    def load(self, parts: Mapping[str, Any]) -> ModelFacade | Opaque:
        """Hand a captured model over and return its facade, or why it cannot be rebuilt."""
        try:
            described = self._ask(op="load", config=parts["config"], weights=parts["weights"])
        except (NotPortableError, ValueError) as error:
            return Opaque("keras.Model", str(error))
        except CannotGrade as error:  # costs the items that look at the model, no other
            return Opaque("keras.Model", f"the model could not be rebuilt: {error}")
        return facade(described, parts, self)

    def predict(self, model: Any, x: FloatArray) -> FloatArray:
        """Return the outputs of a model; see ``Backend.predict``."""
        outputs = self._ask(op="predict", model=_remote(model), x=np.asarray(x))
        return _array(outputs, np.float32, rows=len(x))

    def hidden_activations(self, model: Any, x: FloatArray) -> list[LayerActivity]:
        """Return what each hidden layer gives; see ``Backend.hidden_activations``."""
        layers = self._ask(op="activations", model=_remote(model), x=np.asarray(x))
        return [
            LayerActivity(
                str(layer["name"]),
                str(layer["class_name"]),
                str(layer["activation"]),
                _array(layer["values"], np.float32, rows=len(x)),
            )
            for layer in layers
        ]

    def train_again(
        self,
        record: FitRecord,
        *,
        seed: int,
        x_test: npt.NDArray[np.uint8],
        epochs: int | None = None,
        initial_weights: Sequence[npt.NDArray[Any]] | None = None,
    ) -> Iterator[npt.NDArray[np.int64]]:
        """Train a recorded configuration afresh; see ``Backend.train_again``."""
        plain = record.to_dict(initial_weights=False)
        weights = None if initial_weights is None else list(initial_weights)
        key = _key(plain, seed, epochs, weights)
        for epoch in range(record.epochs if epochs is None else epochs):
            predicted = self._ask(
                op="train",
                key=key,
                epoch=epoch,
                record=plain,
                seed=seed,
                x_test=x_test,
                epochs=epochs,
                initial_weights=weights,
            )
            if predicted is None:
                return
            yield _array(predicted, np.int64, rows=len(x_test))

    def _ask(self, **question: Any) -> Any:
        number = secrets.randbits(60)
        try:
            self._channel.send({**question, "number": number}, seconds=self._seconds)
            answer: Any = None
            while type(answer) is not dict or answer.get("number") != number:
                answer = self._channel.receive(seconds=self._seconds)
        except TimeoutError as error:
            raise CannotGrade(
                f"the evaluator did not answer {question['op']!r} within {self._seconds:.0f} s"
            ) from error
        except (OSError, EOFError, SerializationError) as error:
            raise CannotGrade(f"the evaluator is gone ({question['op']}: {error})") from error
        if "ok" in answer:
            return answer["ok"]
        kind, message = str(answer.get("error")), str(answer.get("message"))
        if kind == "NotPortableError":
            raise NotPortableError(message)
        if kind == "ValueError":
            raise ValueError(message)
        raise CannotGrade(f"the evaluator failed: {kind}: {message}")


def _remote(model: Any) -> int:
    if not isinstance(model, ModelFacade):
        raise GraderError(f"a model that the evaluator does not know: {type(model).__name__}")
    return model.remote_id


def _array(value: Any, dtype: Any, *, rows: int) -> npt.NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != dtype or value.shape[:1] != (rows,):
        raise CannotGrade("the evaluator answered with something that is not the array asked for")
    return value


def _key(plain: dict[str, Any], seed: int, epochs: int | None, weights: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([plain, seed, epochs], sort_keys=True, default=str).encode())
    for array in weights or ():
        digest.update(array.tobytes())
    return digest.hexdigest()
