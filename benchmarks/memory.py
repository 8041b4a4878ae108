"""Measure the peak memory of grading an assignment, process by process.

    python -m benchmarks.memory m5            # the reference submission, as in a small container
    python -m benchmarks.memory m5 --limit-mb 1500   # inside a memory control group of that size

Writes docs/measurements/<id>_memory.json, from which `mnist-course autograder build` says which
Gradescope container the assignment needs.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil

from benchmarks.measuring import TreeSampler, save
from examples import submissions
from mnist_course.grading.autograde import autograde

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "reference_784_64_10"


def classify(process: psutil.Process) -> str:
    """Name the part of the grader that a process is."""
    command = " ".join(process.cmdline())
    for mark, name in (
        ("ipykernel_launcher", "student's kernel"),
        ("grading.evaluator", "evaluator"),
        ("grading.test_runner", "test runner"),
    ):
        if mark in command:
            return name
    return "grading parent" if process.pid == os.getpid() else "other"


@contextmanager
def memory_group(limit_mb: int | None) -> Iterator[None]:
    """Put this process, and all it starts, under a memory limit (control groups, version 1 or 2).

    Raises
    ------
    OSError
        If the system does not let us: the limit must be real or the benchmark say so.
    """
    if limit_mb is None:
        yield
        return
    base = Path("/sys/fs/cgroup")
    old = base / "memory"
    parent, name = (old, "memory.limit_in_bytes") if old.is_dir() else (base, "memory.max")
    group = parent / f"mnist-course-benchmark-{os.getpid()}"
    group.mkdir()
    try:
        (group / name).write_text(str(limit_mb * 10**6))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (parent / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def measure(assignment: str, *, overlap: bool, float64: bool = False) -> dict[str, object]:
    """Grade the reference and return its peaks in MB (10^6 bytes).

    With ``float64`` the pixels are divided as in many public notebooks, without float32.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.ipynb"
        notebook = submissions.make(EXAMPLE)
        if float64:
            for cell in notebook.cells:
                cell.source = cell.source.replace('.astype("float32")', "")
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
        source = ROOT / "source" / assignment / f"{assignment}.ipynb"
        with TreeSampler(classify) as sampler:
            outcome = autograde(path, source, overlap=overlap)
    return {
        "example": EXAMPLE + (", float64 pixels" if float64 else ""),
        "overlap": overlap,
        "score": outcome.grade.score,
        "max_score": outcome.grade.max_score,
        "peak_mb": round(sampler.peak / 1e6),
        "at_peak_mb": {k: round(v / 1e6) for k, v in sorted(sampler.at_peak.items())},
        "each_peak_mb": {k: round(v / 1e6) for k, v in sorted(sampler.peaks.items())},
    }


def main() -> int:
    """Measure the examples and write the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("assignment", nargs="?", default="m5")
    parser.add_argument("--limit-mb", type=int, help="run inside a memory group of this size")
    arguments = parser.parse_args()
    with memory_group(arguments.limit_mb):
        runs = [measure(arguments.assignment, overlap=False)]
        if arguments.limit_mb is None:
            runs.append(measure(arguments.assignment, overlap=False, float64=True))
            runs.append(measure(arguments.assignment, overlap=True))
    parent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for run in runs:
        print(run)
    print(f"grading parent, peak RSS of this process: {parent:.0f} MiB")
    limited = f" --limit-mb {arguments.limit_mb}" if arguments.limit_mb else ""
    command = f"python -m benchmarks.memory {arguments.assignment}{limited}"
    name = f"{arguments.assignment}_memory"
    save(
        f"{name}_limit_{arguments.limit_mb}" if arguments.limit_mb else name,
        command,
        {
            "limit_mb": arguments.limit_mb,
            "peak_mb": runs[0]["peak_mb"],
            "parent_rss_mib": round(parent),
            "runs": runs,
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
