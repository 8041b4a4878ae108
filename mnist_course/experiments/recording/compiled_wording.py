"""Write optimizer, loss with learning rate of a fit in the words of the course."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["learning_rate_in", "loss_in", "optimizer_in", "rounded"]

# Keras' defaults, left out of the wording of an optimizer.
_OPTIMIZER_DEFAULTS: Mapping[str, object] = {
    "amsgrad": False,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "centered": False,
    "clipnorm": None,
    "clipvalue": None,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "epsilon": 1e-07,
    "global_clipnorm": None,
    "gradient_accumulation_steps": None,
    "loss_scale_factor": None,
    "momentum": 0.0,
    "nesterov": False,
    "rho": 0.9,
    "use_ema": False,
    "weight_decay": None,
}
_LOSS_DEFAULTS: Mapping[str, object] = {
    "axis": -1,
    "dtype": "float32",
    "from_logits": False,
    "ignore_class": None,
    "label_smoothing": 0.0,
    "reduction": "sum_over_batch_size",
}


_LOSS_NAMES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "kld": "kl_divergence",
    "kldivergence": "kl_divergence",
}


def learning_rate_in(compiled: Mapping[str, Any]) -> float | str | None:
    """Return a number, a schedule in words, or None when unknown.

    Rates by layer are written as ``0.001 (first x 0.1)``.
    """
    config = _config(compiled.get("optimizer"))
    rate = _rate(_config(config.get("inner_optimizer")) or config)
    factors = config.get("factors")
    by_layer = [
        f"{layer} x {rounded(factor)}"
        for layer, factor in (factors.items() if isinstance(factors, Mapping) else ())
        if factor != 1
    ]
    return f"{rounded(rate)} ({', '.join(by_layer)})" if by_layer else rate


def _rate(config: Mapping[str, Any]) -> float | str | None:
    rate = config.get("learning_rate")
    if isinstance(rate, bool):
        return None
    if isinstance(rate, int | float):
        return float(rate)
    if isinstance(rate, Mapping):
        return _call(rate, {"staircase": False})
    return None


def optimizer_in(compiled: Mapping[str, Any]) -> str | None:
    """Return ``Adam``, ``SGD(momentum=0.9)``: the class with what is not Keras' default.

    An optimizer that holds another one, to scale its learning rate or the loss, is that one.
    """
    part = compiled.get("optimizer")
    if not isinstance(part, Mapping):
        return None
    inner = _config(part).get("inner_optimizer")
    if isinstance(inner, Mapping):
        part = inner
    config = {
        name: value
        for name, value in _config(part).items()
        if name not in {"learning_rate", "jit_compile"}
    }
    return _call({"class_name": part.get("class_name"), "config": config}, _OPTIMIZER_DEFAULTS)


def loss_in(compiled: Mapping[str, Any]) -> str | None:
    """Return the loss under one name, whether its string, function or class was given."""
    part = compiled.get("loss")
    if isinstance(part, str):
        return _loss_name(part)
    if not isinstance(part, Mapping):
        return None
    name = _loss_name(str(part.get("class_name")))
    return _call({"class_name": name, "config": _config(part)}, _LOSS_DEFAULTS)


def rounded(value: object) -> object:
    """Return a float with the six digits that people read; anything else as it is."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _config(part: object) -> Mapping[str, Any]:
    config = part.get("config") if isinstance(part, Mapping) else None
    return config if isinstance(config, Mapping) else {}


def _loss_name(name: str) -> str:
    return _LOSS_NAMES.get(name.lower(), _snake(name))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _call(part: Mapping[str, Any], defaults: Mapping[str, object]) -> str:
    arguments = [
        f"{name}={rounded(value)}"
        for name, value in sorted(_config(part).items())
        if name != "name" and not _is_default(name, value, defaults)
    ]
    name = str(part.get("class_name"))
    return f"{name}({', '.join(arguments)})" if arguments else name


def _is_default(name: str, value: object, defaults: Mapping[str, object]) -> bool:
    if name not in defaults:
        return value is None
    default = defaults[name]
    if isinstance(value, float) and isinstance(default, float):
        return math.isclose(value, default, rel_tol=1e-6)
    return value == default
