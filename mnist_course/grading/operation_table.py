"""Arithmetic between the layers of a functional model: ``x + y``, ``x / 255``, ``x[:, 0]``.

Keras writes each as an operation of ``keras.ops``. Only what is listed here is replayed, by a call
of the public function of that name, never by the class that a configuration names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mnist_course.grading.argument_checks import (
    Check,
    integer,
    maybe,
    number,
    one_of,
    several,
    truth,
)

__all__ = ["OPERATIONS", "OPERATION_MODULES", "Operation"]

OPERATION_MODULES = ("keras.ops.", "keras.src.ops.")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of ``keras.ops``.

    Parameters
    ----------
    function : str
        Name in ``keras.ops``; ``getitem`` for square brackets.
    operands : int
        Tensors or numbers that it takes; 0 for one list of tensors.
    options : mapping of str to callable
        What else its configuration may hold, with checks.
    """

    function: str
    operands: int
    options: Mapping[str, Check]


_axis = maybe(several(integer(-6, 6)))
_one_axis = integer(-6, 6)
_reduced: dict[str, Check] = {"axis": _axis, "keepdims": truth}
_limit = maybe(number())

OPERATIONS: Mapping[str, Operation] = {
    **{
        name: Operation(function, 2, {})
        for name, function in {
            "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide",
            "TrueDivide": "true_divide", "FloorDivide": "floor_divide", "Mod": "mod",
            "Power": "power", "Maximum": "maximum", "Minimum": "minimum", "Matmul": "matmul",
            "Equal": "equal", "NotEqual": "not_equal", "Greater": "greater", "Less": "less",
            "GreaterEqual": "greater_equal", "LessEqual": "less_equal",
            "LogicalAnd": "logical_and", "LogicalOr": "logical_or",
        }.items()
    },
    **{
        name: Operation(function, 1, {})
        for name, function in {
            "Negative": "negative", "Absolute": "absolute", "Sign": "sign", "Square": "square",
            "Sqrt": "sqrt", "Exp": "exp", "Log": "log", "Log1p": "log1p", "Relu": "relu",
            "Relu6": "relu6", "Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid", "Tanh": "tanh",
            "Softplus": "softplus", "Softsign": "softsign", "Silu": "silu", "Selu": "selu",
            "Ravel": "ravel", "LogicalNot": "logical_not",
        }.items()
    },
    **{
        name: Operation(name.lower(), 1, _reduced)
        for name in ("Mean", "Sum", "Std", "Var", "Any", "All")
    },
    "Max": Operation("max", 1, {**_reduced, "initial": one_of(None)}),
    "Min": Operation("min", 1, {**_reduced, "initial": one_of(None)}),
    "Elu": Operation("elu", 1, {"alpha": number()}),
    "Gelu": Operation("gelu", 1, {"approximate": truth}),
    "LeakyRelu": Operation("leaky_relu", 1, {"negative_slope": number()}),
    "Softmax": Operation("softmax", 1, {"axis": _axis}),
    "LogSoftmax": Operation("log_softmax", 1, {"axis": _axis}),
    "Clip": Operation("clip", 1, {"x_min": _limit, "x_max": _limit}),
    "Reshape": Operation("reshape", 1, {"newshape": several(integer(-1, 10**7), 0)}),
    "Transpose": Operation("transpose", 1, {"axes": maybe(several(integer(0, 6)))}),
    "ExpandDims": Operation("expand_dims", 1, {"axis": several(_one_axis)}),
    "Squeeze": Operation("squeeze", 1, {"axis": _axis}),
    "Flip": Operation("flip", 1, {"axis": _axis}),
    "Swapaxes": Operation("swapaxes", 1, {"axis1": _one_axis, "axis2": _one_axis}),
    "Cast": Operation("cast", 1, {"dtype": one_of("float32", "int32", "int64", "uint8", "bool")}),
    "Where": Operation("where", 3, {}),
    "Concatenate": Operation("concatenate", 0, {"axis": _one_axis}),
    "Stack": Operation("stack", 0, {"axis": _one_axis}),
    "GetItem": Operation("getitem", 2, {}),
}  # fmt: skip
