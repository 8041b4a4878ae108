"""Have TensorFlow's threads sleep when there is nothing to do, in a sandbox that has one core.

By default they look for work in a loop for a while, which answers sooner where each has a core of
its own. On one core they only keep the thread that has work from going on. The numbers are the
same. ``benchmarks/fast_fit.py`` measures it.
"""

from __future__ import annotations

import os

__all__ = ["rest"]


def rest() -> bool:
    """Ask for it where one thread computes; before TensorFlow's first operation.

    Returns
    -------
    bool
        Whether threads will rest: not where several compute, nor where TensorFlow has begun.
    """
    if os.environ.get("TF_NUM_INTRAOP_THREADS") != "1":
        return False
    try:
        from tensorflow.core.protobuf.config_pb2 import ConfigProto
        from tensorflow.python.framework.ops import enable_eager_execution_internal

        config = ConfigProto(experimental=ConfigProto.Experimental(disable_thread_spinning=True))
        enable_eager_execution_internal(config=config)
    # It has begun (TensorFlow 2 means to raise ValueError and stumbles over its own sentence), or
    # it is a version that has this elsewhere.
    except (ValueError, AttributeError, ImportError):
        return False
    return True
