from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from mnist_course.exceptions import GraderError
from mnist_course.grading.gradescope_emulator import EmulatedRun, run
from mnist_course.grading.gradescope_intake import FIELD_LIMIT, cut, take_in

FULL = '{"score": 7, "tests": [{"name": "a", "score": 3, "max_score": 10}]}'


def make_zip(folder: Path, script: str, *, setup: str = "", **files: str) -> Path:
    """Make a zip whose ``run_autograder`` is a shell script."""
    path = folder / "autograder.zip"
    entries = {"setup.sh": f"#!/bin/bash\n{setup}\n", "run_autograder": f"#!/bin/bash\n{script}\n"}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (entries | files).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name in entries else 0o100600) << 16
            archive.writestr(info, content)
    return path


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "Copy of m5 (1).ipynb"
    path.write_text("{}")
    return path


def emulate(
    tmp_path: Path,
    notebook: Path,
    script: str,
    *,
    timeout_seconds: float = 30,
    environment: dict[str, str] | None = None,
    **files: str,
) -> EmulatedRun:
    return run(
        make_zip(tmp_path, script, **files),
        notebook,
        output=tmp_path / "output",
        timeout_seconds=timeout_seconds,
        environment=environment,
    )


def test_the_world_is_as_on_gradescope(tmp_path: Path, notebook: Path) -> None:
    script = """
    echo "cwd=$PWD root=$AUTOGRADER_ROOT timeout=$TIMEOUT_SECONDS mine=$MINE"
    find . -type f -printf '%P %m\\n' | sort
    cat submission_metadata.json; echo
    echo "to stderr" >&2
    """
    done = emulate(
        tmp_path,
        notebook,
        script,
        environment={"MINE": "yes"},
        **{"assignment.json": '{"id": "m5", "automatic_points": 60.0}'},
    )
    first, *rest = done.stdout.splitlines()
    folder = first.split()[0].removeprefix("cwd=")
    assert first == f"cwd={folder} root={folder} timeout=30 mine=yes"
    assert rest[:7] == [
        "results/stdout 644",
        "run_autograder 755",
        "source/assignment.json 600",
        "source/run_autograder 755",
        "source/setup.sh 755",
        "submission/Copy of m5 (1).ipynb 644",
        "submission_metadata.json 644",
    ]
    metadata = json.loads("\n".join(rest[7:-1]))
    assert metadata["assignment"]["total_points"] == "60.0"
    assert metadata["assignment"]["title"] == "m5"
    assert metadata["previous_submissions"] == []
    assert rest[-1] == "to stderr"
    assert not Path(folder).exists()


