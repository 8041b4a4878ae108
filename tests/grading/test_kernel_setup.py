"""Keras is loaded when the notebook loads it, and is ready for the grader from then on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PREPARE = "from mnist_course.grading.kernel_setup import prepare as _; _(); del _\n"


def run(code: str, folder: Path) -> None:
    """Run code after the preparation, in a fresh interpreter without a home folder's caches."""
    subprocess.run(
        [sys.executable, "-I", "-c", PREPARE + code],
        check=True,
        timeout=180,
        env={"HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_HOME": str(folder / "k")},
        cwd=folder,
    )


def test_without_keras_nothing_loads_it(tmp_path: Path) -> None:
    run(
        "import sys\nimport numpy as np\n"
        "from mnist_course.grading.namespace import export\n"
        "export({'x': np.ones(3)}, ['log', 'model', 'x'], 'frame')\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n",
        tmp_path,
    )
    assert (tmp_path / "frame").is_file()


FIT = (
    "(x, y), _ = {keras}.datasets.mnist.load_data()\n"
    "assert x.shape == (60000, 28, 28)\n"
    "m = {keras}.Sequential([{keras}.Input((28, 28)), {keras}.layers.Flatten(),"
    " {keras}.layers.Dense(10)])\n"
    "m.compile('adam', {keras}.losses.SparseCategoricalCrossentropy(from_logits=True))\n"
    "m.fit(x[:64] / 255, y[:64], verbose=0)\n"
    "from mnist_course.experiments.recording import recorder\n"
    "from mnist_course.grading.namespace import export\n"
    "assert len(recorder.recorder().journal.fits) == 1\n"
    "assert recorder.recorder().last_model is m\n"
    "export({{}}, ['log', 'model'], 'frame')\n"
    "import os\n"
    "assert os.path.getsize('frame') > 10000\n"
    "assert not os.path.exists('k/datasets')\n"  # nothing was downloaded
    "import keras\n"
    "assert hasattr(keras.Model.fit.__wrapped__, '_mnist_course_original_fit')\n"  # fast_fit
)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("imports", "keras"),
    [
        ("import tensorflow as tf\n", "tf.keras"),
        ("import keras\n", "keras"),
        ("from keras.layers import Dense\nimport keras\n", "keras"),
        # Whatever imports Keras first: the recorder itself, our callbacks.
        (
            "from mnist_course.experiments import ExperimentLog\nExperimentLog()\nimport keras\n",
            "keras",
        ),
        ("from mnist_course import callbacks\nimport keras\n", "keras"),
    ],
    ids=["tensorflow", "keras", "from keras", "our log", "our callbacks"],
)
def test_the_first_import_of_keras_makes_it_ready(tmp_path: Path, imports: str, keras: str) -> None:
    run(imports + FIT.format(keras=keras), tmp_path)


@pytest.mark.keras
def test_preparing_twice_or_late_changes_nothing(tmp_path: Path) -> None:
    run("import keras\n" + PREPARE + FIT.format(keras="keras"), tmp_path)
    run(PREPARE + "import keras\n" + FIT.format(keras="keras"), tmp_path)
