"""The built-in Keras objects that a student's model may hold, with bounds for every argument.

Each entry maps an argument of a constructor to a check (``argument_checks.py``). What is not in the
table does not exist for the grader; what Keras provides and is left out on purpose stands in
``REMOTE`` with the reason. Source: the constructors in ``keras.layers``, ``keras.initializers``,
``keras.regularizers``, ``keras.constraints``; a test compares with the Keras that is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_course.grading.argument_checks import (
    IGNORED,
    Nested,
    any_of,
    integer,
    maybe,
    node,
    number,
    one_of,
    several,
    text,
    truth,
)

__all__ = ["ACTIVATIONS", "INPUT_ARGUMENTS", "INPUT_TYPES", "LAYERS", "RECURRENT", "REMOTE"]

_real = number()
_scale = {"scale": number(0, 1e6), "mode": one_of("fan_in", "fan_out", "fan_avg"),
          "distribution": one_of("truncated_normal", "untruncated_normal", "uniform")}  # fmt: skip
_normal = {"mean": _real, "stddev": number(0, 1e6)}
initializer = node(
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
regularizer = node(
    "regularizer",
    {"L1": {"l1": _weight}, "L2": {"l2": _weight}, "L1L2": {"l1": _weight, "l2": _weight}},
)
_axes = several(integer(0, 5), 0)
constraint = node(
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
    "hard_silu", "hard_swish", "tanh", "softmax", "softplus", "softsign", "exponential",
    "leaky_relu", "mish", "log_softmax", "celu", "hard_tanh", "tanh_shrink", "log_sigmoid", "glu",
    "hard_shrink", "soft_shrink", "sparse_plus", "sparsemax", "squareplus",
)  # fmt: skip
_LAYER_ACTIVATIONS: dict[str, dict[str, Any]] = {
    "ReLU": {"max_value": maybe(_real), "negative_slope": _real, "threshold": _real},
    "LeakyReLU": {"negative_slope": _real},
    "ELU": {"alpha": _real},
    "Softmax": {"axis": several(integer(-6, 6))},
}
# TensorFlow's own names of two functions that Keras has under another one.
_OF_TENSORFLOW = {"softmax_v2": "softmax", "swish": "silu"}


def _function(value: Any) -> str:
    known = value.get("config") if type(value) is dict else None
    if (
        type(known) is not str
        or known not in _OF_TENSORFLOW
        or (value.get("module"), value.get("class_name")) != ("builtins", "function")
    ):
        raise ValueError("an activation that is not one of Keras' own")
    return _OF_TENSORFLOW[known]


_activation = any_of(one_of(*ACTIVATIONS, None), _function, node("activation", _LAYER_ACTIVATIONS))
_padding = one_of("valid", "same", "causal")
_format = one_of("channels_last", None)
_rate = number(0, 1)
_units = integer(1, 65_536)
_kernel = several(integer(1, 512))
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
    **dict.fromkeys(("lora_rank", "lora_alpha", "gptq_unpacked_column_size"), _none),
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
_CROP = {"height": integer(1, 2048), "width": integer(1, 2048), "data_format": _format}
_fill = one_of("constant", "nearest", "wrap", "reflect", "crop")
_interpolation = one_of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")
_factor = maybe(several(number(-1e3, 1e3), 1, 2))


def _shear(value: Any) -> Any:
    """Read what Keras writes for one number: (-0.2, 0.2), which its constructor refuses."""
    pair = _factor(value)
    return pair[1] if isinstance(pair, tuple) and pair[0] == -pair[-1] else pair


_RANDOM = {"factor": _factor, "value_range": several(_real, 2, 2), "data_format": _format}
_MOVED = {
    "fill_mode": _fill, "fill_value": _real, "interpolation": _interpolation,
    "data_format": _format,
}  # fmt: skip
_ATTENTION = {"dropout": _rate, "use_scale": truth}
_GLOBAL = {"data_format": _format, "keepdims": truth}
_LAYER_ONLY = ("unit_forget_bias", "reset_after", "use_cudnn")
_RNN: dict[str, Any] = {
    "units": _units, "activation": _activation, "recurrent_activation": _activation,
    "use_bias": truth, "dropout": _rate, "recurrent_dropout": _rate, "return_sequences": truth,
    "return_state": truth, "go_backwards": truth, "stateful": _false,
    # Unrolled steps compute the same numbers; a million of them would be a graph of that size.
    "unroll": IGNORED,
    "unit_forget_bias": truth, "reset_after": truth, "zero_output_for_mask": truth,
    "use_cudnn": one_of("auto", True, False),
}  # fmt: skip
_CELL_ARGUMENTS = (
    "units", "activation", "recurrent_activation", "use_bias", "dropout", "recurrent_dropout",
)  # fmt: skip
_CELL = {k: _RNN[k] for k in _CELL_ARGUMENTS}
_SEQUENCE = {k: v for k, v in _RNN.items() if k not in (*_CELL_ARGUMENTS, *_LAYER_ONLY)}
_CELLS = frozenset({"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"})
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
    **{f"SpatialDropout{d}D": {"rate": _rate, "data_format": _format} for d in (2, 3)},
    "Identity": {},
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
    "RMSNormalization": {"axis": _axis, "epsilon": _rate},
    "SpectralNormalization": {"layer": Nested(), "power_iterations": integer(1, 100)},
    **_LAYER_ACTIVATIONS,
    "PReLU": {"shared_axes": maybe(several(integer(1, 6)))},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _CONV),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _TRANSPOSE),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _SEPARABLE),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _DEPTHWISE),
    **{f"{kind}Pooling{d}D": _POOL for kind in ("Max", "Average") for d in (1, 2, 3)},
    **{f"Global{kind}Pooling{d}D": _GLOBAL for kind in ("Max", "Average") for d in (1, 2, 3)},
    **{
        f"Adaptive{kind}Pooling{d}D": {
            "output_size": several(integer(1, 4096)), "data_format": _format,
        }
        for kind in ("Max", "Average")
        for d in (1, 2, 3)
    },
    **{
        f"ZeroPadding{d}D": {"padding": several(integer(0, 1000)), "data_format": _format}
        for d in (1, 2, 3)
    },
    **{
        f"Cropping{d}D": {"cropping": several(integer(0, 10_000)), "data_format": _format}
        for d in (1, 2, 3)
    },
    "UpSampling1D": {"size": integer(1, 32)},
    "UpSampling2D": {
        "size": several(integer(1, 32)), "data_format": _format,
        "interpolation": one_of("nearest", "bilinear", "bicubic"),
    },
    "UpSampling3D": {"size": several(integer(1, 32)), "data_format": _format},
    "Embedding": {
        "input_dim": integer(1, 2_000_000), "output_dim": _units, "mask_zero": truth,
        "input_length": IGNORED,
    },
    "Masking": {"mask_value": _real},
    "LSTM": {k: v for k, v in _RNN.items() if k != "reset_after"},
    "GRU": {k: v for k, v in _RNN.items() if k != "unit_forget_bias"},
    "SimpleRNN": {k: v for k, v in _RNN.items() if k not in _NOT_SIMPLE},
    "LSTMCell": {**_CELL, "unit_forget_bias": truth},
    "GRUCell": {**_CELL, "reset_after": truth},
    "SimpleRNNCell": {k: v for k, v in _CELL.items() if k not in _NOT_SIMPLE},
    "StackedRNNCells": {"cells": Nested(_CELLS, most=16)},
    "RNN": {**_SEQUENCE, "cell": Nested(_CELLS)},
    **{
        f"ConvLSTM{d}D": {
            **{k: v for k, v in _RNN.items() if k not in ("units", "reset_after", "use_cudnn")},
            **{k: v for k, v in _CONV.items() if k != "groups"},
        }
        for d in (1, 2, 3)
    },
    "EinsumDense": {
        "equation": text(r"[a-zA-Z.]+,[a-zA-Z.]+->[a-zA-Z.]+", 40),
        "output_shape": several(maybe(integer(1, 65_536))), "activation": _activation,
        "bias_axes": maybe(text(r"[a-zA-Z]+", 10)),
    },
    "Attention": {**_ATTENTION, "score_mode": one_of("dot", "concat")},
    "AdditiveAttention": _ATTENTION,
    "MultiHeadAttention": {
        "num_heads": integer(1, 256), "key_dim": integer(1, 4096),
        "value_dim": maybe(integer(1, 4096)), "dropout": _rate, "use_bias": truth,
        "output_shape": maybe(several(integer(1, 65_536))),
        "attention_axes": maybe(several(integer(-6, 6))), "sliding_window": _none,
        "flash_attention": _none, "use_gate": truth,
    },
    **{n: {} for n in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": integer(-6, 6)},
    "Dot": {"axes": several(integer(-6, 6)), "normalize": truth},
    "Bidirectional": {
        "layer": Nested(), "backward_layer": Nested(optional=True),
        "merge_mode": one_of("sum", "mul", "concat", "ave"),
    },
    "TimeDistributed": {"layer": Nested()},
    # Images: what happens to them, at random while training.
    "CenterCrop": _CROP,
    "RandomCrop": _CROP,
    "Resizing": {
        **_CROP, "interpolation": _interpolation, "crop_to_aspect_ratio": truth,
        "pad_to_aspect_ratio": truth, "fill_mode": _fill, "fill_value": _real, "antialias": truth,
    },
    "RandomFlip": {
        "mode": one_of("horizontal", "vertical", "horizontal_and_vertical"),
        "data_format": _format,
    },
    "RandomRotation": {**_MOVED, "factor": _factor},
    "RandomTranslation": {**_MOVED, "height_factor": _factor, "width_factor": _factor},
    "RandomZoom": {**_MOVED, "height_factor": _factor, "width_factor": _factor},
    "RandomShear": {**_MOVED, "x_factor": _shear, "y_factor": _shear},
    "RandomPosterization": {**_RANDOM, "factor": several(integer(1, 8), 1, 2)},
    "RandomPerspective": {
        k: v for k, v in {**_MOVED, "factor": _factor, "scale": _factor}.items() if k != "fill_mode"
    },
    "RandomElasticTransform": {**_MOVED, **_RANDOM, "scale": _factor},
    "RandomErasing": {**_RANDOM, "scale": _factor, "fill_value": maybe(_real)},
    "RandomGaussianBlur": {
        **_RANDOM, "kernel_size": several(integer(1, 31)), "sigma": _factor,
    },
    "RandomColorJitter": {
        "value_range": several(_real, 2, 2), "data_format": _format,
        **{f"{part}_factor": _factor for part in ("brightness", "contrast", "saturation", "hue")},
    },
    "Solarization": {
        "value_range": several(_real, 2, 2), "data_format": _format,
        "addition_factor": _factor, "threshold_factor": _factor,
    },
    **dict.fromkeys(
        (
            "AutoContrast", "RandomBrightness", "RandomColorDegeneration", "RandomContrast",
            "RandomGrayscale", "RandomHue", "RandomInvert",
            "RandomSaturation", "RandomSharpness",
        ),
        _RANDOM,
    ),
    "Pipeline": {"layers": Nested(most=32)},
    "CategoryEncoding": {
        "num_tokens": integer(1, 10_000), "output_mode": one_of("multi_hot", "one_hot", "count"),
        "sparse": _false,
    },
    "Discretization": {
        "bin_boundaries": several(_real, 1, 1000), "num_bins": _none, "epsilon": _real,
        "output_mode": one_of("int", "multi_hot", "one_hot", "count"), "sparse": _false,
    },
}  # fmt: skip

LAYERS: Mapping[str, Mapping[str, Any]] = {n: {**_COMMON, **args} for n, args in _TABLE.items()}

RECURRENT = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}
)

# What Keras provides and is not rebuilt: such a model predicts in the student's own sandbox.
_FOREIGN = "which runs code from elsewhere"
_WORDS = "which works on words and categories, not on images"
REMOTE: Mapping[str, str] = {
    "Lambda": "which holds code of the notebook",
    "Layer": "without a class of its own",
    "Wrapper": "without a class of its own",
    **dict.fromkeys(("TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"), _FOREIGN),
    **dict.fromkeys(
        ("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization"), _WORDS
    ),
    **dict.fromkeys(("MelSpectrogram", "STFTSpectrogram"), "which works on sound"),
    **dict.fromkeys(
        ("MixUp", "CutMix", "MaxNumBoundingBoxes"), "which changes labels together with images"
    ),
    **dict.fromkeys(
        ("AugMix", "RandAugment", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization"),
        "which changes images in a way that Keras cannot repeat",
    ),
    **dict.fromkeys(
        ("GroupedQueryAttention", "ReversibleEmbedding"), "a part of large language models"
    ),
}

INPUT_ARGUMENTS = frozenset(
    {"batch_shape", "batch_input_shape", "dtype", "sparse", "ragged", "name", "optional"}
)
INPUT_TYPES = frozenset(
    {
        "float16", "float32", "float64", "bool", "uint8", "uint16", "int8", "int16", "int32",
        "int64",
    }
)  # fmt: skip
