"""Prepare a worker of our own cluster; Dask loads this file in it.

Each keeps to a core. Training a small network hands work from thread to thread all the time, and
between cores that takes a third more processor time.
"""

from __future__ import annotations

import logging
import os
import signal
import threading

__all__ = ["dask_setup", "keep_to_a_core"]


def dask_setup(worker: object) -> None:
    """Prepare a worker before its first job; Dask calls it by this name.

    Ctrl-C in a terminal reaches every process at once: the command ends the workers itself, so
    they need not hear it, nor say what they were doing.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    keep_to_a_core(getattr(worker, "name", None))
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def keep_to_a_core(number: object) -> None:
    """Have this process, and all that it starts, use one core; the workers are numbered."""
    if type(number) is int and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
