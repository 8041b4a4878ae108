"""Prepare a worker of our own cluster; Dask loads this file in it."""

from __future__ import annotations

import logging
import signal
import threading

__all__ = ["dask_setup"]


def dask_setup(worker: object) -> None:
    """Prepare a worker before its first job; Dask calls it by this name.

    Ctrl-C in a terminal reaches every process at once: the command ends the workers itself, so
    they need not hear it, nor say what they were doing.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
