"""``mnist-course data``: exit status, what is printed, what is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mnist_course.cli import main
from mnist_course.datasets import debian_package, fashion_mnist, keras_download, locations
from mnist_course.exceptions import CorruptDataError

ARGUMENTS = ("--sys-prefix", "fashion_mnist")


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No copy of Fashion-MNIST anywhere, no network, no apt-get; return the cache's folder."""
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(locations.OFFLINE_VARIABLE, raising=False)
    monkeypatch.setattr(locations, "environment_folder", lambda: tmp_path / "environment")
    monkeypatch.setattr(debian_package, "FOLDER", tmp_path / "debian")
    monkeypatch.setattr(keras_download, "URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(keras_download, "_PAUSE", 0.0)
    return tmp_path / "cache/fashion-mnist"


@pytest.fixture
def contents() -> dict[str, bytes]:
    """The published files of this machine; read before ``empty_machine`` hides them."""
    try:
        fashion_mnist.verify()
    except CorruptDataError as error:
        pytest.skip(f"Fashion-MNIST is not here (make setup fetches it): {error}")
    return {
        file.name: fashion_mnist.path_of(name).read_bytes()
        for name, file in fashion_mnist.FILES.items()
    }


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["data", *arguments])

    return go


def put(folder: Path, contents: dict[str, bytes], *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or contents:
        (folder / name).write_bytes(contents[name])


def test_without_fashion_everything_else_works(empty_machine, run):
    listed = run("list")
    assert listed.exit_code == 0
    assert "part of this package" in listed.stdout and "0 of 4 files are here" in listed.stdout
    assert "mnist-course data fetch fashion_mnist" in listed.stdout
    assert run("verify", "mnist").exit_code == 0
    fetched = run("fetch", "mnist")
    assert (fetched.exit_code, fetched.stdout) == (0, "mnist: part of this package, verified\n")
    verified = run("verify")
    assert verified.exit_code == 1
    assert verified.stdout.count("missing") == 4 and verified.stdout.count("verified") == 1
    assert "mnist-course data fetch" in verified.stderr
    assert not empty_machine.exists()


def test_fetch_that_fails_says_what_to_do_and_leaves_nothing(empty_machine, run):
    for arguments in ((), ARGUMENTS, ("--force", "fashion-mnist")):
        fetched = run("fetch", *arguments)
        assert fetched.exit_code == 1
        assert "the server cannot be reached" in fetched.stderr
        assert "apt-get install dataset-fashion-mnist" in fetched.stderr
        assert "Traceback" not in fetched.stderr
    assert not empty_machine.parent.exists()
    assert not (empty_machine.parents[1] / "environment").exists()


def test_fetch_finds_keeps_and_repairs(contents, empty_machine, run):
    debian = debian_package.FOLDER
    put(debian, contents)
    assert "verified, in " in run("fetch").stdout
    assert not empty_machine.exists()  # the system's copy is as good
    assert run("fetch", *ARGUMENTS).exit_code == 0
    environment = locations.environment_folder() / "fashion-mnist"
    assert {path.name for path in environment.iterdir()} == contents.keys()
    damaged = environment / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(b"\x1f\x8b")
    verified = run("verify", "fashion_mnist")
    assert verified.exit_code == 1
    assert verified.stdout.count("damaged") == 1 and verified.stdout.count("verified") == 7
    assert "t10k-labels-idx1-ubyte.gz is not the published file" in verified.stderr
    assert run("fetch", *ARGUMENTS).exit_code == 0
    assert damaged.read_bytes() == contents[damaged.name]
    assert run("verify").exit_code == 0


def test_list_says_where_it_is_without_reading_it(contents, empty_machine, run):
    put(empty_machine, contents, *list(contents)[:3])
    assert "3 of 4 files are here" in run("list").stdout
    put(locations.keras_folder() / "fashion-mnist", contents, *list(contents)[3:])
    assert "in several folders" in run("list").stdout
    put(empty_machine, contents)
    listed = run("list").stdout
    assert str(empty_machine) in "".join(listed.split()).replace("│", "")  # in folded lines
    assert "fetch" not in listed


def test_a_folder_that_cannot_be_written_is_a_sentence(contents, empty_machine, run):
    put(debian_package.FOLDER, contents)
    locations.environment_folder().write_text("a file where the folder should be")
    fetched = run("fetch", *ARGUMENTS)
    assert fetched.exit_code == 1
    assert "cannot be kept in" in fetched.stderr and "Traceback" not in fetched.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fetch", "mnits"), "there is no data set 'mnits': expected mnist or fashion_mnist"),
        (("verify", "cifar10"), "there is no data set 'cifar10'"),
        (("fetch", "--nonsense"), "--nonsense"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_usage(run, arguments, words):
    done = run(*arguments)
    assert done.exit_code == 2 and words in done.stderr


def test_the_real_command(contents, tmp_path):
    target = tmp_path / "cache/fashion-mnist"
    put(target, contents)
    done = subprocess.run(
        [sys.executable, "-m", "mnist_course", "data", "verify"],
        env={**os.environ, locations.CACHE_VARIABLE: str(target.parent), "COLUMNS": "200"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("verified") >= 5 and "damaged" not in done.stdout


def test_help_of_the_group_and_of_all_commands_loads_nothing_heavy():
    code = (
        "import sys\nfrom mnist_course.cli import main\n"
        "for arguments in (['--help'], ['data', '--help'], ['numpy', '--help'],"
        " ['numpy', 'train', '--help']):\n"
        "    try:\n        main(arguments)\n    except SystemExit as ended:\n"
        "        assert ended.code == 0\n"
        "print([m for m in ('numpy', 'rich', 'requests', 'platformdirs', 'matplotlib',"
        " 'mnist_course.numpy_nn', 'mnist_course.datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_of_everything_imports_no_group():
    code = (
        "import sys\nfrom mnist_course.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in sys.modules if m.startswith('mnist_course.commands.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['mnist_course.commands.lazy']"
    for line in (r"(?m)^  data +Look for data sets", r"(?m)^  numpy +Train, evaluate, draw"):
        assert re.search(line, done.stdout)
    # What click has to keep as it was written.
    assert (
        "\n  Instructors  edit source/<id>/<id>.ipynb, then: mnist-course release\n" in done.stdout
    )
