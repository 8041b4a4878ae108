"""Grade one submission in a process of its own: its CPU seconds and memory are those of one grade.

``python -m mnist_course.proof.trial_process SUBMISSION ASSIGNMENT FOLDER RESULT`` writes the trial
as JSON. It stops when its standard input ends, so that it does not outlive whoever started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from mnist_course.atomic_write import write_text
from mnist_course.without_iri_checks import without_iri_checks

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Grade what the command line names; write the trial."""
    # A program that was started in the background has SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    threading.Thread(target=_stop_with_the_input, daemon=True).start()
    without_iri_checks()
    from mnist_course.proof.trial import grade

    submission, assignment, folder, result = map(Path, arguments)
    write_text(result, json.dumps(grade(submission, assignment, folder).as_json()))
    return 0


def _stop_with_the_input() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        os._exit(130)
