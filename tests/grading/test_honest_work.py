"""What an honest notebook does runs inside the sandbox, and looks like no attack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mnist_course.grading.autograde import autograde

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

CELLS = {
    "network": """
import keras, numpy as np, tensorflow as tf
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x = x_train[:512, ..., None].astype("float32") / 255
model = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.RandomTranslation(0.1, 0.1),
    keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.summary()
model.fit(x, y_train[:512], epochs=2, validation_split=0.2, verbose=1)
""",
    "files": """
import os, tempfile
from pathlib import Path
model.save("model.keras"); again = keras.models.load_model("model.keras")
model.save("/tmp/model.keras"); model.save_weights(Path.home() / "w.weights.h5")
np.savez("x.npz", x=x); np.load("x.npz")["x"].shape
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "a").write_text("b")
keras.callbacks.ModelCheckpoint("checkpoints/best.keras")
""",
    "data pipeline": """
data = tf.data.Dataset.from_tensor_slices((x, y_train[:512])).shuffle(512).batch(64).prefetch(2)
model.fit(data, epochs=1, verbose=2)
""",
    "neighbours": """
from sklearn.neighbors import KNeighborsClassifier
flat = x_train[:2000].reshape(-1, 784)
knn = KNeighborsClassifier(3, n_jobs=2).fit(flat, y_train[:2000])
found = knn.score(x_test[:200].reshape(-1, 784), y_test[:200])
assert found > 0.7, found
""",
    "several processes": """
from sklearn.model_selection import cross_val_score
from sklearn.linear_model import LogisticRegression
scores = cross_val_score(KNeighborsClassifier(), flat[:400], y_train[:400], cv=2, n_jobs=2)
assert len(scores) == 2
""",
    "a pool": """
import concurrent.futures, multiprocessing
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, [-1, 2])) == [1, 2]
""",
    "pictures": """
import matplotlib.pyplot as plt, seaborn as sns, pandas as pd
sns.heatmap(np.arange(9).reshape(3, 3), annot=True); plt.show()
sns.barplot(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), x="a", y="b")
plt.figure(); plt.imshow(x_train[0], cmap="gray"); plt.savefig("digit.png"); plt.show()
from PIL import Image
Image.open("digit.png").size
""",
    "magics": """
%matplotlib inline
import time
kept = %timeit -o -n 2 -r 2 sum(range(10))
%time total = sum(range(100))
!ls -la | head -3
listed = !echo hello
assert listed == ["hello"], listed
%env LANG
%pwd
""",
    "cell magic": "%%time\nnumbers = [n * n for n in range(1000)]",
    "shell": "%%bash\necho from bash > note.txt\ncat note.txt",
    "machine": """
import os, platform, sys, psutil
os.cpu_count(), platform.platform(), psutil.virtual_memory().total, psutil.Process().memory_info()
tf.config.list_physical_devices(); tf.random.set_seed(0)
import warnings; warnings.warn("only a warning")
print("to stderr", file=sys.stderr)
done = 7
""",
}


@pytest.mark.slow
def test_everything_an_honest_notebook_does(save: Any, cell: Any, graded_cell: Any) -> None:
    check = graded_cell("t-done", 3, "assert done == 7 and found > 0.7 and len(numbers) == 1000")
    assignment = save("t.ipynb", [cell("markdown", "# Task"), cell("code", "done = 0"), check])
    cells = [cell("code", source) for source in CELLS.values()]
    submission = save("submitted.ipynb", [cell("markdown", "# Task"), *cells, check])
    kept = Path(submission).parent / "kept"
    kept.mkdir()
    outcome = autograde(submission, assignment, deadline_seconds=400, work=kept)
    grade = outcome.grade
    names = list(CELLS)
    failed = {names[e.cell - 2] if e.cell - 2 < len(names) else "?": e for e in grade.errors}
    assert (failed, grade.headline) == ({}, "")
    assert grade.score == 3
    assert grade.signals == ()
    assert all(layer.active for layer in grade.layers if layer.name == "verified")
    assert outcome.executed_notebook is not None
    text = outcome.executed_notebook.read_text()
    assert "image/png" in text
    assert "from bash" in text
