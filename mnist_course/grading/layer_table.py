"""The built-in Keras objects that a student's model may hold, with bounds for every argument.

Each entry maps an argument of a constructor to a check: a function that returns the plain value or
raises ValueError. What is not in the table does not exist for the grader. Source: the constructors
in ``keras.layers``, ``keras.initializers``, ``keras.regularizers``, ``keras.constraints``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import NotPortableError

__all__ = [
    "ACTIVATIONS",
    "IGNORED",
    "INPUT_ARGUMENTS",
    "LAYERS",
    "Nested",
    "Node",
    "check_dtype",
    "integer",
    "number",
    "one_of",
    "truth",
]

Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A small Keras object inside a layer (initializer, regularizer ...): class with numbers."""

    family: str
    class_name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nested:
    """Marks an argument that is itself a layer."""

    optional: bool = False


def IGNORED(value: Any) -> Any:  # noqa: N802 - a constant that happens to be callable
    """Mark an argument that is read past: it changes nothing that is graded."""
    return value


def integer(low: int, high: int) -> Check:
    """Return a check for an int in ``low..high``."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"expected a whole number in {low}..{high}, got {value!r:.40}")
        return value

    return check


def number(low: float = -1e9, high: float = 1e9) -> Check:
    """Return a check for a finite number in ``low..high``."""

    def check(value: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value) or not low <= value <= high:
            raise ValueError(f"expected a number in {low:g}..{high:g}, got {value!r:.40}")
        return float(value)

    return check


def truth(value: Any) -> bool:
    """Check a bool."""
    if type(value) is not bool:
        raise ValueError(f"expected True or False, got {value!r:.40}")
    return value


def one_of(*allowed: Any) -> Check:
    """Return a check for one of a few constants (exact type as well as value)."""

    def check(value: Any) -> Any:
        if not any(type(value) is type(a) and value == a for a in allowed):
            raise ValueError(f"{value!r:.60} cannot be rebuilt")
        return value

    return check


def maybe(check: Check) -> Check:
    """Return a check that also lets None pass."""
    return lambda value: None if value is None else check(value)


def several(check: Check, low: int = 1, high: int = 6) -> Check:
    """Return a check for one value or a list of ``low..high`` values, once nested."""

    def inner(value: Any) -> Any:
        if type(value) is list and len(value) <= 3:
            return tuple(check(v) for v in value)
        return check(value)

    def outer(value: Any) -> Any:
        if type(value) is not list:
            return check(value)
        if not low <= len(value) <= high:
            raise ValueError(f"expected {low} to {high} values, got {len(value)}")
        return tuple(inner(v) for v in value)

    return outer


def _node(family: str, table: Mapping[str, Mapping[str, Check]]) -> Check:
    by_lower = {name.lower(): name for name in table}

    def check(value: Any) -> Node | None:
        name: Any
        config: Any
        if value is None:
            return None
        if type(value) is str:
            name, config = by_lower.get(value.replace("_", "").lower()), {}
        elif type(value) is dict and type(value.get("class_name")) is str:
            name, config = value["class_name"], value.get("config") or {}
            module = value.get("module")
            if module is not None and str(module).split(".")[0] != "keras":
                raise ValueError(f"{str(name)[:40]!r} is not one that Keras provides")
            if value.get("registered_name") not in (None, name):
                raise ValueError(f"{str(name)[:40]!r} is not one that Keras provides")
        else:
            raise ValueError(f"{value!r:.40} is no {family}")
        if name not in table or type(config) is not dict:
            raise ValueError(f"the {family} {value!r:.60} cannot be rebuilt")
        arguments = {}
        for key, item in config.items():
            if key in ("seed", "name", "dtype", "input_axes", "output_axes"):
                continue
            if key not in table[name]:
                raise ValueError(f"the {family} {name} with the unusual option {key[:40]!r}")
            arguments[key] = table[name][key](item)
        return Node(family, name, arguments)

    return check


def check_dtype(value: Any) -> None:
    """Accept float32 only, as Keras writes it."""
    if type(value) is dict and value.get("class_name") == "DTypePolicy":
        config = value.get("config")
        value = config.get("name") if type(config) is dict else value
    if value not in (None, "float32"):
        raise NotPortableError(f"layers of type {str(value)[:40]!r}; only float32 can be rebuilt")


_real = number()
_scale = {"scale": number(0, 1e6), "mode": one_of("fan_in", "fan_out", "fan_avg"),
          "distribution": one_of("truncated_normal", "untruncated_normal", "uniform")}  # fmt: skip
_normal = {"mean": _real, "stddev": number(0, 1e6)}
initializer = _node(
    "initializer",
    {
        "Zeros": {},
        "Ones": {},
        "Constant": {"value": _real},
        "RandomNormal": _normal,
        "TruncatedNormal": _normal,
        "RandomUniform": {"minval": _real, "maxval": _real},
        "VarianceScaling": _scale,
        "Orthogonal": {"gain": _real},
        "Identity": {"gain": _real},
        **{n: {} for n in ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform")},
        **{n: {} for n in ("LecunNormal", "LecunUniform")},
    },
)
_weight = number(0, 1e6)
regularizer = _node(
    "regularizer",
    {"L1": {"l1": _weight}, "L2": {"l2": _weight}, "L1L2": {"l1": _weight, "l2": _weight}},
)
_axes = several(integer(0, 5), 0)
constraint = _node(
    "constraint",
    {
        "MaxNorm": {"max_value": number(0), "axis": _axes},
        "UnitNorm": {"axis": _axes},
        "NonNeg": {},
        "MinMaxNorm": {
            "min_value": number(0), "max_value": number(0), "rate": number(0, 1), "axis": _axes,
        },
    },
)  # fmt: skip

ACTIVATIONS = (
    "linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "hard_sigmoid",
    "hard_silu", "tanh", "softmax", "softplus", "softsign", "exponential", "leaky_relu", "mish",
    "log_softmax", "celu", "hard_tanh", "tanh_shrink", "log_sigmoid",
)  # fmt: skip
_activation = one_of(*ACTIVATIONS, None)
_padding = one_of("valid", "same", "causal")
_format = one_of("channels_last", None)
_units = integer(1, 65_536)
_kernel = several(integer(1, 512))
_rate = number(0, 1)
_axis = several(integer(-6, 6))
_none = one_of(None)
_false = one_of(False, None)

_WEIGHTS = (
    "kernel",
    "bias",
    "recurrent",
    "embeddings",
    "beta",
    "gamma",
    "depthwise",
    "pointwise",
    "alpha",
)
_COMMON: dict[str, Any] = {
    **{f"{w}_initializer": initializer for w in _WEIGHTS},
    **{f"{w}_regularizer": regularizer for w in _WEIGHTS},
    **{f"{w}_constraint": constraint for w in _WEIGHTS},
    **{f"moving_{w}_initializer": initializer for w in ("mean", "variance")},
    "activity_regularizer": regularizer,
    "trainable": truth,
    **dict.fromkeys(("seed", "batch_input_shape", "batch_shape", "quantization_config"), IGNORED),
    **dict.fromkeys(("lora_rank", "lora_alpha"), _none),
}
_CONV: dict[str, Any] = {
    "filters": _units, "kernel_size": _kernel, "strides": _kernel, "padding": _padding,
    "data_format": _format, "dilation_rate": _kernel, "groups": integer(1, 4096),
    "activation": _activation, "use_bias": truth,
}  # fmt: skip
_TRANSPOSE = {**_CONV, "output_padding": maybe(_kernel)}
_SEPARABLE = {**_CONV, "depth_multiplier": integer(1, 64)}
_DEPTHWISE = {k: v for k, v in _CONV.items() if k != "filters"} | {
    "depth_multiplier": integer(1, 64)
}
_POOL = {
    "pool_size": _kernel,
    "strides": maybe(_kernel),
    "padding": _padding,
    "data_format": _format,
}
_GLOBAL = {"data_format": _format, "keepdims": truth}
_RNN: dict[str, Any] = {
    "units": _units, "activation": _activation, "recurrent_activation": _activation,
    "use_bias": truth, "dropout": _rate, "recurrent_dropout": _rate, "return_sequences": truth,
    "return_state": _false, "go_backwards": truth, "stateful": _false, "unroll": truth,
    "unit_forget_bias": truth, "reset_after": truth, "zero_output_for_mask": truth,
    "use_cudnn": one_of("auto", True, False),
}  # fmt: skip
_NOT_SIMPLE = ("recurrent_activation", "unit_forget_bias", "reset_after", "use_cudnn")

_TABLE: dict[str, dict[str, Any]] = {
    "Dense": {"units": _units, "activation": _activation, "use_bias": truth},
    "Activation": {"activation": _activation},
    "Flatten": {"data_format": _format},
    "Dropout": {"rate": _rate, "noise_shape": _none},
    "AlphaDropout": {"rate": _rate, "noise_shape": _none},
    "GaussianDropout": {"rate": _rate},
    "GaussianNoise": {"stddev": number(0, 1e3)},
    "SpatialDropout1D": {"rate": _rate},
    "SpatialDropout2D": {"rate": _rate, "data_format": _format},
    "ActivityRegularization": {"l1": _weight, "l2": _weight},
    "Reshape": {"target_shape": several(integer(-1, 10**7), 0)},
    "Permute": {"dims": several(integer(1, 6))},
    "RepeatVector": {"n": integer(1, 10_000)},
    "Rescaling": {"scale": several(_real), "offset": several(_real)},
    "Normalization": {
        "axis": maybe(_axis), "invert": truth, "mean": _none, "variance": _none,
    },
    "BatchNormalization": {
        "axis": _axis, "momentum": _rate, "epsilon": _rate, "center": truth, "scale": truth,
        "synchronized": _false, "renorm": _false, "renorm_clipping": _none,
        "renorm_momentum": IGNORED,
    },
    "LayerNormalization": {
        "axis": _axis, "epsilon": _rate, "center": truth, "scale": truth, "rms_scaling": _false,
    },
    "GroupNormalization": {
        "groups": integer(-1, 4096), "axis": integer(-6, 6), "epsilon": _rate, "center": truth,
        "scale": truth,
    },
    "UnitNormalization": {"axis": _axis},
    "ReLU": {"max_value": maybe(_real), "negative_slope": _real, "threshold": _real},
    "LeakyReLU": {"negative_slope": _real},
    "PReLU": {"shared_axes": maybe(several(integer(1, 6)))},
    "ELU": {"alpha": _real},
    "Softmax": {"axis": _axis},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _CONV),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose"), _TRANSPOSE),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _SEPARABLE),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _DEPTHWISE),
    **{f"{kind}Pooling{d}D": _POOL for kind in ("Max", "Average") for d in (1, 2, 3)},
    **{f"Global{kind}Pooling{d}D": _GLOBAL for kind in ("Max", "Average") for d in (1, 2, 3)},
    "ZeroPadding1D": {"padding": several(integer(0, 1000)), "data_format": _format},
    "ZeroPadding2D": {"padding": several(integer(0, 1000)), "data_format": _format},
    "Cropping1D": {"cropping": several(integer(0, 10_000))},
    "Cropping2D": {"cropping": several(integer(0, 10_000)), "data_format": _format},
    "UpSampling1D": {"size": integer(1, 32)},
    "UpSampling2D": {
        "size": several(integer(1, 32)), "data_format": _format,
        "interpolation": one_of("nearest", "bilinear", "bicubic"),
    },
    "Embedding": {
        "input_dim": integer(1, 2_000_000), "output_dim": _units, "mask_zero": truth,
        "input_length": IGNORED,
    },
    "Masking": {"mask_value": _real},
    "LSTM": {k: v for k, v in _RNN.items() if k != "reset_after"},
    "GRU": {k: v for k, v in _RNN.items() if k != "unit_forget_bias"},
    "SimpleRNN": {k: v for k, v in _RNN.items() if k not in _NOT_SIMPLE},
    **{n: {} for n in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": integer(-6, 6)},
    "Dot": {"axes": several(integer(-6, 6)), "normalize": truth},
    "Bidirectional": {
        "layer": Nested(), "backward_layer": Nested(optional=True),
        "merge_mode": one_of("sum", "mul", "concat", "ave"),
    },
    "TimeDistributed": {"layer": Nested()},
}  # fmt: skip

LAYERS: Mapping[str, Mapping[str, Any]] = {n: {**_COMMON, **args} for n, args in _TABLE.items()}

INPUT_ARGUMENTS = frozenset(
    {"batch_shape", "batch_input_shape", "dtype", "sparse", "ragged", "name", "optional"}
)
