"""Forward through all layers, then backward: where the gradients come from."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_course.numpy_nn.activations import FloatArray
from mnist_course.numpy_nn.layer import Kept, Layer

__all__ = ["backward", "forward"]


def forward(
    layers: Sequence[Layer], x: FloatArray, *, activate_last: bool = True
) -> tuple[FloatArray, list[Kept]]:
    """Send a batch through the layers.

    Parameters
    ----------
    layers : sequence of Layer
    x : ndarray (n, *input shape)
    activate_last : bool
        False: return the logits, what the last layer has before its activation.

    Returns
    -------
    output : ndarray (n, units)
        In a buffer that the next pass writes over.
    kept : list of Kept
        For :func:`backward`.
    """
    kept = []
    for layer in layers[:-1]:
        x, of_layer = layer.forward(x)
        kept.append(of_layer)
    output, of_layer = layers[-1].forward(x, activate=activate_last)
    return output, [*kept, of_layer]


def backward(
    layers: Sequence[Layer],
    gradient: FloatArray,
    kept: Sequence[Kept],
    *,
    last_activated: bool = True,
) -> None:
    """Send the gradient of the loss back, leaving that of every weight in the parameters.

    Parameters
    ----------
    layers, kept
        As in :func:`forward`.
    gradient : ndarray (n, units)
        Derivative of the loss by the output; used as working space.
    last_activated : bool
        What ``activate_last`` was.
    """
    # Below the first layer with weights nobody asks for a gradient: the widest product is saved.
    first = next((i for i, layer in enumerate(layers) if layer.weight_names), len(layers))
    for index in range(len(layers) - 1, first - 1, -1):
        activated = last_activated or index < len(layers) - 1
        by_input = layers[index].backward(
            gradient, kept[index], to_input=index > first, activated=activated
        )
        if by_input is not None:
            gradient = by_input
