"""Which of Gradescope's containers an assignment needs, from its measured peak of memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from mnist_course.exceptions import AssignmentError

__all__ = [
    "SIZES",
    "ContainerSize",
    "Measurement",
    "find_measurement",
    "needed_size",
    "read_measurement",
    "sentence",
]

# Memory of the container that is not the grader's: Gradescope's own harness and the page cache
# that the kernel cannot drop.
_RESERVED_MB = 100


@dataclass(frozen=True, slots=True)
class ContainerSize:
    """A container that Gradescope offers: CPUs with memory in MB (10^6 bytes)."""

    cpus: float
    memory_mb: int

    def __str__(self) -> str:
        return f"{self.cpus:g} CPU, {self.memory_mb / 1000:g} GB"


# Smallest first; the first is Gradescope's default.
SIZES = (
    ContainerSize(0.5, 750),
    ContainerSize(1, 1_500),
    ContainerSize(2, 3_000),
    ContainerSize(4, 6_000),
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """The measured peak of memory of a whole grade, in MB, with how and when it was measured."""

    peak_mb: int
    date: str
    command: str


def needed_size(peak_mb: int) -> ContainerSize | None:
    """Return the smallest container in which a grade with this peak fits; None if none does."""
    fitting = (size for size in SIZES if peak_mb + _RESERVED_MB <= size.memory_mb)
    return next(fitting, None)


def read_measurement(path: Path) -> Measurement | None:
    """Read what the benchmark wrote; None if nothing has been measured yet.

    Raises
    ------
    AssignmentError
        If the file is there and has not the keys ``peak_mb`` (a positive int), ``date`` and
        ``command``.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise AssignmentError(f"{path.name} is not JSON ({error}): measure again") from error
    peak = content.get("peak_mb") if isinstance(content, dict) else None
    if type(peak) is not int or peak <= 0:
        raise AssignmentError(
            f"{path.name}: expected 'peak_mb', a positive whole number, got {peak!r}: measure again"
        )
    return Measurement(peak, str(content.get("date", "")), str(content.get("command", "")))


def find_measurement(assignment: str, folder: Path) -> Measurement | None:
    """Return what was measured of an assignment; None if nothing has been measured yet.

    Parameters
    ----------
    assignment : str
        Its id.
    folder : Path
        ``docs/measurements``, where the benchmark of memory writes ``<id>_memory.json`` and the
        proof of the grading ``proof_<id>.json``. The benchmark looks closer and is preferred.

    Raises
    ------
    AssignmentError
        As ``read_measurement``.
    """
    benchmark = read_measurement(folder / f"{assignment}_memory.json")
    proof = folder / f"proof_{assignment}.json"
    return read_measurement(proof) if benchmark is None and _has_peak(proof) else benchmark


def _has_peak(proof: Path) -> bool:
    """Tell whether a proof was carried out to its end; a file with damage is left to the reader."""
    try:
        content = json.loads(proof.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return isinstance(content, dict) and "peak_mb" in content


def sentence(measurement: Measurement | None) -> str:
    """Tell an instructor which container to choose on Gradescope."""
    if measurement is None:
        return "Container size: not measured yet."
    measured = f"a grade peaks at {measurement.peak_mb:,} MB"
    if measurement.date:
        measured += f", measured on {measurement.date}"
    if measurement.command:
        measured += f" with '{measurement.command}'"
    size = needed_size(measurement.peak_mb)
    if size is None:
        return f"Container size: no Gradescope container is large enough ({measured})."
    return f"Container size: choose {size} on Gradescope ({measured})."
