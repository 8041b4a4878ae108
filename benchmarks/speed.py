"""Compare grading one M5 submission: ours, stock `nbgrader autograde`, the bare script.

    python -m benchmarks.speed                # three rounds, the ways in turn
    python -m benchmarks.speed --rounds 1

The same submission (the 784-64-10 reference: five fits of five epochs, then a diagnosis) and the
same tests, hidden ones included. In each round the ways run one after another, so that a machine
that is slower for a while is slower for all; the ratios are taken round by round. Writes
docs/measurements/m5_speed.json.

- ours: `autograde`, with sandbox, judging, two retrainings and a re-run log entry
- stock: `nbgrader autograde` with its own preprocessors; the tests run in the student's kernel
- script: the code cells of the submission as one Python script, without any test
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat

from benchmarks.measuring import Timed, save, timed
from examples import submissions
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.autograde import autograde
from mnist_course.grading.notebook_file import read
from mnist_course.grading.submission import align

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m5" / "m5.ipynb"
EXAMPLE = "reference_784_64_10"
CONFIG = """c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.db_url = "sqlite:///{root}/gradebook.db"
c.Execute.timeout = 1200
c.ExecutePreprocessor.timeout = 1200
c.NbGrader.logfile = ""
"""


def quiet(command: list[str], cwd: Path) -> None:
    """Run a command; show its output only when it fails."""
    # nbgrader starts `alembic` by name, and a virtual environment need not be activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "agg"}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        sys.stderr.write(ended.stdout[-3000:] + ended.stderr[-3000:])
        raise SystemExit(f"{command[0]} ended with status {ended.returncode}")


def stock_course(folder: Path, notebook: Path) -> None:
    """Make an nbgrader course with our source notebook, one submission, stock preprocessors."""
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(folder)))
    (folder / "source" / "m5").mkdir(parents=True)
    shutil.copy(SOURCE, folder / "source" / "m5" / "m5.ipynb")
    (folder / "submitted" / "alice" / "m5").mkdir(parents=True)
    shutil.copy(notebook, folder / "submitted" / "alice" / "m5" / "m5.ipynb")
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    quiet([nbgrader, "generate_assignment", "m5", "--force"], folder)


def stock(folder: Path) -> None:
    """Grade the submission with stock nbgrader."""
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    quiet([nbgrader, "autograde", "m5", "--force"], folder)


def script(folder: Path, notebook: Path) -> Path:
    """Write the code that the student's kernel runs as one script."""
    aligned = align(read(notebook), read_assignment(SOURCE))
    code = "\n\n".join(c.source for c in aligned.cells if c.runs)
    path = folder / "script.py"
    # What Jupyter gives a notebook and a script has not: display.
    path.write_text("def display(*values):\n    pass\n\n" + code + "\n")
    return path


def main() -> int:
    """Time the ways in turn and write figures with ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rounds: list[dict[str, Timed]] = []
    scores: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = folder / "m5.ipynb"
        nbformat.write(submissions.make(EXAMPLE), notebook)  # type: ignore[no-untyped-call]
        course = folder / "course"
        course.mkdir()
        stock_course(course, notebook)
        bare = script(folder, notebook)
        ways: dict[str, Callable[[], object]] = {
            "ours": lambda: scores.append(autograde(notebook, SOURCE).grade.score),
            "stock": lambda: stock(course),
            "script": lambda: quiet([sys.executable, "-W", "ignore", str(bare)], folder),
        }
        for _ in range(arguments.rounds):
            rounds.append({way: timed(work) for way, work in ways.items()})
            print(json.dumps({w: round(t.wall, 1) for w, t in rounds[-1].items()}), flush=True)

    def median(values: list[float]) -> float:
        return round(statistics.median(values), 2)

    figures = {
        "example": EXAMPLE,
        "rounds": len(rounds),
        "score": scores,
        "wall_seconds": {w: median([r[w].wall for r in rounds]) for w in rounds[0]},
        "cpu_seconds": {w: median([r[w].cpu for r in rounds]) for w in rounds[0]},
        "stock_over_ours": [round(r["stock"].wall / r["ours"].wall, 2) for r in rounds],
        "script_over_ours": [round(r["script"].wall / r["ours"].wall, 2) for r in rounds],
    }
    print(json.dumps(figures, indent=2))
    save("m5_speed", f"python -m benchmarks.speed --rounds {arguments.rounds}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
