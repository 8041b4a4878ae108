"""What the whole sandbox costs against a plain process: at the start, and over a notebook of M5.

    python -m benchmarks.sandbox_overhead --rounds 5 --starts 15

Each round does the same work both ways, in turn, on the same machine: starts a kernel until it
answers, and runs all cells of the reference submission with the values exported at the end.
Writes docs/measurements/sandbox_overhead.json.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from benchmarks.measuring import save
from examples import submissions
from mnist_course.grading import autograde, kernel_session
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.kernel_session import KernelSession
from mnist_course.grading.notebook_file import read
from mnist_course.grading.sandbox import Limits, Sandbox, SandboxOptions
from mnist_course.grading.student_notebook import execute
from mnist_course.grading.submission import align

SOURCE = Path(__file__).resolve().parent.parent / "source" / "m5" / "m5.ipynb"
EXAMPLE = "reference_784_64_10"


class PlainProcess(Sandbox):
    """The same folders and environment, and a process without any layer or keeper."""

    def __enter__(self) -> PlainProcess:
        super().__enter__()
        self.uid = None
        self._plain: list[subprocess.Popen[bytes]] = []
        return self

    def start(
        self,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command as any program would."""
        process = subprocess.Popen(
            command,
            env=self.environment() | dict(environment or {}),
            cwd=self.work,
            pass_fds=tuple(pass_fds),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._plain.append(process)
        return process

    def kill(self) -> None:
        """End what was started."""
        for process in self._plain:
            process.kill()
            process.wait()


WAYS = {"sandbox": Sandbox, "plain": PlainProcess}


def start_seconds(way: str) -> float:
    """Return the seconds until a kernel answers."""

    async def go() -> float:
        session = KernelSession(Limits(), SandboxOptions())
        begun = time.perf_counter()
        async with session.running(60):
            return time.perf_counter() - begun

    setattr(kernel_session, "Sandbox", WAYS[way])  # noqa: B010 - the name is not exported
    return asyncio.run(go())


def notebook_seconds(way: str, submission: Path) -> float:
    """Return the seconds that all cells of a submission take, with the export of its values."""
    setattr(kernel_session, "Sandbox", WAYS[way])  # noqa: B010 - the name is not exported
    trusted = read_assignment(SOURCE)
    aligned = align(read(submission), trusted)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        done = execute(
            aligned.cells,
            setup=autograde._SETUP,
            capture=autograde._CAPTURE.format(names=sorted(trusted.names_needed())),
            destination=Path(folder) / "captured.frame",
        )
        seconds = time.perf_counter() - begun
    if done.errors or done.captured is None:
        raise RuntimeError(f"the reference did not run: {done.errors}")
    return seconds


def main() -> int:
    """Measure in pairs and save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=15)
    arguments = parser.parse_args()
    starts: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(arguments.starts + 1):
        for way in sorted(WAYS, reverse=number % 2 == 0):
            seconds = start_seconds(way)
            if number:  # the first pair warms the file cache
                starts[way].append(seconds)
    runs: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m5.ipynb"
        nbformat.write(submissions.make(EXAMPLE), path)  # type: ignore[no-untyped-call]
        for number in range(arguments.rounds):
            for way in sorted(WAYS, reverse=number % 2 == 0):
                runs[way].append(notebook_seconds(way, path))
                print(f"round {number + 1}, {way}: {runs[way][-1]:.1f} s", flush=True)
    differences = [a - b for a, b in zip(starts["sandbox"], starts["plain"], strict=True)]
    ratios = [a / b for a, b in zip(runs["sandbox"], runs["plain"], strict=True)]
    figures = {
        "rounds": arguments.rounds,
        "starts": arguments.starts,
        "start_seconds": {w: round(statistics.median(s), 3) for w, s in starts.items()},
        "start_difference_ms": round(1e3 * statistics.median(differences), 1),
        "notebook_seconds": {w: round(statistics.median(s), 2) for w, s in runs.items()},
        "sandbox_over_plain": [round(r, 3) for r in ratios],
    }
    print(figures)
    command = (
        f"python -m benchmarks.sandbox_overhead --rounds {arguments.rounds} "
        f"--starts {arguments.starts}"
    )
    save("sandbox_overhead", command, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
