"""What a model was compiled with, as data, read from an untrusted record without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.argument_checks import integer, number, one_of, truth
from mnist_course.grading.fused_adam import fused_adam

__all__ = ["CompileSpec", "Named", "make_loss", "make_optimizer", "parse_compile"]

_rate = number(0, 1e6)
_share = number(0, 1)
_steps = integer(1, 10**9)
_schedules: dict[str, dict[str, Any]] = {
    "ExponentialDecay": {
        "initial_learning_rate": _rate, "decay_steps": _steps, "decay_rate": _rate,
        "staircase": truth,
    },
    "InverseTimeDecay": {
        "initial_learning_rate": _rate, "decay_steps": _steps, "decay_rate": _rate,
        "staircase": truth,
    },
    "PolynomialDecay": {
        "initial_learning_rate": _rate, "decay_steps": _steps, "end_learning_rate": _rate,
        "power": _rate, "cycle": truth,
    },
    "CosineDecay": {
        "initial_learning_rate": _rate, "decay_steps": _steps, "alpha": _share,
        "warmup_target": _rate, "warmup_steps": integer(0, 10**9),
    },
}  # fmt: skip
_common: dict[str, Any] = {
    "weight_decay": _rate, "clipnorm": _rate, "global_clipnorm": _rate, "clipvalue": _rate,
    "use_ema": truth, "ema_momentum": _share, "ema_overwrite_frequency": integer(1, 10**6),
    "gradient_accumulation_steps": integer(1, 1000),
}  # fmt: skip
_adam = {"beta_1": _share, "beta_2": _share, "epsilon": _share}
_optimizers: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": _share, "nesterov": truth},
    "Adam": {**_adam, "amsgrad": truth},
    "AdamW": {**_adam, "amsgrad": truth},
    "Adamax": _adam,
    "Nadam": _adam,
    "RMSprop": {"rho": _share, "momentum": _share, "epsilon": _share, "centered": truth},
    "Adagrad": {"initial_accumulator_value": _rate, "epsilon": _share},
    "Adadelta": {"rho": _share, "epsilon": _share},
    "Lion": {"beta_1": _share, "beta_2": _share},
    "Ftrl": {
        "learning_rate_power": number(-10, 0), "initial_accumulator_value": _rate,
        "l1_regularization_strength": _rate, "l2_regularization_strength": _rate,
        "l2_shrinkage_regularization_strength": _rate, "beta": _rate,
    },
}  # fmt: skip
_logits = {"from_logits": truth}
_losses: dict[str, dict[str, Any]] = {
    "SparseCategoricalCrossentropy": {**_logits, "ignore_class": one_of(None)},
    "CategoricalCrossentropy": {**_logits, "label_smoothing": _share, "axis": one_of(-1)},
    "BinaryCrossentropy": {**_logits, "label_smoothing": _share, "axis": one_of(-1)},
    "CategoricalFocalCrossentropy": {
        **_logits, "label_smoothing": _share, "alpha": _rate, "gamma": _rate, "axis": one_of(-1),
    },
    "KLDivergence": {},
    "MeanSquaredError": {},
    "MeanAbsoluteError": {},
    "Poisson": {},
    "CategoricalHinge": {},
    "SquaredHinge": {},
    "Hinge": {},
    "Huber": {"delta": _rate},
    "LogCosh": {},
    "CosineSimilarity": {"axis": one_of(-1)},
}  # fmt: skip
_loss_names = {
    "mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "kld": "KLDivergence",
    "kl_divergence": "KLDivergence", "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError", "log_cosh": "LogCosh",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A class of Keras' own with checked arguments."""

    class_name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CompileSpec:
    """Optimizer with loss, both as data."""

    optimizer: Named
    loss: Named


def _read(value: Any, table: Mapping[str, Mapping[str, Any]], what: str) -> Named:
    if type(value) is not dict or type(value.get("class_name")) is not str:
        raise NotPortableError(f"the {what} was not recorded as one of Keras' own")
    name, config = value["class_name"], value.get("config") or {}
    if name not in table or type(config) is not dict:
        raise NotPortableError(f"the {what} {name[:60]} is not one that can be rebuilt")
    arguments = {}
    for key, item in config.items():
        if item is None or key in (
            "name",
            "dtype",
            "reduction",
            "loss_scale_factor",
            "jit_compile",
        ):
            continue
        check = table[name].get(key)
        if check is None:
            raise NotPortableError(f"the {what} {name} with the unusual option {str(key)[:40]!r}")
        try:
            arguments[key] = check(item)
        except ValueError as error:
            raise NotPortableError(f"the {what} {name}, {key}: {error}") from error
    return Named(name, arguments)


def _learning_rate(value: Any) -> Any:
    if type(value) is dict:
        try:
            return _read(value, _schedules, "learning-rate schedule")
        except NotPortableError as error:
            raise ValueError(str(error)) from error
    return _rate(value)


def parse_compile(compiled: Any) -> CompileSpec:
    """Read the ``compiled`` part of a recorded fit.

    Parameters
    ----------
    compiled : dict
        ``{"optimizer": {"class_name", "config"}, "loss": str or {"class_name", "config"}}``.

    Returns
    -------
    CompileSpec

    Raises
    ------
    NotPortableError
        If it names anything but Keras' own optimizers and losses with plain numbers.
    """
    if type(compiled) is not dict:
        raise NotPortableError("what the model was compiled with was not recorded")
    table = {
        n: {**_common, **args, "learning_rate": _learning_rate} for n, args in _optimizers.items()
    }
    loss = compiled.get("loss")
    if type(loss) is str:
        by_words = {n.lower(): n for n in _losses}
        name = _loss_names.get(loss, by_words.get(loss.replace("_", "").lower(), loss))
        loss = {"class_name": name, "config": {}}
    return CompileSpec(
        _read(compiled.get("optimizer"), table, "optimizer"), _read(loss, _losses, "loss")
    )


def make_optimizer(spec: Named, *, fused: bool = False) -> Any:
    """Return a fresh ``keras.optimizers.Optimizer``; its weights start at zero.

    Parameters
    ----------
    spec : Named
    fused : bool
        Whether Adam may be one whose numbers differ in the last digits, see ``fused_adam.py``.
    """
    import keras

    arguments = dict(spec.arguments)
    rate = arguments.get("learning_rate")
    if isinstance(rate, Named):
        schedule = getattr(keras.optimizers.schedules, rate.class_name)
        arguments["learning_rate"] = schedule(**rate.arguments)
    if fused and spec.class_name == "Adam" and not arguments.get("amsgrad"):
        return fused_adam()(**arguments)
    return getattr(keras.optimizers, spec.class_name)(**arguments)


def make_loss(spec: Named) -> Any:
    """Return a ``keras.losses.Loss``."""
    import keras

    return getattr(keras.losses, spec.class_name)(**spec.arguments)
