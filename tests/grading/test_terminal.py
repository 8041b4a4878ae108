"""What a grade shows in the terminal, and what it leaves out of a file."""

from __future__ import annotations

import pytest

from mnist_course.grading.terminal import progress_bar


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_for_terminals(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    else:
        monkeypatch.delenv("FORCE_COLOR", raising=False)
    with progress_bar("mine.ipynb") as move:
        move("judge", 1, 2)
    written = capsys.readouterr().err
    assert ("mine.ipynb" in written) if terminal else written == ""
