"""Run a notebook as a student does, and read the points that its checks show."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def run(notebook: Any, folder: Path, *, allow_errors: bool = False) -> dict[str, Any]:
    """Run a notebook; return its cells by id, outputs in place."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return {cell.id: cell for cell in notebook.cells}


def points(cell: Any) -> float:
    """Return the number that a grade cell shows, as nbgrader reads it."""
    (result,) = [o for o in cell.outputs if o.output_type == "execute_result"]
    assert "text/html" in result.data
    return float(result.data["text/plain"])
