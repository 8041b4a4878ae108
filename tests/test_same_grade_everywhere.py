"""One submission, one grade: command line, nbgrader and the emulated Gradescope agree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from examples.submissions import make

pytestmark = [pytest.mark.slow, pytest.mark.kernel, pytest.mark.keras]

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def command(*words: str, cwd: Path = ROOT) -> str:
    ended = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


def scores_in(results: Path) -> dict[str, float]:
    tests = json.loads(results.read_text())["tests"]
    return {t["extra_data"]["grade_id"]: t["score"] for t in tests}


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right and a wrong part, out of Colab: no metadata, another name, noise on stderr."""
    notebook = make("linear_only")
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.execution_count = 99
    noise = 'import sys, warnings\nwarnings.warn("careful")\nprint("noise", file=sys.stderr)\n'
    notebook.cells.insert(0, nbformat.v4.new_code_cell(noise))
    path = tmp_path_factory.mktemp("submission") / "Copy of m5 (1).ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def by_command_line(submission: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    output = tmp_path_factory.mktemp("grade")
    command("mnist-course", "grade", str(submission), "--assignment", "m5", "--output", str(output))
    return scores_in(output / "results.json")


def test_the_submission_tells_the_ways_apart(by_command_line: dict[str, float]) -> None:
    """Equal scores would mean little if all of them were 0, or all of them full."""
    assert by_command_line["m5-model"] == 5
    assert by_command_line["m5-accuracy"] == 8
    assert by_command_line["m5-log"] == 0


def test_nbgrader_gives_the_same_scores(
    submission: Path, by_command_line: dict[str, float], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "source", tmp_path / "source")
    folder = tmp_path / "submitted" / "alice" / "m5"
    folder.mkdir(parents=True)
    shutil.copy(submission, folder)
    command("nbgrader", "generate_assignment", "m5", cwd=tmp_path)
    command("nbgrader", "autograde", "m5", cwd=tmp_path)
    command("nbgrader", "generate_feedback", "m5", cwd=tmp_path)
    script = (
        "import json\n"
        "from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        "    notebook = book.find_submission_notebook('m5', 'm5', 'alice')\n"
        "    print(json.dumps({g.cell.name: g.auto_score for g in notebook.grades}))\n"
    )
    stored = json.loads(command("python", "-W", "ignore", "-c", script, cwd=tmp_path))
    automatic = {name: score for name, score in stored.items() if name in by_command_line}
    assert automatic == by_command_line
    assert (tmp_path / "feedback" / "alice" / "m5" / "m5.html").is_file()


@pytest.mark.skipif(os.name != "posix", reason="Gradescope's harness is a Linux container")
def test_gradescope_gives_the_same_scores(
    submission: Path, by_command_line: dict[str, float], tmp_path: Path
) -> None:
    zip_file, output = tmp_path / "m5.zip", tmp_path / "out"
    command("mnist-course", "autograder", "build", "m5", "--output", str(zip_file))
    command(
        "mnist-course", "autograder", "run", str(zip_file), str(submission), "--output", str(output)
    )
    assert scores_in(output / "results.json") == by_command_line
