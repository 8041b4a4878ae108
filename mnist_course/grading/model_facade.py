"""A model in the test runner: Keras' names over plain data, whose work happens elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mnist_course.grading.remote_backend import RemoteBackend

__all__ = ["LayerFacade", "ModelFacade", "facade"]


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
