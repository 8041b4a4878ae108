"""What a fit is once it is over: frozen values that any process can read.

Nothing here needs Keras: records are made beside the student's model, then read by the trusted
grader, which has NumPy only. `from_dict` believes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording.data_record import DataPrint
from mnist_course.experiments.recording.strict_dict import Fields
from mnist_course.experiments.recording.weights import (
    INITIAL_WEIGHTS_BYTES,
    initial_weights_from,
    weights_digest,
)

__all__ = [
    "INITIAL_WEIGHTS_BYTES",
    "DataPrint",
    "EvaluationRecord",
    "FitRecord",
    "LayerRecord",
    "weights_digest",
]

_DIGEST = "[0-9a-f]{32}"
_LONGEST_ARCHITECTURE = 1_000_000
_LONGEST_WHY = 10_000
_MOST_LAYERS = 1_000
_MOST_EPOCHS = 10_000


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer of a model that was fitted, nested models taken apart.

    Parameters
    ----------
    class_name, name : str
        Keras' class, ``Dense``, with the layer's own name.
    units : int or None
        Units of a dense or recurrent layer, filters of a convolution.
    activation : str or None
        Keras' name, ``relu``; ``linear`` for a dense layer without one; None where the layer
        has no such thing.
    parameters : int
        Weights of this layer, frozen ones included.
    rate : float or None
        Of a dropout layer.
    regularized : bool
        True when weights or outputs of the layer are penalised.
    regularizer : str
        In words, ``L2(l2=0.001)``; empty without one.
    initializer : str
        Class that drew the kernel, ``GlorotUniform``; empty without a kernel.
    scale, offset : float or None
        Of a ``Rescaling`` layer with one number for all pixels.
    """

    class_name: str
    name: str
    units: int | None
    activation: str | None
    parameters: int
    rate: float | None
    regularized: bool
    regularizer: str = ""
    initializer: str = ""
    scale: float | None = None
    offset: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, value: object) -> LayerRecord:
        """Read what `to_dict` wrote.

        Raises
        ------
        RecordError
            If anything in it has another form.
        """
        fields = Fields(value, "a layer record", cls.__slots__)
        return cls(
            class_name=fields.text("class_name"),
            name=fields.text("name"),
            units=fields.optional_whole("units"),
            activation=fields.optional_text("activation"),
            parameters=fields.whole("parameters"),
            rate=fields.optional_number("rate"),
            regularized=fields.flag("regularized"),
            regularizer=fields.text("regularizer"),
            initializer=fields.text("initializer"),
            scale=fields.optional_number("scale"),
            offset=fields.optional_number("offset"),
        )