def test_this_users_environment_does_not_leak(
    tmp_path: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    assert "secret" not in emulate(tmp_path, notebook, "env").stdout


def test_a_folder_of_files_is_a_submission(tmp_path: Path) -> None:
    folder = tmp_path / "upload"
    (folder / "data").mkdir(parents=True)
    (folder / "a.ipynb").write_text("{}")
    (folder / "data" / "b.csv").write_text("")
    done = emulate(tmp_path, folder, "cd submission; find . -type f | sort")
    assert done.stdout.split() == ["./a.ipynb", "./data/b.csv"]


@pytest.mark.parametrize(
    ("results", "score", "max_score"),
    [
        (FULL, 7, 10),
        ('{"tests": [{"score": 3, "max_score": 5}, {"score": 1.5, "max_score": 2}]}', 4.5, 7),
        ('{"score": 12}', 12, 0),
    ],
    ids=["stated total", "sum of the tests", "no tests"],
)
def test_the_score(
    tmp_path: Path, notebook: Path, results: str, score: float, max_score: float
) -> None:
    done = emulate(tmp_path, notebook, f"echo '{results}' > results/results.json")
    assert (done.intake.score, done.intake.max_score) == (score, max_score)
    assert done.intake.problem == ""
    assert json.loads(done.results_path.read_text()) == json.loads(results)


def test_the_exit_status_does_not_matter(tmp_path: Path, notebook: Path) -> None:
    done = emulate(tmp_path, notebook, f"echo '{FULL}' > results/results.json; exit 3")
    assert done.exit_status == 3
    assert done.intake.score == 7


def test_the_time_out_overwrites_good_results(tmp_path: Path, notebook: Path) -> None:
    began = time.monotonic()
    done = emulate(
        tmp_path,
        notebook,
        f"echo '{FULL}' > results/results.json; echo graded; exec sleep 61.25",
        timeout_seconds=1,
    )
    assert time.monotonic() - began < 15
    assert (done.timed_out, done.exit_status) == (True, None)
    assert done.intake.problem == "timed out"
    assert done.intake.score == 0
    assert json.loads(done.results_path.read_text())["score"] == 0
    assert done.stdout == "graded\n"


def test_the_time_out_kills_the_direct_child_only(tmp_path: Path, notebook: Path) -> None:
    done = emulate(tmp_path, notebook, "sleep 61.5; echo after", timeout_seconds=1)
    assert done.left_behind == ("sleep",)
    assert str(done).startswith("timed out (killed at the time-out, 1.")
    assert "Processes left running: sleep" in str(done)
    assert "after" not in done.stdout
    assert not any("61.5" in argument for argument in _arguments())


def test_daemons_are_found_and_ended(tmp_path: Path, notebook: Path) -> None:
    done = emulate(tmp_path, notebook, "(setsid sleep 61.75 &) ; sleep 0.2")
    assert done.exit_status == 0
    assert done.left_behind == ("sleep",)
    assert not any("61.75" in argument for argument in _arguments())


def test_processes_of_others_are_left_alone(tmp_path: Path, notebook: Path) -> None:
    with psutil.Popen(["sleep", "61.1"]) as mine:
        assert emulate(tmp_path, notebook, "true").left_behind == ()
        assert mine.is_running()
        mine.kill()


def _arguments() -> list[str]:
    found: list[str] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE:
            found += process.info["cmdline"] or []
    return found


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (None, "autograder failed"),
        (b"", "invalid JSON"),
        (b'{"score": 5', "invalid JSON"),
        (b'{"score": NaN}', "invalid JSON"),
        (b'{"score": "5"}', "invalid JSON"),
        (b'{"score": 1e999}', "invalid JSON"),
        (b"[1]", "invalid JSON"),
        (b"{}", "invalid JSON"),
        (b'{"tests": [{"max_score": 5}]}', "invalid JSON"),
        (b'{"tests": {"score": 5}}', "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_results_that_cannot_be_used_are_zero(written: bytes | None, problem: str) -> None:
    intake = take_in(written, timed_out=False)
    assert (intake.score, intake.problem) == (0, problem)
    assert intake.results["score"] == 0


def test_a_grader_that_writes_nothing_has_failed(tmp_path: Path, notebook: Path) -> None:
    done = emulate(tmp_path, notebook, "exit 0")
    assert done.intake.problem == "autograder failed"
    assert "no results.json" in str(done.intake.results["output"])


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published"])
@pytest.mark.parametrize("place", ["test", "top"])
def test_one_hidden_test_hides_the_total(visibility: str, place: str) -> None:
    results: dict[str, object] = json.loads(FULL)
    tests = results["tests"]
    assert isinstance(tests, list)
    (tests[0] if place == "test" else results)["visibility"] = visibility
    assert not take_in(json.dumps(results).encode(), timed_out=False).student_sees_total
    assert take_in(FULL.encode(), timed_out=False).student_sees_total


def test_long_fields_are_cut_in_the_middle_and_nul_is_replaced() -> None:
    written = {
        "score": 0,
        "output": "a" * 70_000 + "b" * 70_000 + "\0",
        "extra_data": {"x": ["\0"]},
    }
    stored = take_in(json.dumps(written).encode(), timed_out=False).results
    output = str(stored["output"])
    assert len(output) == FIELD_LIMIT
    assert output.startswith("a" * 49_000)
    assert output.endswith("b" * 49_000 + "\ufffd")
    assert stored["extra_data"] == {"x": ["\ufffd"]}


@pytest.mark.parametrize("length", [FIELD_LIMIT - 1, FIELD_LIMIT, FIELD_LIMIT + 1, 250_000])
def test_a_field_never_exceeds_the_limit(length: int) -> None:
    assert len(cut("x" * length)) == min(length, FIELD_LIMIT)


def test_setup_runs_once_before_the_submission_arrives(tmp_path: Path, notebook: Path) -> None:
    setup = 'test ! -e submission || exit 1; test "$PWD" = "$AUTOGRADER_ROOT"; echo 5 > ready'
    zip_path = make_zip(
        tmp_path, 'echo "{\\"score\\": $(cat ready)}" > results/results.json', setup=setup
    )
    done = run(zip_path, notebook, output=tmp_path / "output", setup=True)
    assert done.intake.score == 5


def test_a_failing_setup_says_its_last_words(tmp_path: Path, notebook: Path) -> None:
    zip_path = make_zip(tmp_path, "true", setup="echo 'no such package'; exit 4")
    with pytest.raises(GraderError, match=r"status 4.*no such package"):
        run(zip_path, notebook, output=tmp_path / "output", setup=True)
    assert (tmp_path / "output" / "setup.log").read_text() == "no such package\n"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["folder/setup.sh", "folder/run_autograder"], "not their folder"),
        (["setup.sh"], "no run_autograder"),
        (["setup.sh", "run_autograder", "../outside"], "leads out"),
        (["setup.sh", "run_autograder", "/outside"], "leads out"),
    ],
    ids=["folder zipped", "script missing", "upwards", "absolute"],
)
def test_a_wrong_zip_is_refused(
    tmp_path: Path, notebook: Path, names: list[str], message: str
) -> None:
    path = tmp_path / "wrong.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "#!/bin/bash\n")
    with pytest.raises(GraderError, match=message):
        run(path, notebook, output=tmp_path / "output")


def test_what_is_no_zip_is_refused(tmp_path: Path, notebook: Path) -> None:
    with pytest.raises(GraderError, match="is not a zip"):
        run(notebook, notebook, output=tmp_path / "output")


def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", os.fspath(private))
    emulate(tmp_path, notebook, "mkdir -p submission/deep; chmod 0 submission/deep")
    assert list(private.iterdir()) == []
