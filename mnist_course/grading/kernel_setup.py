"""Make the student's kernel ready before its first cell: data offline, fits recorded, fast path.

Runs inside the sandbox. Keras takes seconds to load, and many notebooks never use it, so nothing
here loads it: all of this is switched on at the moment when the notebook's own code first imports
Keras, which ``import tensorflow`` does too.
"""

from __future__ import annotations

import importlib
import logging
from types import ModuleType

from wrapt import register_post_import_hook

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["prepare", "spare_files"]

_RECORDER = "mnist_course.experiments.recording.recorder"
_logger = logging.getLogger(__name__)


def prepare() -> None:
    """Have every import of Keras in this process followed by what the grader needs; once."""
    register_post_import_hook(_start_recording, _RECORDER)
    register_post_import_hook(_keras_is_here, "keras")


def spare_files() -> None:
    """Let this process open the files kept back for it, though the notebook opened all it may."""
    if resource is not None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _start_recording(recorder: ModuleType) -> None:
    recorder.start()


def _keras_is_here(_keras: ModuleType) -> None:
    try:
        from mnist_course.datasets.redirect import redirect_keras_datasets
        from mnist_course.grading import fast_fit, resting_threads

        redirect_keras_datasets()
        fast_fit.enable()
        resting_threads.rest()
        # Importing it starts it. It may be what imports Keras just now: then it starts when it
        # is loaded.
        importlib.import_module(_RECORDER)
    except Exception:  # an error here would look like one in the student's import
        _logger.exception("Keras was imported, but its fits are not recorded")