@dataclass(frozen=True, slots=True)
class FitRecord:
    """One call of ``model.fit`` with what went in and what came out.

    Parameters
    ----------
    number : int
        1, 2, 3 ... in the order of the fits of one log.
    model_name : str
        ``model.name``.
    architecture : str
        ``model.to_json()``, empty when Keras could not write it. Untrusted text for the grader.
    compiled : dict
        ``{"optimizer": {"class_name", "config"}, "loss": str or {"class_name", "config"},
        "metrics": [str]}`` of plain values, as they were when the fit began.
    parameters : int
        ``model.count_params()``.
    layers : tuple of LayerRecord
        In the model's order, without input layers.
    epochs : int
        Epochs that this fit finished.
    batch_size : int
        0 when the input came in batches of its own (a dataset, a generator).
    steps : int
        Updates of the weights that this fit made.
    validation_split : float
        As given, 0 when ``validation_data`` was given.
    shuffle : bool
        As given.
    callbacks : tuple of str
        Class names of the callbacks that were given.
    history : dict of str to tuple of float
        ``History.history``. NaN and infinity may stand here.
    accuracy : float or None
        0..1, of the final weights on the validation data, else on the log's test data.
    seconds : float
        Wall time of the fit.
    data, validation : DataPrint or None
        The rows that were trained on, the rows that were validated on; None when unknown.
    shared_rows : int
        Validation rows that are training rows too.
    continued_from : int or None
        Number of the fit whose final weights were this fit's initial weights.
    weights_before, weights_after : str
        `weights_digest` of the model; ``weights_before`` is empty when unknown.
    initial_weights : tuple of numpy.ndarray or None
        Kept while a log's total is within `INITIAL_WEIGHTS_BYTES`. Not part of equality.
    why : str
        The student's reason.
    epochs_planned : int
        Epochs that were asked for, 0 when unknown.
    stopped_by : str
        Name of the exception that ended the fit (``KeyboardInterrupt``), else empty.
    arguments : dict of str to str
        Other arguments of ``fit`` that were given (``class_weight``, ``sample_weight`` ...), in
        a few characters each.
    """

    number: int
    model_name: str
    architecture: str = field(repr=False)
    compiled: dict[str, Any]
    parameters: int
    layers: tuple[LayerRecord, ...]
    epochs: int
    batch_size: int
    steps: int
    validation_split: float
    shuffle: bool
    callbacks: tuple[str, ...]
    history: dict[str, tuple[float, ...]]
    accuracy: float | None
    seconds: float
    data: DataPrint | None
    validation: DataPrint | None
    shared_rows: int
    continued_from: int | None
    weights_before: str
    weights_after: str
    initial_weights: tuple[np.ndarray, ...] | None = field(default=None, repr=False, compare=False)
    why: str = ""
    epochs_planned: int = 0
    stopped_by: str = ""
    arguments: dict[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.number, self.weights_before, self.weights_after))

    def to_dict(self, *, initial_weights: bool = True) -> dict[str, Any]:
        """Return the fields as plain values.

        Parameters
        ----------
        initial_weights : bool
            False leaves the arrays out, so that the result can be written as JSON.
        """
        plain = {name: getattr(self, name) for name in self.__slots__}
        plain["layers"] = [layer.to_dict() for layer in self.layers]
        plain["callbacks"] = list(self.callbacks)
        plain["history"] = {name: list(values) for name, values in self.history.items()}
        plain["data"] = None if self.data is None else self.data.to_dict()
        plain["validation"] = None if self.validation is None else self.validation.to_dict()
        plain["initial_weights"] = (
            None
            if self.initial_weights is None or not initial_weights
            else list(self.initial_weights)
        )
        return plain

    @classmethod
    def from_dict(cls, value: object) -> FitRecord:
        """Read what `to_dict` wrote, in this process or in another.

        Raises
        ------
        RecordError
            If anything in it has another form.
        """
        fields = Fields(value, "a fit record", cls.__slots__)
        number = fields.whole("number", low=1, high=1_000_000)
        weights = fields.optional("initial_weights", initial_weights_from)
        arguments = fields.tree("arguments")
        if not all(type(text) is str for text in arguments.values()):
            raise RecordError("a fit record: 'arguments' must be texts")
        return cls(
            number=number,
            model_name=fields.text("model_name"),
            architecture=fields.text("architecture", longest=_LONGEST_ARCHITECTURE),
            compiled=fields.tree("compiled"),
            parameters=fields.whole("parameters"),
            layers=fields.items("layers", LayerRecord.from_dict, longest=_MOST_LAYERS),
            epochs=fields.whole("epochs", high=_MOST_EPOCHS),
            batch_size=fields.whole("batch_size"),
            steps=fields.whole("steps"),
            validation_split=fields.number("validation_split", low=0, high=1),
            shuffle=fields.flag("shuffle"),
            callbacks=fields.words("callbacks", longest=100),
            history=fields.series("history", most=200, longest=_MOST_EPOCHS),
            accuracy=fields.optional_number("accuracy", low=0, high=1),
            seconds=fields.number("seconds", low=0),
            data=fields.optional("data", DataPrint.from_dict),
            validation=fields.optional("validation", DataPrint.from_dict),
            shared_rows=fields.whole("shared_rows"),
            continued_from=fields.optional_whole("continued_from", low=1, high=number - 1),
            weights_before=fields.text("weights_before", pattern=f"|{_DIGEST}"),
            weights_after=fields.text("weights_after", pattern=_DIGEST),
            initial_weights=weights,
            why=fields.text("why", longest=_LONGEST_WHY),
            epochs_planned=fields.whole("epochs_planned"),
            stopped_by=fields.text("stopped_by"),
            arguments=arguments,
        )


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One call of ``model.evaluate`` outside a fit.

    Parameters
    ----------
    number_of_fit : int or None
        The fit whose final weights were evaluated, None when there is none.
    weights : str
        `weights_digest` of the model.
    data : DataPrint or None
        The rows that were evaluated, None when unknown.
    accuracy : float or None
        0..1, None when the model was compiled without an accuracy.
    """

    number_of_fit: int | None
    weights: str
    data: DataPrint | None
    accuracy: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {
            "number_of_fit": self.number_of_fit,
            "weights": self.weights,
            "data": None if self.data is None else self.data.to_dict(),
            "accuracy": self.accuracy,
        }

    @classmethod
    def from_dict(cls, value: object) -> EvaluationRecord:
        """Read what `to_dict` wrote.

        Raises
        ------
        RecordError
            If anything in it has another form.
        """
        fields = Fields(value, "an evaluation record", cls.__slots__)
        return cls(
            number_of_fit=fields.optional_whole("number_of_fit", low=1, high=1_000_000),
            weights=fields.text("weights", pattern=_DIGEST),
            data=fields.optional("data", DataPrint.from_dict),
            accuracy=fields.optional_number("accuracy", low=0, high=1),
        )
