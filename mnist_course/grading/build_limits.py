"""What a rebuilt model may cost: parameters, room for its activations, seconds."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mnist_course.exceptions import NotPortableError

__all__ = ["check_activations", "parameter_budget", "rows_at_once", "time_limit"]

MAX_ACTIVATION = 4_000_000  # numbers for one example in one tensor
MAX_ACTIVATIONS = 40_000_000  # in all tensors together
_AT_ONCE = 100_000_000  # numbers in the largest tensor of a batch, 400 MB
_UNKNOWN = 32  # a dimension that the model leaves open, such as an image of any size


@contextmanager
def parameter_budget(budget: int, *, initialise: bool) -> Iterator[None]:
    """Count parameters at each ``add_weight``, before the memory is allocated.

    Parameters
    ----------
    budget : int
        At most this many numbers.
    initialise : bool
        False fills with zeros instead of what the layer asks for: the weights are set afterwards,
        and drawing an orthogonal matrix can take minutes.
    """
    import keras

    layer_class = keras.layers.Layer
    original = layer_class.add_weight
    left = budget

    def add_weight(
        layer: Any, shape: Any = None, initializer: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        nonlocal left
        sizes = (shape,) if isinstance(shape, int) else (shape or ())
        left -= math.prod(int(n) for n in sizes)
        if left < 0:
            raise NotPortableError(f"the architecture declares more than {budget:,} parameters")
        return original(layer, shape, initializer if initialise else "zeros", *args, **kwargs)

    layer_class.add_weight = add_weight
    try:
        yield
    finally:
        layer_class.add_weight = original


class _OutOfTime(BaseException):
    """Passes through ``except Exception`` in Keras and TensorFlow."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise NotPortableError when a block that builds models takes longer.

    The clock is looked at before each layer is called. An alarm's exception could come at any
    moment, also while TensorFlow's own code waits for Python's, and end the process. What takes
    long within one layer is left to the time-out of whoever waits for this process.
    """
    import keras

    end = time.monotonic() + seconds
    layer_class = keras.layers.Layer
    original = layer_class.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() > end:
            raise _OutOfTime
        return original(layer, *args, **kwargs)

    layer_class.__call__ = call
    try:
        yield
    except _OutOfTime:
        raise NotPortableError(
            f"the model took longer than {seconds:g} seconds to rebuild"
        ) from None
    finally:
        layer_class.__call__ = original


def _operations(model: Any) -> Iterator[Any]:
    """Give every layer and operation of a built model, those of nested models included."""
    # A Sequential model keeps its graph in a functional one.
    graph = getattr(model, "_functional", None) or model
    for operation in getattr(graph, "operations", getattr(graph, "layers", ())):
        yield operation
        if hasattr(operation, "layers"):
            yield from _operations(operation)


def _size(shape: Any) -> int:
    return math.prod(_UNKNOWN if side is None else int(side) for side in tuple(shape)[1:])


def _sizes(operation: Any) -> Iterator[int]:
    """Give how many numbers each call of a layer needs for one example."""
    for node in operation._inbound_nodes:
        yield from (_size(tensor.shape) for tensor in node.output_tensors)
        if type(operation).__name__.endswith("Attention"):
            # Every place looks at every other place.
            lengths = [_size((*t.shape[:-1],)) for t in node.input_tensors]
            heads = getattr(operation, "num_heads", 1)
            yield int(heads) * max(lengths) ** 2


def check_activations(model: Any) -> None:
    """Refuse a model that needs too much room for one example.

    Raises
    ------
    NotPortableError
    """
    sizes = [size for operation in _operations(model) for size in _sizes(operation)]
    largest, together = (min(n, 10**15) for n in (max(sizes, default=0), sum(sizes)))
    if largest > MAX_ACTIVATION or together > MAX_ACTIVATIONS:
        raise NotPortableError(
            f"the layers of the model hold {largest:,} numbers at once for one example, "
            f"{together:,} together; at most {MAX_ACTIVATION:,} and {MAX_ACTIVATIONS:,}"
        )


def rows_at_once(model: Any, most: int) -> int:
    """Return how many examples a model predicts at once: ``most``, fewer for a very large one."""
    try:
        largest = max((s for op in _operations(model) for s in _sizes(op)), default=1)
    except Exception:  # a model of the student's own may be of any kind
        return most
    return max(1, min(most, _AT_ONCE // max(1, largest)))
