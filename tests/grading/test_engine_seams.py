"""The seams of the design: who imports what, who starts processes, who is heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mnist_course

PACKAGE = Path(mnist_course.__file__).parent
GRADING = sorted((PACKAGE / "grading").rglob("*.py"))
ALL = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"keras", "tensorflow", "matplotlib", "seaborn", "sklearn", "pandas"}
UNPICKLERS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
# Engine, then the tools around it.
STARTERS = {
    "provisioner", "sandbox", "keeper", "forker", "forkserver", "watch", "evaluator", "grade_cells",
    "test_runner",
    "bundle", "gradescope_emulator", "gradescope_run", "release", "wheel",
}  # fmt: skip


def imports(tree: ast.AST, *, top_level: bool = False) -> Iterator[str]:
    """Give the full names of imported modules; only those that importing the file loads."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        if top_level and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if (
            top_level
            and isinstance(node, ast.If)
            and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING"
        ):
            todo += node.orelse
            continue
        todo += ast.iter_child_nodes(node)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", GRADING, ids=lambda p: p.stem)
def test_grading_loads_nothing_heavy(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(parsed(path), top_level=True)}
    assert not roots & HEAVY


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_nobody_unpickles(path: Path) -> None:
    tree = parsed(path)
    assert not {name.split(".")[0] for name in imports(tree)} & UNPICKLERS
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False


LOADERS = {
    "load_model", "model_from_json", "model_from_config", "from_config", "clone_model",
    "load_weights", "deserialize", "deserialize_keras_object", "load_module",
}  # fmt: skip


@pytest.mark.parametrize("path", GRADING, ids=lambda p: p.stem)
def test_no_loader_of_keras_is_called(path: Path) -> None:
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.Attribute, ast.Name))
    }
    assert not names & LOADERS


@pytest.mark.parametrize("path", GRADING, ids=lambda p: p.stem)
def test_only_a_few_start_processes(path: Path) -> None:
    tree = parsed(path)
    starts = {"subprocess", "multiprocessing", "pty"} & {n.split(".")[0] for n in imports(tree)}
    starts |= {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and (
            node.attr in ("fork", "forkpty", "system", "popen") or node.attr[:4] in ("exec", "spaw")
        )
    }
    assert not starts or path.stem in STARTERS, starts


@pytest.mark.parametrize("path", GRADING, ids=lambda p: p.stem)
def test_code_is_executed_in_few_places(path: Path) -> None:
    """In the test runner a grade cell; in a fork, once it is closed in, what a command says."""
    called = {
        node.func.id
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"exec", "eval", "__import__"} or path.stem in ("test_runner", "forker")


def _reaches(start: str) -> set[str]:
    """Return the modules of grading that importing one of them loads."""
    seen: set[str] = set()
    todo = [start]
    prefix = "mnist_course.grading."
    while todo:
        name = todo.pop()
        if name in seen or not (PACKAGE / "grading" / f"{name}.py").exists():
            continue
        seen.add(name)
        tree = parsed(PACKAGE / "grading" / f"{name}.py")
        todo += [i.removeprefix(prefix).split(".")[0] for i in imports(tree) if prefix in i + "."]
    return seen


def test_a_submission_is_read_without_any_means_to_run_it() -> None:
    reached = _reaches("submission") | _reaches("notebook_file")
    assert reached == {
        "submission", "notebook_file", "notebook_outline", "untrusted_file", "submitted_zip",
        "assignment", "escaping", "redaction", "embedded_picture",
    }  # fmt: skip
    assert not reached & STARTERS
    assert "submission" not in _reaches("assignment")


@pytest.mark.parametrize("path", sorted((PACKAGE / "grading" / "confine").glob("*.py")))
def test_what_closes_a_sandbox_needs_the_standard_library_only(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(parsed(path))}
    assert roots <= sys.stdlib_module_names | {"mnist_course"}
    ours = {name for name in imports(parsed(path)) if name.startswith("mnist_course.")}
    assert all(name.startswith("mnist_course.grading.confine") for name in ours)


def test_the_test_runner_never_meets_the_students_side() -> None:
    assert not _reaches("test_runner") & {
        "execution", "kernel_session", "namespace", "provisioner", "student_calls",
        "student_notebook", "submission",
    }  # fmt: skip


def test_importing_the_engine_is_light() -> None:
    code = (
        "import sys, mnist_course.cli\n"
        "from mnist_course.grading import autograde, report, terminal\n"
        f"print([m for m in {sorted(HEAVY)!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
