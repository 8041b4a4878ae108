"""The reference solution of m4 as functions, taken from its notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["CELLS", "STEPS", "steps"]

SOURCE = Path(__file__).resolve().parent.parent / "source" / "m4" / "m4.ipynb"

STEPS = ("to_gray", "only_ink", "crop", "fit", "centre")
"""The five functions, in order."""

CELLS = ("m4-gray", "m4-ink", "m4-crop", "m4-fit", "m4-centre", "m4-whole")


def steps(source: Path = SOURCE) -> Mapping[str, Callable[..., Any]]:
    """Return the functions of the instructor's notebook by name, ``to_mnist`` among them.

    Parameters
    ----------
    source : Path
        A notebook with the cells of m4; run here, so never a student's.
    """
    cells = {cell["id"]: cell for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]}
    namespace: dict[str, Any] = {"np": np, "Image": Image}
    for name in CELLS:
        exec(compile("".join(cells[name]["source"]), f"<{name}>", "exec"), namespace)
    return {name: namespace[name] for name in (*STEPS, "to_mnist")}
