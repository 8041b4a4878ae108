"""The diagnosis table: what was measured, what it means, what a healthy network shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from mnist_course.diagnosis.activity import is_built
from mnist_course.diagnosis.fresh import build_network
from mnist_course.diagnosis.fresh_training import FreshTraining
from mnist_course.diagnosis.measure import gradient_norms, initial_loss, unit_activity
from mnist_course.diagnosis.network import Network, network_of
from mnist_course.diagnosis.probe import SICK_SHARE
from mnist_course.diagnosis.short_runs import (
    RATES,
    learning_rate_sweep,
    overfit_small,
    update_size,
)
from mnist_course.diagnosis.static import BOTTLENECK

__all__ = ["COLUMNS", "diagnosis_table"]

COLUMNS = ("measurement", "this network", "healthy", "verdict", "meaning")

# A 784-64-10 relu network with Adam(0.001) stays inside all of these: see its test.
_INITIAL = (2.0, 2.8)
_GRADIENT_SHARE = 0.1
_UPDATE = (1e-3, 0.3)
_SHORT_RUN_LOSS = 0.6


@dataclass(frozen=True, slots=True)
class _Row:
    measurement: str
    value: str
    healthy: str
    fine: bool
    meaning: str


def diagnosis_table(
    model: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    rates: Sequence[float] = RATES,
    steps: int = 200,
    seed: int = 0,
) -> Any:
    """Measure one network from several sides.

    Loss before training, narrowest layer, gradient of each layer, first update, state of the
    hidden units, 50 images by heart, learning rates. A few seconds for a small dense network;
    nothing that is passed is changed.

    Parameters
    ----------
    model : keras.Model or callable
        A compiled classifier, or a function that builds and compiles one. Gradients and units are
        measured with the model's own weights; all else with fresh ones.
    x : array of shape (n, 28, 28) or (n, 784)
        Training images as the model takes them; a few thousand are drawn.
    y : array of shape (n,) or (n, 10)
        Their labels, in the form that the loss expects.
    rates : sequence of float
        Learning rates of the sweep.
    steps : int
        Updates of each run of the sweep.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Columns ``measurement``, ``this network``, ``healthy``, ``verdict`` ("ok", "look here"),
        ``meaning``; all text. The functions behind it return the numbers.
    """
    import pandas as pd

    own = model if hasattr(model, "layers") else build_network(model, seed=seed)
    network = network_of(own)
    rows = [_initial(initial_loss(model, x, y, seed=seed)), *_narrowest(network)]
    if is_built(own):
        rows += _gradients(gradient_norms(own, x, y, seed=seed))
    fresh = FreshTraining(model, seed=seed)
    rows.append(_update(update_size(fresh, x, y, seed=seed), network.learning_rate))
    if is_built(own):
        rows += _units(unit_activity(own, x))
    rows.append(_by_heart(overfit_small(fresh, x, y, seed=seed)))
    own_rate = [] if network.learning_rate is None else [network.learning_rate]
    sweep = learning_rate_sweep(fresh, x, y, [*rates, *own_rate], steps=steps, seed=seed)
    rows += _rates(sweep, network.learning_rate, steps)
    cells = [
        (row.measurement, row.value, row.healthy, "ok" if row.fine else "look here", row.meaning)
        for row in rows
    ]
    return pd.DataFrame(cells, columns=list(COLUMNS))


def _initial(loss: float) -> _Row:
    low, high = _INITIAL
    return _Row(
        "loss before training",
        f"{loss:.3f}",
        f"near ln 10 = {math.log(10):.3f} ({low:g} to {high:g})",
        low <= loss <= high,
        "A network that knows nothing gives each digit a probability of about 1/10.",
    )


def _narrowest(network: Network) -> list[_Row]:
    widths = [layer.units for layer in network.hidden if layer.class_name == "Dense"]
    smallest = min((width for width in widths if width is not None), default=None)
    if smallest is None:
        return []
    return [
        _Row(
            "narrowest hidden layer",
            f"{smallest} units",
            f"more than {BOTTLENECK} units",
            smallest > BOTTLENECK,
            "All that the network knows about an image must pass through these few numbers.",
        )
    ]


def _gradients(norms: Any) -> list[_Row]:
    last = float(norms["per weight"].iloc[-1])
    return [
        _Row(
            f"gradient per weight, layer {row['layer']}",
            f"{row['per weight']:.2g}"
            + (f" ({row['per weight'] / last:.3f} of the last layer's)" if last else ""),
            f"at least {_GRADIENT_SHARE:g} of the last layer's",
            last > 0 and bool(row["per weight"] >= _GRADIENT_SHARE * last),
            "The loss pulls at each weight through all later layers; sigmoid weakens that pull "
            "to at most a quarter at each layer.",
        )
        for _, row in norms.iterrows()
    ]


def _update(size: float, rate: float | None) -> _Row:
    low, high = _UPDATE
    with_rate = "" if rate is None else f" (learning rate {rate:g})"
    return _Row(
        "first update moves the weights by",
        f"{size:.3%}{with_rate}",
        f"{low:.1%} to {high:.0%} of their size",
        low <= size <= high,
        "Far smaller steps get nowhere in a few epochs; far larger ones overshoot.",
    )


def _units(activity: Any) -> list[_Row]:
    rows = []
    for _, row in activity.iterrows():
        sick = max(row["dead"], row["saturated"])
        kind = "saturated" if row["saturated"] > row["dead"] else "dead"
        rows.append(
            _Row(
                f"dead or saturated units, layer {row['layer']}",
                f"{sick:.0%} of {row['units']} {row['activation']} units"
                + (f" ({kind})" if sick else ""),
                f"less than {SICK_SHARE:.0%}",
                bool(sick < SICK_SHARE),
                "Where the activation function is flat, no gradient gets back to the weights.",
            )
        )
    return rows


def _by_heart(test: Any) -> _Row:
    return _Row(
        f"{test.images} images learned by heart",
        f"{test.accuracy:.0%} right after {test.updates} updates, loss {test.loss:.3f}",
        "100% right",
        test.memorised,
        "A network that cannot even learn a handful of images will not learn 60,000.",
    )


def _rates(sweep: Any, own: float | None, steps: int) -> list[_Row]:
    losses = sweep["loss after"].fillna(math.inf)
    best = int(losses.argmin())
    best_rate, best_loss = float(sweep["learning rate"].iloc[best]), float(losses.iloc[best])
    rows = []
    if own is not None:
        index = int((sweep["learning rate"] - own).abs().argmin())
        word = str(sweep["verdict"].iloc[index])
        rows.append(
            _Row(
                f"loss after {steps} updates, own learning rate {own:g}",
                f"{losses.iloc[index]:.3f} ({word})",
                "near that of the best learning rate",
                word == "good" or _within_tenfold(own, best_rate),
                "Every run starts from the same weights and sees the same images.",
            )
        )
    rows.append(
        _Row(
            f"loss after {steps} updates, best learning rate {best_rate:g}",
            f"{best_loss:.3f}",
            f"under {_SHORT_RUN_LOSS:g}",
            best_loss < _SHORT_RUN_LOSS,
            "What is still missing at the best learning rate is the fault of something else: "
            "activation, width or depth.",
        )
    )
    return rows


def _within_tenfold(own: float, best: float) -> bool:
    # A short run favours rates above the one that is best for a whole training.
    return abs(math.log10(own / best)) <= 1 + 1e-6
