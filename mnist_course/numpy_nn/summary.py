"""The table of a network's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_course.numpy_nn.stack import LayerStack

__all__ = ["summary_text"]


def summary_text(model: LayerStack) -> str:
    """Return the table that Keras prints, as text: layer, output shape, number of weights."""
    heads = ("Layer (type)", "Output Shape", "Param #")
    count, size = model.count_params(), model.parameters.values.nbytes
    rows = [
        (
            f"{layer.name} ({type(layer).__name__})",
            f"(None, {', '.join(map(str, layer.output_shape or ()))})",
            f"{layer.count_params():,}",
        )
        for layer in model.layers
    ]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(3)]

    def line(row: tuple[str, str, str]) -> str:
        first, second, third = row
        return f"│ {first:<{widths[0]}} │ {second:<{widths[1]}} │ {third:>{widths[2]}} │"

    def rule(left: str, middle: str, right: str, stroke: str) -> str:
        return left + middle.join(stroke * (width + 2) for width in widths) + right

    return "\n".join(
        [
            f'Model: "{model.name}"',
            rule("┌", "┬", "┐", "─"),
            line(heads),
            rule("├", "┼", "┤", "─"),
            *map(line, rows),
            rule("└", "┴", "┘", "─"),
            f" Total params: {count:,} ({_bytes(size)})",
        ]
    )


def _bytes(size: int) -> str:
    value, units = float(size), ["B", "KB", "MB", "GB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.2f} {units[0]}"
