"""Name the knobs of a fit in the course's words.

Two fits are compared knob by knob, so that "one change at a time" can be checked. A knob whose
value is unknown (None) in one of them never counts as changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mnist_course.experiments.recording.compiled_wording import (
    learning_rate_in,
    loss_in,
    optimizer_in,
    rounded,
)
from mnist_course.experiments.recording.fit_record import FitRecord, LayerRecord

__all__ = ["KNOBS", "changed_knobs", "hidden_dense", "settings", "wording"]

KNOBS = (
    "learning rate",
    "optimizer",
    "loss",
    "hidden layers",
    "units",
    "activation",
    "output units",
    "output activation",
    "dropout",
    "normalisation",
    "regularisation",
    "initializer",
    "other layers",
    "epochs",
    "batch size",
    "input scaling",
    "training images",
    "shuffle",
    "callbacks",
    "other arguments",
)
"""The names that `settings` gives, in its order."""

# Values of one kind for each hidden layer: with one layer more, they are longer for that reason
# alone, so there only a new value counts.
_PER_LAYER = frozenset({"units", "activation", "dropout", "normalisation", "regularisation"})

# Setting a tenth or a quarter of the images aside for validation is good practice, not a knob.
_SAME_SIZE = 0.75

_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
_NORMALISATIONS = frozenset(
    {
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "UnitNormalization",
        "SpectralNormalization",
        "RMSNormalization",
    }
)
_DROPOUTS = frozenset(
    {
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    }
)
_SCALING_LAYERS = frozenset({"Normalization", "Rescaling"})
_SHAPE_ONLY = frozenset({"Flatten", "Identity", "InputLayer", "Permute", "Reshape"})
# Callbacks that act on the training; the others only watch.
_ACTING_CALLBACKS = frozenset(
    {"EarlyStopping", "LearningRateScheduler", "ReduceLROnPlateau", "SwapEMAWeights"}
)


def settings(record: FitRecord, *, earlier: Sequence[FitRecord] = ()) -> dict[str, object]:
    """Name what was chosen for a fit.

    Parameters
    ----------
    record : FitRecord
    earlier : sequence of FitRecord
        The fits that this one continued, whose epochs it adds to.

    Returns
    -------
    dict of str to object
        One value for each of `KNOBS`: a number, a text, or a tuple of them; None where it is
        unknown. ``units`` with ``activation`` have one value for each hidden dense layer.
    """
    hidden, activations, output, output_activation = _dense_layers(record.layers)
    classes = [layer.class_name for layer in record.layers]
    return {
        "learning rate": learning_rate_in(record.compiled),
        "optimizer": optimizer_in(record.compiled),
        "loss": loss_in(record.compiled),
        "hidden layers": len(hidden),
        "units": tuple(layer.units for layer in hidden),
        "activation": activations,
        "output units": None if output is None else output.units,
        "output activation": output_activation,
        "dropout": tuple(
            rounded(layer.rate)
            for layer in record.layers
            if layer.class_name in _DROPOUTS and layer.rate
        ),
        "normalisation": tuple(name for name in classes if name in _NORMALISATIONS),
        "regularisation": tuple(
            layer.regularizer or "regularized" for layer in record.layers if layer.regularized
        ),
        "initializer": tuple(
            sorted({layer.initializer for layer in record.layers if layer.initializer})
        ),
        "other layers": tuple(_wording(layer) for layer in record.layers if _is_other(layer)),
        "epochs": _epochs(record) + sum(fit.epochs for fit in earlier),
        "batch size": record.batch_size or None,
        "input scaling": _input_scaling(record),
        "training images": None if record.data is None else record.data.rows,
        "shuffle": record.shuffle,
        "callbacks": tuple(
            sorted(name for name in set(record.callbacks) if name in _ACTING_CALLBACKS)
        ),
        "other arguments": tuple(f"{name}={text}" for name, text in record.arguments.items()),
    }


def changed_knobs(
    record: FitRecord | Mapping[str, object], other: FitRecord | Mapping[str, object]
) -> tuple[str, ...]:
    """Name the knobs that differ between two fits.

    When the number of hidden layers differs, the knobs that have one value for each layer
    (units, activation, dropout, normalisation, regularisation) count only if one fit has a value
    that the other has not: a second layer of 64 units beside the first is one change.
    ``training images`` counts only if one fit had less than three quarters of the other's.

    Parameters
    ----------
    record, other : FitRecord or mapping
        The fits, or what `settings` gave for them (which is how the epochs of a continued fit
        are counted in full).

    Returns
    -------
    tuple of str
        In the order of `KNOBS`; empty for equal settings.
    """
    one = settings(record) if isinstance(record, FitRecord) else record
    two = settings(other) if isinstance(other, FitRecord) else other
    deeper = one.get("hidden layers") != two.get("hidden layers")
    return tuple(name for name in KNOBS if _differs(name, one.get(name), two.get(name), deeper))


def wording(value: object) -> str:
    """Write the value of a knob for a person: ``(64, 32)`` as ``64, 32``, ``()`` as ``none``."""
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return ", ".join(wording(part) for part in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def hidden_dense(record: FitRecord) -> tuple[LayerRecord, ...]:
    """Return the dense layers before the last one."""
    return _dense_layers(record.layers)[0]


def _differs(name: str, one: object, two: object, deeper: bool) -> bool:
    if one is None or two is None or one == two:
        return False
    if deeper and name in _PER_LAYER and isinstance(one, tuple) and isinstance(two, tuple):
        return set(one) != set(two)
    if name == "training images" and isinstance(one, int) and isinstance(two, int):
        return min(one, two) < _SAME_SIZE * max(one, two)
    if isinstance(one, float) and isinstance(two, float):
        return not math.isclose(one, two, rel_tol=1e-6)
    return True


def _dense_layers(
    layers: Sequence[LayerRecord],
) -> tuple[tuple[LayerRecord, ...], tuple[str, ...], LayerRecord | None, str | None]:
    """Return the hidden dense layers, their activations, the output layer, its activation.

    A linear dense layer takes the activation of the ``Activation`` or ``ReLU`` layer that comes
    before the next dense layer: both spellings are the same network.
    """
    dense: list[LayerRecord] = []
    activations: list[str] = []
    for layer in layers:
        if layer.class_name == "Dense":
            dense.append(layer)
            activations.append(layer.activation or "linear")
        elif (name := _activation_of(layer)) and dense and activations[-1] == "linear":
            activations[-1] = name
    if not dense:
        return (), (), None, None
    return tuple(dense[:-1]), tuple(activations[:-1]), dense[-1], activations[-1]


def _activation_of(layer: LayerRecord) -> str | None:
    if layer.class_name == "Activation":
        return layer.activation
    return _ACTIVATION_LAYERS.get(layer.class_name)


def _is_other(layer: LayerRecord) -> bool:
    return layer.class_name not in {
        "Activation",
        "Dense",
        *_ACTIVATION_LAYERS,
        *_DROPOUTS,
        *_NORMALISATIONS,
        *_SCALING_LAYERS,
        *_SHAPE_ONLY,
    }


def _wording(layer: LayerRecord) -> str:
    parts = [str(part) for part in (layer.units, layer.rate, layer.activation) if part is not None]
    return f"{layer.class_name}({', '.join(parts)})" if parts else layer.class_name


def _epochs(record: FitRecord) -> int:
    # Early stopping ends at an epoch that nobody chose: the choice was the limit.
    if "EarlyStopping" in record.callbacks and not record.stopped_by:
        return max(record.epochs, record.epochs_planned)
    return record.epochs


def _input_scaling(record: FitRecord) -> str | None:
    """Say what the network sees: the array's scaling, then the model's own scaling layers."""
    if any(layer.class_name == "Normalization" for layer in record.layers):
        return "Normalization layer"
    data = record.data
    if data is None:
        return None
    if data.factor is None or data.offset is None:
        return f"other ({data.minimum:.3g} to {data.maximum:.3g})"
    factor, offset = data.factor, data.offset
    for layer in record.layers:
        if layer.class_name == "Rescaling":
            if layer.scale is None or layer.offset is None:
                return "Rescaling layer"
            factor, offset = factor * layer.scale, offset * layer.scale + layer.offset
    return _formula(factor, offset)


def _formula(factor: float, offset: float) -> str:
    """Write ``x = factor * pixel + offset`` with three digits, as people write it."""
    if factor == 0 or not math.isfinite(1 / factor):
        return "constant"
    divisor = 1 / factor
    shift = -offset * divisor
    if abs(shift) < 1e-3 * abs(divisor):
        return "0 to 255" if math.isclose(divisor, 1, rel_tol=1e-3) else f"x / {divisor:.3g}"
    return f"(x {'-' if shift > 0 else '+'} {abs(shift):.3g}) / {divisor:.3g}"
