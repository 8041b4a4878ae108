"""Train each layer with a learning rate of its own, whatever the optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import keras

__all__ = ["PerLayerLearningRate"]


@keras.saving.register_keras_serializable(package="mnist_course")
class PerLayerLearningRate(keras.optimizers.Optimizer):  # type: ignore[misc]
    """An optimizer whose learning rate is multiplied by a factor of each layer.

    Layers with the same factor are trained by one copy of the inner optimizer with
    ``factor * learning_rate``, so that momentum, weight decay, clipping by layer or moving averages
    act as they do there. With factor 1 everywhere the result is that of the inner optimizer to the
    last bit; with factor 0 a layer keeps its weights.

    Parameters
    ----------
    inner_optimizer : keras.optimizers.Optimizer
        Any that has not been used yet; its settings are copied, it is never trained with itself.
        Its learning rate may be a schedule. ``exclude_from_weight_decay`` is called on this
        optimizer instead of the inner one.
    factors : mapping of str to float
        Name of a layer to its factor, at least 0. A layer that holds others gives its factor to
        all of them, unless they have their own. All other layers have factor 1.
    name : str, optional

    Attributes
    ----------
    learning_rate : keras.Variable or tensor
        Before any factor. Setting it, by hand or by a callback, changes all layers.

    Raises
    ------
    ValueError
        If a factor is negative or no number; when the training begins, if no weight belongs to a
        named layer, or if the inner optimizer clips by the norm over all layers, which are no
        longer in one optimizer.

    Examples
    --------
    >>> optimizer = PerLayerLearningRate(keras.optimizers.Adam(1e-3), {"output": 0.1})
    >>> optimizer.factor_of("sequential/output/kernel")
    0.1
    """

    def __init__(
        self,
        inner_optimizer: Any,
        factors: Mapping[str, float],
        name: str | None = None,
    ) -> None:
        if not isinstance(inner_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                "inner_optimizer must be an optimizer of Keras, such as "
                f"keras.optimizers.Adam(0.001), got {inner_optimizer!r}."
            )
        given: Mapping[str, Any] = factors  # by students too
        for layer, factor in given.items():
            if not (isinstance(factor, Real) and 0 <= float(factor) < math.inf):
                raise ValueError(
                    f"The factor of a learning rate must be a number from 0 on, got {factor!r} "
                    f"for layer {layer!r}."
                )
        # Now, because numbers cannot be read later, while a training step is compiled.
        template_config = inner_optimizer.get_config()
        rate = template_config["learning_rate"]
        if isinstance(rate, dict):  # a schedule
            rate = keras.saving.deserialize_keras_object(rate)
        super().__init__(learning_rate=rate, name=name)
        self._template = inner_optimizer
        self._template_config = template_config
        self._factors = {str(layer): float(factor) for layer, factor in factors.items()}
        self._optimizers: dict[float, Any] = {}
        self._weight_decay_exclusions: dict[str, Any] | None = None

    @property
    def factors(self) -> dict[str, float]:
        """The factors that were given, by layer."""
        return dict(self._factors)

    def factor_of(self, path: str) -> float:
        """Return the factor of a weight.

        Parameters
        ----------
        path : str
            ``variable.path``: the names of the layers from the outermost to the innermost, then
            the weight's own.
        """
        for layer in reversed(path.split("/")[:-1]):
            if layer in self._factors:
                return self._factors[layer]
        return 1.0

    def build(self, variables: Sequence[Any]) -> None:
        """Create one optimizer for each factor, with its variables.

        Parameters
        ----------
        variables : sequence of keras.Variable
            All trainable weights of the model.
        """
        if self.built:
            return
        variables = list(variables)
        self._check_names(variables)
        super().build(variables)
        factors = {variable.path: self.factor_of(variable.path) for variable in variables}
        if len(set(factors.values())) > 1 and self._template.global_clipnorm is not None:
            raise ValueError(
                "global_clipnorm takes the norm over all layers, but layers with different "
                "learning rates are in different optimizers. Use clipnorm."
            )
        for factor in dict.fromkeys(factors.values()):
            if factor:  # with 0 there is nothing to do, so not even a slot is kept
                self._optimizers[factor] = self._copy(factor)
                self._optimizers[factor].build([v for v in variables if factors[v.path] == factor])

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Update the weights of every layer by its own optimizer.

        Parameters
        ----------
        grads : sequence of tensor
        trainable_variables : sequence of keras.Variable, optional
            In the order of the gradients; by default those that the optimizer was built with.
        """
        if not self.built:
            if trainable_variables is None:
                raise ValueError(
                    "The optimizer does not know the weights yet. Call "
                    "optimizer.build(model.trainable_variables) first."
                )
            self.build(trainable_variables)
        variables = (
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        pairs = list(zip(grads, variables, strict=True))
        for factor, optimizer in self._optimizers.items():
            own = [(g, v) for g, v in pairs if self.factor_of(v.path) == factor]
            if any(gradient is not None for gradient, _ in own):
                optimizer.apply([g for g, _ in own], [v for _, v in own])
        self._iterations.assign_add(1)

    def scale_loss(self, loss: Any) -> Any:
        """Scale the loss as the inner optimizer does, whose copies undo it."""
        return self._template.scale_loss(loss)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Any] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Keep weight decay away from some weights, as in Keras; before the training begins."""
        if self.built:
            raise ValueError("exclude_from_weight_decay must be called before the training begins.")
        self._weight_decay_exclusions = {"var_list": var_list, "var_names": var_names}

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Let the copies put their moving averages into the weights, where they keep them."""
        for factor, optimizer in self._optimizers.items():
            optimizer.finalize_variable_values(
                [v for v in var_list if self.factor_of(v.path) == factor]
            )

    @property
    def iterations(self) -> Any:
        """Updates of the weights so far."""
        steps = self._template.gradient_accumulation_steps
        return self._iterations // steps if steps else self._iterations

    @property
    def variables(self) -> list[Any]:
        """The variables of this optimizer with those of its copies."""
        inner = [variable for part in self._optimizers.values() for variable in part.variables]
        return [*self._variables, *inner]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs; the learning rate is the present one."""
        rate = super().get_config()["learning_rate"]
        inner = keras.saving.serialize_keras_object(self._template)
        inner["config"]["learning_rate"] = rate
        return {"name": self.name, "inner_optimizer": inner, "factors": self.factors}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Build the optimizer that `get_config` described."""
        config = dict(config)
        inner = keras.saving.deserialize_keras_object(
            config.pop("inner_optimizer"), custom_objects=custom_objects
        )
        return cls(inner, **config)

    def _copy(self, factor: float) -> Any:
        def rate() -> Any:
            return self.learning_rate if factor == 1 else self.learning_rate * factor

        config = {**self._template_config, "name": f"{self.name}_{factor:g}"}
        optimizer = type(self._template).from_config({**config, "learning_rate": rate})
        if self._weight_decay_exclusions is not None:
            optimizer.exclude_from_weight_decay(**self._weight_decay_exclusions)
        return optimizer

    def _check_names(self, variables: Sequence[Any]) -> None:
        known = {layer for variable in variables for layer in variable.path.split("/")[:-1]}
        unknown = [layer for layer in self._factors if layer not in known]
        if unknown:
            raise ValueError(
                f"No trainable weight belongs to a layer named {', '.join(map(repr, unknown))}. "
                f"The layers with weights are named {', '.join(map(repr, sorted(known)))}."
            )
