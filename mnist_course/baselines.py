"""Simple classifiers of digits, ready made: what every better one has to beat.

Each takes rows of numbers with their labels, and gives a function that reads rows. Assignment m1
builds the same ones; where a part of it is not done yet, its later parts go on with these.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BASELINES", "Reader", "compare", "or_ready_made", "or_ready_made_table"]

Rows = NDArray[np.float32]
Digits = NDArray[np.generic]
Reader = Callable[[Rows], Digits]
"""Takes rows of shape (n, 784), gives digits of shape (n,)."""

_FEW = 2_000  # rows that a stand-in is fitted on: a second at most


def majority(x: Rows, y: Digits) -> Reader:
    """Return what always answers the most frequent digit of ``y``."""
    digits, counts = np.unique(y, return_counts=True)
    answer = digits[counts.argmax()]
    return lambda rows: np.full(len(rows), answer)


def nearest_mean(x: Rows, y: Digits) -> Reader:
    """Return what answers the digit whose mean picture is nearest."""
    digits = np.unique(y)
    means = np.stack([x[y == digit].mean(axis=0, dtype=np.float64) for digit in digits])
    means = means.astype(np.float32)
    # |x - m|² = |x|² - 2 x·m + |m|², and the first term is the same for every mean.
    lengths = (means**2).sum(axis=1)

    def read(rows: Rows) -> Digits:
        answer: Digits = digits[(lengths - 2 * rows @ means.T).argmin(axis=1)]
        return answer

    return read


def neighbours(x: Rows, y: Digits, *, k: int = 3) -> Reader:
    """Return what lets the ``k`` nearest of the rows ``x`` vote."""
    from sklearn.neighbors import KNeighborsClassifier

    return _predict(KNeighborsClassifier(n_neighbors=k).fit(x, y))


def linear_svm(x: Rows, y: Digits) -> Reader:
    """Return a support vector machine with flat borders between the digits."""
    from sklearn.svm import SVC

    return _predict(SVC(kernel="linear").fit(x, y))


def rbf_svm(x: Rows, y: Digits) -> Reader:
    """Return a support vector machine with curved borders between the digits."""
    from sklearn.svm import SVC

    return _predict(SVC(kernel="rbf").fit(x, y))


BASELINES: Mapping[str, Callable[[Rows, Digits], Reader]] = MappingProxyType(
    {
        "majority": majority,
        "nearest mean": nearest_mean,
        "kNN": neighbours,
        "linear SVM": linear_svm,
        "RBF SVM": rbf_svm,
    }
)
"""Every method by its name, from the simplest on."""


def or_ready_made(reader: Any, method: str, x: Rows, y: Digits) -> Reader:
    """Return a student's reader, or a stand-in when it does not read yet.

    Parameters
    ----------
    reader : object
        The student's; tried on five rows.
    method : str
        A name in ``BASELINES``.
    x, y : array of shape (n, 784) and (n,)
        What a stand-in is fitted on, 2,000 rows of it at most.

    Returns
    -------
    callable
        Prints a line when it is a stand-in.
    """
    try:
        answer = np.asarray(reader(x[:5].copy()))
        if answer.shape == (5,) and answer.dtype.kind in "iuf":
            return reader  # type: ignore[no-any-return]
        why = f"it gives an array of shape {answer.shape}, not five digits for five images"
    except Exception as error:
        # Whatever a half-written reader does, the parts after it go on.
        why = str(error) if isinstance(error, NotImplementedError) else "it is not there yet"
        if reader is not None and not isinstance(error, NotImplementedError):
            why = f"it raises {type(error).__name__}: {error}"
    print(f"{method}: a stand-in takes part, fitted on {min(_FEW, len(x)):,} images ({why})")  # noqa: T201
    return BASELINES[method](x[:_FEW], y[:_FEW])


def compare(methods: Mapping[str, Reader], x: Rows, y: Digits) -> pd.DataFrame:
    """Measure how often each method is right, and how long it takes.

    Returns
    -------
    pandas.DataFrame
        Columns ``method``, ``accuracy`` (0..1) and ``seconds`` (to read all rows).
    """
    import pandas as pd

    rows = []
    for name, reader in methods.items():
        start = time.perf_counter()
        answers = reader(x)
        seconds = time.perf_counter() - start
        rows.append((name, float((np.asarray(answers) == y).mean()), seconds))
    return pd.DataFrame(rows, columns=["method", "accuracy", "seconds"])


def or_ready_made_table(
    table: Any, methods: Mapping[str, Reader], x: Rows, y: Digits
) -> pd.DataFrame:
    """Return a student's table, or a quick one when theirs cannot be drawn yet.

    Parameters
    ----------
    table : object
        The student's.
    methods : mapping of str to callable
        What a quick table measures.
    x, y : array of shape (n, 784) and (n,)
        Images with labels; 300 of them at most are used.

    Returns
    -------
    pandas.DataFrame
        With the columns of `compare`.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame) and {"method", "accuracy", "seconds"} <= set(table):
        numbers = table[["accuracy", "seconds"]].apply(pd.to_numeric, errors="coerce")
        if len(table) >= 2 and bool(np.isfinite(numbers.to_numpy()).all()):
            return table
    few = min(300, len(x))
    print(f"`table` cannot be drawn yet: here is a quick one, measured on {few} images")  # noqa: T201
    return compare(methods, x[:few], y[:few])


def _predict(estimator: Any) -> Reader:
    reader: Reader = estimator.predict
    return reader
