"""Tell whether this machine can grade, and how well it keeps student code apart."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from mnist_course.exceptions import MnistCourseError
from mnist_course.grading.memory import available_memory
from mnist_course.grading.sandbox import Sandbox, SandboxOptions
from mnist_course.grading.sandbox_layers import missing_layers

__all__ = ["Finding", "State", "examine"]

_PACKAGES = ("tensorflow", "keras", "numpy", "nbgrader", "nbclient", "ipykernel")
_MEMORY = 1_500_000_000  # bytes; what a grade of M5 needs
_DISK = 2_000_000_000
# What to do where a layer is missing.
_ADVICE = {
    "own user": "Grade as root in a container, as Gradescope does; file rules do as well.",
    "own files": "Needs root, or user namespaces for everybody; file rules do as well.",
    "own process numbers": "Comes with own files.",
    "file rules": "Needs Linux 5.13 with Landlock among its security modules.",
    "system calls": "Needs Linux with seccomp on x86_64 or aarch64.",
    "control group": "Needs a group that may be written; the keeper watches memory instead.",
    "verified": "Close what was reached: chmod 700 source results, or grade as root.",
}


class State(StrEnum):
    """How one finding is to be taken."""

    GOOD = "good"
    LESS = "less"  # works, something is missing
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what it is, how it is, what to do."""

    name: str
    state: State
    detail: str
    advice: str = ""


def examine(root: Path = Path(), *, without: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Look at this machine.

    Parameters
    ----------
    root : Path
        The course's folder; its ``source`` must be out of a sandbox' reach.
    without : frozenset of str
        Layers to switch off, to see what would be said.

    Returns
    -------
    tuple of Finding
        None of them ``BAD`` when ``--require-sandbox`` would grade here.
    """
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _data,
        _commands,
        _room,
        lambda: _sandbox(root, without),
    )
    return tuple(finding for part in parts for finding in part())


def _python() -> Iterator[Finding]:
    where = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    new_enough = sys.version_info >= (3, 11)
    yield Finding("python", State.GOOD if new_enough else State.BAD, where, "Use Python 3.11.")
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            advice = "pip install -r requirements.txt"
            yield Finding("packages", State.BAD, f"{package} is not installed", advice)
    yield Finding("packages", State.GOOD, ", ".join(found))


def _data() -> Iterator[Finding]:
    from mnist_course.datasets import fashion_mnist, mnist

    try:
        mnist.verify()
    except MnistCourseError as error:
        yield Finding("MNIST", State.BAD, str(error), "Install the package again.")
    else:
        yield Finding("MNIST", State.GOOD, "70,000 images, SHA-256 as known")
    try:
        fashion_mnist.verify()
    except MnistCourseError:
        words = "not here, or damaged: the assignments about clothes cannot be graded"
        advice = "mnist-course data fetch --sys-prefix fashion_mnist"
        yield Finding("Fashion-MNIST", State.LESS, words, advice)
    else:
        yield Finding("Fashion-MNIST", State.GOOD, "70,000 images, SHA-256 as known")


def _commands() -> Iterator[Finding]:
    beside = Path(sys.executable).parent / "alembic"
    if beside.exists() or shutil.which("alembic"):
        yield Finding("nbgrader's database", State.GOOD, "alembic is there")
    else:
        advice = "Activate the environment, so that nbgrader finds its command alembic."
        yield Finding("nbgrader's database", State.LESS, "no command alembic", advice)


def _room() -> Iterator[Finding]:
    memory = available_memory()
    words = f"{memory / 1e9:.1f} GB free, {os.cpu_count()} cores"
    state = State.GOOD if memory >= _MEMORY else State.LESS
    yield Finding("memory", state, words, f"A grade of M5 takes {_MEMORY / 1e9:.1f} GB.")
    free = shutil.disk_usage(tempfile.gettempdir()).free
    state = State.GOOD if free >= _DISK else State.LESS
    yield Finding("scratch", state, f"{free / 1e9:.1f} GB free", "Set TMPDIR to a larger disk.")


def _sandbox(root: Path, without: frozenset[str]) -> Iterator[Finding]:
    source = (root / "source").resolve()
    with tempfile.TemporaryDirectory(prefix="mnist-course-doctor-") as folder:
        secret = Path(folder) / "hidden-tests"
        secret.write_text("nobody in a sandbox may read this")
        protected = (secret, *((source,) if source.is_dir() else ()))
        try:
            options = SandboxOptions(protected=protected, without=without)
            with Sandbox(options=options) as sandbox:
                command = [sys.executable, "-I", "-c", "import mnist_course.grading.namespace"]
                process = sandbox.start(command)
                status = process.wait(timeout=120)
                words = sandbox.log(process).strip()[-300:]
                layers = sandbox.layers
        except (MnistCourseError, OSError) as error:
            yield Finding("sandbox", State.BAD, str(error))
            return
    if status:
        words = f"Python does not run in it (status {status}): {words}"
        yield Finding("sandbox", State.BAD, words)
        return
    missing = missing_layers(layers)
    for layer in layers:
        name = f"sandbox: {layer.name}"
        if layer.active:
            yield Finding(name, State.GOOD, layer.detail)
        else:
            bad = any(words.startswith(layer.name) for words in missing)
            state = State.BAD if bad else State.LESS
            yield Finding(name, state, layer.detail, _ADVICE.get(layer.name, ""))
    if missing:
        words = "--require-sandbox would refuse to grade here: " + "; ".join(missing)
        yield Finding("sandbox", State.BAD, words, "Grade in a container, or on Gradescope.")
    else:
        yield Finding("sandbox", State.GOOD, "complete: --require-sandbox grades here")
