"""A graded notebook reads Fashion-MNIST, from wherever it lies, and nothing beside it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mnist_course.datasets import fashion_mnist, locations
from mnist_course.exceptions import CorruptDataError
from mnist_course.grading import given_data
from mnist_course.grading.autograde import autograde
from mnist_course.grading.sandbox import Sandbox, SandboxOptions

LINUX = sys.platform == "linux"
ROOT = LINUX and os.geteuid() == 0
CLOSED = ROOT and any(not p.stat().st_mode & 1 for p in Path(sys.base_prefix).resolve().parents)

LOAD = """
import json, os, sys
from pathlib import Path
from mnist_course.datasets import fashion_mnist
(x_train, _), _ = fashion_mnist.load_data()
cache = Path(os.environ["MNIST_COURSE_DATA"])
def tried(attempt):
    try:
        return repr(attempt())
    except OSError as error:
        return type(error).__name__
json.dump({
    "sum": int(x_train.sum()),
    "from": str(fashion_mnist.path_of("x_train").parent),
    "beside": [tried((cache / name).read_text) for name in ("secret", "fashion-mnist/secret")],
    "above": tried((cache.parent / "secret").read_text),
    "new": tried(lambda: (cache / "fashion-mnist/new").write_text("x")),
    "changed": tried(lambda: (cache / "fashion-mnist/t10k-labels-idx1-ubyte.gz").write_text("x")),
}, open("said", "w"))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a complete cache, and with what is nobody's business."""
    try:
        fashion_mnist.verify()
    except CorruptDataError as error:
        pytest.skip(f"Fashion-MNIST is not here (make setup fetches it): {error}")
    contents = {
        file.name: fashion_mnist.path_of(name).read_bytes()
        for name, file in fashion_mnist.FILES.items()
    }
    home = tmp_path / "home"
    cache = home / "cache"
    (cache / "fashion-mnist").mkdir(parents=True)
    for name, content in contents.items():
        (cache / "fashion-mnist" / name).write_bytes(content)
    for folder in (home, cache, cache / "fashion-mnist"):
        (folder / "secret").write_text("a secret")
    for folder in (home, *home.parents):  # as a home is for another user, without its own files
        if folder.name.startswith(("home", "pytest-", "popen-", "test_")):
            folder.chmod(0o755)
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(cache))
    return home


def test_only_plain_files_with_known_names_are_shown(home: Path) -> None:
    folder = home / "cache/fashion-mnist"
    assert {path.name for path in given_data.files()} == {
        file.name for file in fashion_mnist.FILES.values()
    }
    linked = folder / "t10k-labels-idx1-ubyte.gz"
    linked.unlink()
    linked.symlink_to(home / "secret")
    assert linked not in given_data.files() and len(given_data.files()) == 3


def test_without_a_cache_nothing_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "none"))
    assert given_data.files() == ()
    assert given_data.environment() == {"MNIST_COURSE_OFFLINE": "1"}


@pytest.mark.skipif(not LINUX, reason="the sandbox closes files on Linux only")
@pytest.mark.parametrize(
    "without",
    [(), ("own files", "own process numbers"), ("own files", "own process numbers", "own user")],
    ids=["all layers", "no own files", "file rules alone"],
)
def test_the_cache_can_be_read_and_nothing_beside_it(home: Path, without: tuple[str, ...]) -> None:
    if CLOSED and "own files" in without and "own user" not in without:
        pytest.skip("this Python lies under a closed home: another user cannot run it")
    before = sorted(path.name for path in (home / "cache/fashion-mnist").iterdir())
    options = SandboxOptions(without=frozenset(without))
    with Sandbox(options=options) as sandbox:
        process = sandbox.start([sys.executable, "-c", LOAD])
        status = process.wait(timeout=120)
        assert status == 0, sandbox.log(process)
        said = json.loads((sandbox.work / "said").read_text())
        missing = {layer.name for layer in sandbox.layers if not layer.active}
        refused = sandbox.refused
    if "file rules" in missing and "own files" in missing:
        pytest.skip("this system closes no files")
    (x_train, _), _ = fashion_mnist.load_data()
    assert said["sum"] == int(x_train.sum())
    assert said["from"] == str(home / "cache/fashion-mnist")
    refusals = {"PermissionError", "FileNotFoundError"}
    assert {*said["beside"], said["above"]} <= refusals, said
    assert said["changed"] in {*refusals, "OSError"}, said
    # Below /tmp, which is the sandbox' own, it may write beside what is shown; never into ours.
    assert sorted(path.name for path in (home / "cache/fashion-mnist").iterdir()) == before
    assert refused == {}


@pytest.mark.kernel
@pytest.mark.parametrize(
    "source",
    ["mnist_course.datasets", pytest.param("keras.datasets", marks=pytest.mark.keras)],
)
def test_a_grade_of_a_notebook_about_fashion(
    home: Path, save: Any, cell: Any, graded_cell: Any, source: str
) -> None:
    load = (
        f"from {source} import fashion_mnist\n"
        "(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()\n"
        "total = int(x_train.sum()) + int(y_test.sum())"
    )
    # The hidden side reads it, too, in the trusted process.
    body = (
        "from mnist_course.datasets import fashion_mnist as theirs\n"
        "(x, _), (_, y) = theirs.load_data()\n"
        "assert total == int(x.sum()) + int(y.sum())"
    )
    check = graded_cell("t-total", 3, body)
    assignment = save("t.ipynb", [cell("code", "total = 0"), check])
    submission = save("submitted.ipynb", [cell("code", load), check])
    grade = autograde(submission, assignment, deadline_seconds=200, pictures=False).grade
    assert (grade.errors, grade.headline, grade.signals) == ((), "", ())
    assert grade.score == 3, grade.cells


@pytest.mark.kernel
def test_where_it_is_missing_the_notebook_says_what_to_do_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Any, cell: Any, graded_cell: Any
) -> None:
    load = (
        "from mnist_course.datasets import debian_package, fashion_mnist, locations\n"
        "from pathlib import Path\n"
        "locations.environment_folder = lambda: Path('/nonexistent')\n"
        "debian_package.FOLDER = Path('/nonexistent')\n"
        "fashion_mnist.load_data()"
    )
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "none"))
    check = graded_cell("t-total", 3, "assert total == 1")
    assignment = save("t.ipynb", [cell("code", "total = 0"), check])
    submission = save("submitted.ipynb", [cell("code", load), check])
    grade = autograde(submission, assignment, deadline_seconds=200, pictures=False).grade
    [error] = grade.errors
    assert error.kind == "DatasetError"
    assert "switched off (MNIST_COURSE_OFFLINE is set)" in error.message
    assert "Any one of these makes it present" in error.message
    assert grade.score == 0 and grade.signals == () and grade.seconds < 60
