"""Grade one class of M5 with this engine, `nbgrader autograde` and `otter run` in a loop.

    python -m benchmarks.class_speed                          # 20 submissions, more than an hour
    python -m benchmarks.class_speed --submissions 4 --ways ours nbgrader

The class is the examples of mixed quality, each with several seeds, the hostile ones left out: a
loop without an end costs each grader just its time limit. All get the same notebooks and the same
tests, hidden ones included, one way after another on this machine: ours first, then the others,
then ours once more, because a shared machine is faster now than later. Then one test is changed:
ours judges it on stored runs, the others run every notebook again, so their first time counts.
Writes docs/measurements/class_speed.json.

- ours: `mnist-course grade-class`, with sandbox, retrainings, pages, audit log and gradebook
- nbgrader: `nbgrader autograde` with its own preprocessors
- otter: `otter assign`, then `otter run` for each notebook, in an environment that has the course
- alone: `mnist-course grade` for each notebook, for its scores
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shlex
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import nbformat
import psutil

from benchmarks.attacks.neighbour import PINS
from benchmarks.measuring import Timed, TreeSampler, save, timed
from benchmarks.speed import CONFIG, quiet
from examples import submissions
from mnist_course.grading.assignment import read_assignment, visible_source

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m5" / "m5.ipynb"
BIN = Path(sys.executable).parent
MIXED = (
    "reference_784_64_10", "untouched", "seed_1000_10_10", "linear_only", "trained_on_test",
    "relu_output", "reference_784_64_10", "nan_loss", "seed_1000_10_10", "printed_accuracy",
)  # fmt: skip
_HIDDEN = re.compile(r"### (?:BEGIN|END) HIDDEN TESTS\n?")
_CHANGED = "# m5-accuracy"


def make_class(folder: Path, count: int) -> list[Path]:
    """Write ``count`` submissions to ``folder/submitted/<student>/m5/m5.ipynb``."""
    paths = []
    for number, name in enumerate(islice(cycle(MIXED), count)):
        path = folder / "submitted" / f"s{number:03}" / "m5" / "m5.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(submissions.make(name, seed=number), path)  # type: ignore[no-untyped-call]
        paths.append(path)
    return paths


def course(folder: Path, config: str) -> None:
    """Make an nbgrader course around the class, its release included."""
    (folder / "nbgrader_config.py").write_text(config)
    (folder / "source" / "m5").mkdir(parents=True)
    shutil.copy(SOURCE, folder / "source" / "m5" / "m5.ipynb")
    quiet([str(BIN / "nbgrader"), "generate_assignment", "m5", "--force"], folder)


def change_a_test(folder: Path) -> None:
    """Change the hidden part of one test in a course."""
    path = folder / "source" / "m5" / "m5.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if text.startswith(_CHANGED):
            begin = "### BEGIN HIDDEN TESTS\n"
            assert begin in text, "this item has no hidden tests"
            cell["source"] = text.replace(begin, f"{begin}# looked at again\n")
    path.write_text(json.dumps(notebook, indent=1))


def ours(folder: Path, workers: int) -> dict[str, Any]:
    """Grade the class; then again after a test was changed."""
    course(folder, (ROOT / "nbgrader_config.py").read_text())
    command = [str(BIN / "mnist-course"), "grade-class", "m5", "--workers", str(workers)]
    first = measured(lambda: quiet(command, folder))
    change_a_test(folder)
    again = measured(lambda: quiet(command, folder))
    lines = [json.loads(line) for line in (folder / "results/m5/audit.jsonl").open()]
    scores: dict[str, float] = {}
    for line in lines:
        scores.setdefault(line["student"], line["score"])
    return {
        "first": first,
        "changed": again,
        "scores": dict(sorted(scores.items())),
        "judged_again": sum(line["state"] == "judged" for line in lines),
    }


def alone(folder: Path, paths: Sequence[Path]) -> dict[str, Any]:
    """Grade each submission by itself, as a person would."""
    commands = {
        path.parts[-3]: [
            str(BIN / "mnist-course"), "grade", str(path), "--assignment", "m5",
            "--output", str(folder / "results" / path.parts[-3]), "--root", str(ROOT),
        ]
        for path in paths
    }  # fmt: skip

    def each() -> None:
        for command in commands.values():
            quiet(command, folder)

    first = measured(each)
    scores = {
        student: json.loads((folder / "results" / student / "results.json").read_text())["score"]
        for student in commands
    }
    return {"first": first, "scores": scores}


def nbgrader(folder: Path) -> dict[str, Any]:
    """Grade the class with stock nbgrader."""
    course(folder, CONFIG.format(root=str(folder)))
    command = [str(BIN / "nbgrader"), "autograde", "m5", "--force"]
    first = measured(lambda: quiet(command, folder))
    graded = len(list((folder / "autograded").glob("*/m5/m5.ipynb")))
    return {"first": first, "graded": graded}


def otter(folder: Path, paths: Sequence[Path], python: Path) -> dict[str, Any]:
    """Grade the class with ``otter run``, one notebook after another."""
    program = str(python.with_name("otter"))
    (folder / "m5.ipynb").write_text(json.dumps(otter_source()))
    quiet([program, "assign", "m5.ipynb", "dist"], folder)
    (archive,) = (folder / "dist" / "autograder").glob("*.zip")
    student = json.loads((folder / "dist" / "student" / "m5.ipynb").read_text())
    checks = [c for c in student["cells"] if "".join(c["source"]).startswith("grader.check")]
    head = next(c for c in student["cells"] if "import otter" in "".join(c["source"]))
    commands = []
    for number, path in enumerate(paths):
        notebook = json.loads(path.read_text())
        own = [c for c in notebook["cells"] if not _is_test(c)]
        notebook["metadata"] = student["metadata"]
        notebook["cells"] = [head, *own, *checks]
        for place, cell in enumerate(notebook["cells"]):
            cell["id"] = f"cell-{place}"
        target = folder / "in" / f"{number}" / "m5.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(notebook))
        results = folder / "out" / f"{number}"
        results.mkdir(parents=True)
        commands.append(
            [program, "run", str(target), "--no-logo", "-a", str(archive), "-o", str(results)]
        )

    def all_of_them() -> None:
        for command in commands:
            quiet(command, folder)

    first = measured(all_of_them)
    return {"first": first, "graded": len(list(folder.glob("out/*/results.json")))}


def otter_source() -> dict[str, Any]:
    """Return our source notebook in Otter's form: each grade cell is a question's test."""
    config = "# ASSIGNMENT CONFIG\nname: m5\nsolutions_pdf: false\nexport_cell: false\n"
    config += "init_cell: true\nrun_tests: false"
    cells: list[dict[str, Any]] = [_raw(config)]
    for cell in read_assignment(SOURCE).cells:
        if cell.is_grade_cell:
            cells += [
                _raw(f"# BEGIN QUESTION\nname: {cell.grade_id}\npoints: {cell.points:g}"),
                _raw("# BEGIN TESTS"),
                _code(_silent(_HIDDEN.sub("", cell.source))),
                _raw("# END TESTS"),
                _raw("# END QUESTION"),
            ]
        elif cell.cell_type == "code":
            cells.append(_code(visible_source(cell.source)))
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell.source})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}


def _silent(source: str) -> str:
    """Return a test whose last value is checked, not shown: Otter compares what is shown."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.parse(f"assert {ast.unparse(last.value)} is not None").body[0]
    return ast.unparse(tree)


