"""Compare what it costs to start: `mnist-course --help` against `nbgrader --help`.

    python -m benchmarks.startup --rounds 7

Writes docs/measurements/startup.json.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import save


def seconds(command: list[str]) -> float:
    """Return the wall time of a command."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Time the commands in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    here = Path(sys.executable)
    ways = {
        "mnist-course --help": [str(here.with_name("mnist-course")), "--help"],
        "nbgrader --help": [str(here.with_name("nbgrader")), "--help"],
        "import mnist_course": [str(here), "-c", "import mnist_course"],
        "python": [str(here), "-c", "pass"],
    }
    for command in ways.values():
        seconds(command)  # once to warm the file cache
    rounds = [{n: seconds(c) for n, c in ways.items()} for _ in range(arguments.rounds)]
    ratios = [r["nbgrader --help"] / r["mnist-course --help"] for r in rounds]
    figures = {
        "rounds": arguments.rounds,
        "seconds": {n: round(statistics.median([r[n] for r in rounds]), 3) for n in ways},
        "nbgrader_over_ours": round(statistics.median(ratios), 1),
    }
    print(figures)
    save("startup", f"python -m benchmarks.startup --rounds {arguments.rounds}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
