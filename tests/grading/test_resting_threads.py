"""Threads that rest: where one thread computes, in every sandbox of a class, with the same bits."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnist_course.grading.resting_threads import rest
from mnist_course.grading.sandbox import Sandbox, SandboxOptions, loading_environment
from tests.grading.forked import forkserver

pytestmark = [pytest.mark.keras, pytest.mark.slow]

RESTS = """
from tensorflow.python.eager import context
rests = context.context().config.experimental.disable_thread_spinning
"""
FIT = """
import hashlib, numpy as np, keras
keras.utils.set_random_seed(3)
model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
model.compile("adam", "mse", metrics=["mae"])
x = np.random.default_rng(0).random((640, 20), np.float32)
history = model.fit(x, x[:, :3], epochs=3, verbose=0).history
result = hashlib.sha256(repr(history).encode() + b"".join(w.tobytes() for w in model.get_weights()))
print(rests, result.hexdigest())
"""


def _told(code: str, threads: int) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **loading_environment(threads)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return ended.stdout.split()


def test_numbers_are_the_same_when_they_rest() -> None:
    asked = "from mnist_course.grading.resting_threads import rest\nassert rest()\n"
    resting, looking = _told(asked + RESTS + FIT, 1), _told(RESTS + FIT, 1)
    assert (resting[0], looking[0]) == ("True", "False")
    assert resting[1] == looking[1]


def test_not_where_several_compute() -> None:
    asked = "from mnist_course.grading.resting_threads import rest\nassert not rest()\n"
    assert _told(asked + RESTS + FIT, 2)[0] == "False"


def test_too_late_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    tf.constant(1) + 1
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert not rest()


@pytest.mark.kernel
@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "evaluator"])
def test_in_the_sandboxes_of_a_class(kernel: bool) -> None:
    """Settings that a notebook makes for itself still hold."""
    ready = (
        "from mnist_course.grading.kernel_setup import prepare\nprepare()\n"
        if kernel
        else "from mnist_course.grading import evaluator, channel\n"
        "def over(*_): raise EOFError\n"
        "channel.Channel.receive = over\n"
        "import socket\nends = socket.socketpair()\n"
        "evaluator.main(['', str(ends[0].detach())])\n"
    )
    own = "import tensorflow as tf\ntf.config.threading.set_inter_op_parallelism_threads(3)\n"
    own += "assert tf.config.threading.get_inter_op_parallelism_threads() == 3\n"
    code = ready + own + RESTS + "raise SystemExit(7 if rests else 8)"
    with (
        forkserver("keras") as server,
        Sandbox(options=SandboxOptions(threads=1, forkserver=server)) as sandbox,
    ):
        process = sandbox.start([sys.executable, "-I", "-c", code])
        assert process.wait(60) == 7, sandbox.log(process)
