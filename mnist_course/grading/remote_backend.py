"""Ask the evaluator about a model; in the trusted test runner, which has no Keras."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.backend import LayerActivity
from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import GraderError, NotPortableError, RecordError, SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.kept_answers import KeptAnswers, question_name
from mnist_course.grading.model_facade import ModelFacade, RemoteModelFacade, facade
from mnist_course.grading.serialization import Opaque

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.trial import Trial

__all__ = ["RemoteBackend"]

FloatArray = npt.NDArray[np.float32]


class _Model:
    """A captured model, with the evaluator's number for it once it was sent there."""

    def __init__(self, config: Any, weights: list[Any]) -> None:
        self.config, self.weights = config, weights
        self.number: int | None = None

    @cached_property
    def name(self) -> str:
        return question_name(self.config, self.weights)


class RemoteBackend:
    """The ``Backend`` of ``mnist_course.checks`` that asks the evaluator process.

    Parameters
    ----------
    channel : Channel, or callable that returns one
        To the evaluator; called when it is needed first. Its answers are read as data: they come
        from a sandbox.
    seconds : float
        How long one answer may take.
    remote : callable, optional
        Given a model's facts and why it cannot be rebuilt, returns the model that predicts in the
        student's own process.
    answers : KeptAnswers, optional
        Of an earlier grade of the same values. What is found there is not asked for, so that the
        evaluator may not even start.
    """

    def __init__(
        self,
        channel: Channel | Callable[[], Channel],
        *,
        seconds: float = 120.0,
        remote: Callable[[Any, str], RemoteModelFacade] | None = None,
        answers: KeptAnswers | None = None,
    ) -> None:
        self._connect = None if isinstance(channel, Channel) else channel
        self._connected = channel if isinstance(channel, Channel) else None
        self._seconds = seconds
        self._remote = remote
        self._answers = answers or KeptAnswers(None)
        self._models: list[_Model] = []

    @property
    def _channel(self) -> Channel:
        if self._connected is None:
            assert self._connect is not None
            self._connected = self._connect()
        return self._connected

    def load(self, parts: Mapping[str, Any]) -> ModelFacade | RemoteModelFacade | Opaque:
        """Hand a captured model over and return its facade, or why it cannot be rebuilt."""
        model = _Model(parts["config"], list(parts["weights"]))
        try:
            described = self._once(lambda: ("load", model.name), lambda: self._load(model))
        except (NotPortableError, ValueError) as error:
            if self._remote is not None and isinstance(parts.get("facts"), dict):
                return self._remote(parts["facts"], f"the model cannot be rebuilt: {error}")
            return Opaque("keras.Model", str(error))
        except CannotGrade as error:  # costs the items that look at the model, no other
            return Opaque("keras.Model", f"the model could not be rebuilt: {error}")
        self._models.append(model)
        return facade({**described, "id": len(self._models) - 1}, parts, self)

    def _load(self, model: _Model) -> dict[str, Any]:
        """Have the evaluator rebuild a model; return what it says of it."""
        # Half of the time at most: other items do not need the model.
        described = self._ask(0.5, op="load", config=model.config, weights=model.weights)
        if type(described) is not dict or type(described.get("id")) is not int:
            raise CannotGrade("the evaluator described a model in words that nobody knows")
        model.number = described["id"]
        return described

    def _number(self, model: _Model) -> int:
        """Return the evaluator's number of a model that it may not have seen yet."""
        if model.number is None:
            self._load(model)
        assert model.number is not None
        return model.number

    def predict(self, model: Any, x: FloatArray) -> FloatArray:
        """Return the outputs of a model; see ``Backend.predict``."""
        if isinstance(model, RemoteModelFacade):
            return model.predict(x)
        asked = self._model(model)
        outputs = self._once(
            lambda: ("predict", asked.name, np.asarray(x)),
            lambda: self._ask(op="predict", model=self._number(asked), x=np.asarray(x)),
        )
        return _array(outputs, np.float32, rows=len(x))

    def hidden_activations(self, model: Any, x: FloatArray) -> list[LayerActivity]:
        """Return what each hidden layer gives; see ``Backend.hidden_activations``."""
        asked = self._model(model)
        layers = self._once(
            lambda: ("activations", asked.name, np.asarray(x)),
            lambda: self._ask(op="activations", model=self._number(asked), x=np.asarray(x)),
        )
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
        key = question_name("train", plain, seed, epochs, weights)
        for epoch in range(record.epochs if epochs is None else epochs):
            question: dict[str, Any] = {
                "op": "train",
                "key": key,
                "epoch": epoch,
                "record": plain,
                "seed": seed,
                "x_test": x_test,
                "epochs": epochs,
                "initial_weights": weights,
            }
            predicted = self._once(
                partial(tuple, [key, epoch, x_test]), partial(self._ask, **question)
            )
            if predicted is None:
                return
            yield _array(predicted, np.int64, rows=len(x_test))

    def run_trial(self, configuration: Configuration, *, seed: int) -> Trial:
        """Train the network of a configuration; see ``Backend.run_trial``."""
        from mnist_course.experiments.trials.trial import Trial

        try:
            asked = configuration.to_dict()
            plain = self._once(
                lambda: ("run_trial", asked, seed),
                lambda: self._ask(op="run_trial", configuration=asked, seed=seed),
            )
            return Trial.from_dict(plain)
        except (RecordError, ValueError) as error:
            raise CannotGrade(f"a trial could not be run again: {error}") from error

    def _model(self, model: Any) -> _Model:
        if isinstance(model, RemoteModelFacade):
            raise CannotGrade(f"only predictions are known of this model: {model.reason}")
        if not isinstance(model, ModelFacade):
            raise GraderError(f"a model that the evaluator does not know: {type(model).__name__}")
        return self._models[model.remote_id]

    def _once(self, question: Callable[[], tuple[object, ...]], ask: Callable[[], Any]) -> Any:
        """Return what was answered before; ask where nothing was, or where nothing is kept."""
        if not self._answers.kept:  # and spare the time that naming a large array takes
            return ask()
        name = question_name(*question())
        try:
            return self._answers.find(name)
        except KeyError:
            answer = ask()
            self._answers.keep(name, answer)
            return answer

    def _ask(self, share: float = 1.0, **question: Any) -> Any:
        number, seconds = secrets.randbits(60), share * self._seconds
        try:
            self._channel.send({**question, "number": number}, seconds=seconds)
            answer: Any = None
            while type(answer) is not dict or answer.get("number") != number:
                answer = self._channel.receive(seconds=seconds)
        except TimeoutError as error:
            raise CannotGrade(
                f"the evaluator did not answer {question['op']!r} within {seconds:.0f} s"
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


def _array(value: Any, dtype: Any, *, rows: int) -> npt.NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != dtype or value.shape[:1] != (rows,):
        raise CannotGrade("the evaluator answered with something that is not the array asked for")
    return value
