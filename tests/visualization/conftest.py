"""Real predictions to draw, with ways to look at what was drawn."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def predicted(small_train, small_test):
    """Probabilities (1000, 10) of a model that gets a tenth wrong, with images and labels."""
    (x_train, y_train), (x_test, y_test) = small_train, small_test
    model = LogisticRegression(max_iter=300, tol=0.01)
    model.fit(x_train[:1500].reshape(-1, 784), y_train[:1500])
    return x_test, y_test, model.predict_proba(x_test.reshape(-1, 784)).astype(np.float32)


def rendered(ax) -> np.ndarray:
    buffer = io.BytesIO()
    ax.get_figure().savefig(buffer, dpi=80)
    return np.asarray(Image.open(buffer).convert("L"))


class Look:
    """What a drawn figure holds."""

    @staticmethod
    def pixels(ax) -> np.ndarray:
        """Grey (h, w), after a real PNG."""
        return rendered(ax)

    @staticmethod
    def is_drawn(ax) -> bool:
        pixels = rendered(ax)
        return bool(pixels.min() < 100 and pixels.max() == 255)

    @staticmethod
    def texts(ax) -> list[str]:
        return [text.get_text() for text in ax.texts if text.get_text()]

    @staticmethod
    def overlaps(ax) -> list[tuple[str, str]]:
        """Pairs of captions that cover each other, measured by the renderer."""
        ax.get_figure().canvas.draw()
        boxes = [(t.get_text(), t.get_window_extent()) for t in ax.texts if t.get_text()]
        return [
            (a, b)
            for i, (a, box) in enumerate(boxes)
            for b, other in boxes[i + 1 :]
            if box.overlaps(other)
        ]


@pytest.fixture(scope="session")
def look():
    return Look