def _is_test(cell: dict[str, Any]) -> bool:
    known = cell.get("metadata", {}).get("nbgrader", {})
    return bool(known.get("grade") and not known.get("solution") and cell["cell_type"] == "code")


def _raw(text: str) -> dict[str, Any]:
    return {"cell_type": "raw", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "metadata": {}, "source": text, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


def otter_environment() -> Path:
    """Make an environment with Otter beside all that the course needs; return its Python."""
    folder = ROOT / "build" / "otter-with-course"
    python = folder / "bin" / "python"
    stamp = folder / "installed.json"
    pins = (ROOT / "requirements.txt").read_text()
    pins = re.sub(r"(?m)^wrapt==.*$", "wrapt", pins)  # Otter needs an older one
    wanted = [PINS[0], pins]
    if not stamp.exists() or json.loads(stamp.read_text()) != wanted:
        quiet([sys.executable, "-m", "venv", "--clear", str(folder)], ROOT)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        (folder / "requirements.txt").write_text(pins)
        quiet([*pip, "-r", str(folder / "requirements.txt"), PINS[0]], ROOT)
        quiet([*pip, "--no-deps", "--editable", "."], ROOT)
        stamp.write_text(json.dumps(wanted))
    return python


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Return wall and CPU seconds of commands, with the most memory that they held together."""
    with TreeSampler(_kind, interval=2.0, share=0.01) as sampler:
        took: Timed = timed(work)
    return {
        "wall": round(took.wall, 1),
        "cpu": round(took.cpu, 1),
        "peak_mb": round((sampler.peak - sampler.at_peak.get("benchmark", 0)) / 1e6),
    }


_ME = psutil.Process().pid


def _kind(process: psutil.Process) -> str:
    return "benchmark" if process.pid == _ME else "grading"


def _ours(workers: int, *, once_more: bool = False) -> str:
    name = f"ours, {workers} worker{'s' if workers != 1 else ''}"
    return f"{name}, once more" if once_more else name


def summed_up(found: dict[str, dict[str, Any]], count: int, workers: int) -> dict[str, Any]:
    """Return the figures of the ways that are done, with ratios to ours, the mean of both times."""
    names = (_ours(workers), _ours(workers, once_more=True))
    best = [found[name] for name in names if name in found]
    ratios = {}
    for other in ("nbgrader", "otter"):
        if best and other in found:
            wall = found[other]["first"]["wall"]
            for part, suffix, digits in (("first", "", 2), ("changed", "_changed", 1)):
                mean = statistics.mean(way[part]["wall"] for way in best)
                ratios[f"{other}_over_ours{suffix}"] = round(wall / mean, digits)
    figures: dict[str, Any] = {"submissions": count, "ratios": ratios, "ways": found}
    if best and "alone" in found:
        figures["same_scores"] = all(way["scores"] == found["alone"]["scores"] for way in best)
    return figures


def main() -> int:
    """Grade the class in each way and write figures with ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--ways", nargs="+", default=["ours", "nbgrader", "otter", "alone"])
    arguments = parser.parse_args()
    count = arguments.submissions
    command = shlex.join(["python", "-m", "benchmarks.class_speed", *sys.argv[1:]])
    python = otter_environment() if "otter" in arguments.ways else Path()
    found: dict[str, dict[str, Any]] = {}

    def tell(name: str, figures: dict[str, Any]) -> None:
        """Show a way's figures, and write all that are known: the next way may take long."""
        found[name] = figures
        print(name, json.dumps(figures), flush=True)
        known = summed_up(found, count, arguments.workers[0])
        save("class_speed", command, known)

    with tempfile.TemporaryDirectory() as name:
        base = Path(name)

        def tell_ours(workers: int, *, once_more: bool = False) -> None:
            folder = base / f"ours{workers}{once_more}"
            make_class(folder, count)
            tell(_ours(workers, once_more=once_more), ours(folder, workers))

        if "ours" in arguments.ways:
            tell_ours(arguments.workers[0])
        if "nbgrader" in arguments.ways:
            make_class(base / "nbgrader", count)
            tell("nbgrader", nbgrader(base / "nbgrader"))
        if "otter" in arguments.ways:
            paths = make_class(base / "otter", count)
            tell("otter", otter(base / "otter", paths, python))
        if "ours" in arguments.ways:
            tell_ours(arguments.workers[0], once_more=True)
        if "alone" in arguments.ways:
            paths = make_class(base / "alone", count)
            tell("alone", alone(base / "alone", paths))
        if "ours" in arguments.ways:
            for workers in arguments.workers[1:]:
                tell_ours(workers)
    print(json.dumps(summed_up(found, count, arguments.workers[0])["ratios"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
