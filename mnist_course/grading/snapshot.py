"""What a run of a notebook left behind: all that judging needs, and enough to go on from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mnist_course.exceptions import RecordError
from mnist_course.grading.execution import Execution
from mnist_course.grading.results import CellError, SandboxLayer

__all__ = ["Snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run of a notebook that can be judged without running it again.

    Parameters
    ----------
    execution : Execution
        Its file of exported values was written by untrusted code, and so were its outputs.
    names : frozenset of str
        The names that were asked for.
    skipped, blamed : frozenset of int
        Cells that a replay leaves out, see `execution.Run`.
    """

    execution: Execution
    names: frozenset[str]
    skipped: frozenset[int] = frozenset()
    blamed: frozenset[int] = frozenset()

    def digest(self) -> str:
        """Return a SHA-256 of what grade cells can see of the run."""
        seen = hashlib.sha256()
        shown = [[e.cell, e.kind, e.message] for e in self.execution.errors]
        seen.update(json.dumps([self.execution.cells, shown]).encode())
        if self.execution.captured is not None:
            with self.execution.captured.open("rb") as file:
                seen.update(hashlib.file_digest(file, "sha256").digest())
        return seen.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: everything but the file of exported values."""
        run = self.execution
        return {
            "cells": run.cells,
            "errors": [[e.cell, e.kind, e.message] for e in run.errors],
            "outputs": {str(number): outputs for number, outputs in run.outputs.items()},
            "layers": [[layer.name, layer.active, layer.detail] for layer in run.layers],
            "seconds": run.seconds,
            "refused": dict(run.refused),
            "has_values": run.captured is not None,
            "names": sorted(self.names),
            "skipped": sorted(self.skipped),
            "blamed": sorted(self.blamed),
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any], captured: Path | None) -> Self:
        """Return the snapshot that `to_dict` took apart.

        Parameters
        ----------
        plain : dict
        captured : Path or None
            The file of exported values.

        Raises
        ------
        RecordError
            If the values are not those of a snapshot.
        """
        try:
            if plain["has_values"] != (captured is not None):
                raise RecordError("The file of exported values is not where the snapshot says.")
            run = Execution(
                cells=int(plain["cells"]),
                errors=tuple(CellError(int(c), str(k), str(m)) for c, k, m in plain["errors"]),
                outputs={int(number): list(found) for number, found in plain["outputs"].items()},
                captured=captured,
                layers=tuple(
                    SandboxLayer(str(name), bool(active), str(detail))
                    for name, active, detail in plain["layers"]
                ),
                seconds=float(plain["seconds"]),
                refused={str(name): int(count) for name, count in plain["refused"].items()},
            )
            return cls(
                run,
                frozenset(map(str, plain["names"])),
                frozenset(map(int, plain["skipped"])),
                frozenset(map(int, plain["blamed"])),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RecordError(f"A snapshot that cannot be read: {error!r}.") from error
