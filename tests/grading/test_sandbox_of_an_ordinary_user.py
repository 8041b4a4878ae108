"""The tests of the sandbox once more, as on a laptop: the grader is no root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ordinary_user import as_ordinary_user


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="the tests run as an ordinary user already"
)
@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("test_sandbox.py", ""),
        ("test_honest_work.py", ""),
        ("test_given_data.py", ""),
        ("test_forkserver.py", "slow"),
    ],
)
def test_as_an_ordinary_user(name: str, without: str) -> None:
    tests = Path(__file__).with_name(name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if without:
        command += ["-m", f"not {without}"]
    ended = subprocess.run(
        as_ordinary_user([*command, str(tests)]),
        env={**os.environ, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tests.parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
    assert " passed" in ended.stdout
