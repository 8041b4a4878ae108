"""Points for a table of methods whose numbers are those of the methods."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.baselines.reading import as_rows, ask_digits
from mnist_course.checks.new_rows import slightly_new
from mnist_course.checks.score import Score
from mnist_course.datasets import mnist
from mnist_course.experiments.recording.data_print import read
from mnist_course.grading.results import Finding

__all__ = ["check_table", "columns_of", "honest_share"]

COLUMNS = ("method", "accuracy", "seconds")
_OTHER_IMAGES = 3.0  # deviations by which another sample of test images may differ
_SPECKS = 0.05  # accuracy that two specks may cost
_LONG = 0.3  # seconds below which a time is mostly chance
_FACTOR = 30.0  # between two timings of one call, on one machine that is busy or not

Array = npt.NDArray[Any]
Methods = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class _Row:
    accuracy: float
    seconds: float


def check_table(
    table: Any,
    methods: Methods,
    images: tuple[Any, Any],
    *,
    rows: float,
    accuracy: float,
    seconds: float,
) -> Score:
    """Give points for a row for every method, with its accuracy and its time.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns method, accuracy (0..1), seconds.
    methods : mapping of str to callable
        By name; each takes rows and gives digits.
    images : (x, y)
        What the table is said to be measured on.
    rows : float
        For a row for each method, with numbers in it.
    accuracy : float
        For accuracies that are those of the methods; in part for some of them.
    seconds : float
        For times that the calls can have taken.
    """
    of = rows + accuracy + seconds
    found = _rows_of(table, methods)
    if isinstance(found, Finding):
        return Score(0, of, findings=(found,))
    x, y = (np.asarray(part) for part in images)
    problem = _no_test_images(x, y)
    if problem is not None:
        return Score(0, of, findings=(problem,))
    wrong: list[Finding] = []
    times: list[Finding] = []
    for name, row in found.items():
        start = time.perf_counter()
        digits = ask_digits(methods[name], name, x)
        took = time.perf_counter() - start
        if isinstance(digits, Finding):
            wrong.append(digits)
            continue
        problem = _wrong_accuracy(name, row, float((digits == y).mean()), len(x))
        wrong += [problem] if problem is not None else []
        late = _wrong_seconds(name, row, took)
        times += [late] if late is not None else []
    right = len(found) - len(wrong)
    earned = rows + accuracy * right / len(found) + (seconds if not times else 0)
    if not wrong and not times:
        return Score(of, of, f"All {right} rows of `table` hold what the methods do.")
    return Score(earned, of, findings=(*wrong, *times[:1]))


def honest_share(methods: Methods, *, rows: int, seed: int) -> tuple[float, Finding | None]:
    """Return which part of the methods reads images that are hardly changed as well as before.

    Parameters
    ----------
    methods : mapping of str to callable
        See `check_table`.
    rows : int
        Test images to ask each method about, as they are and made slightly new.
    seed : int
        Which ones.

    Returns
    -------
    (share, finding)
        The share is within 0..1; the finding is None when all do.
    """
    problems = [_looked_up(name, m, rows=rows, seed=seed) for name, m in methods.items()]
    wrong = [problem for problem in problems if problem is not None]
    return 1 - len(wrong) / max(1, len(problems)), wrong[0] if wrong else None


def columns_of(table: Any, name: str) -> dict[str, list[Any]] | Finding:
    """Return the three columns of a table as lists, or why there are none.

    Parameters
    ----------
    table : object
    name : str
        Of the student's variable.
    """
    if table is None:
        return Finding(
            f"`{name}` is still None.",
            "Numbers in one place can be compared; numbers in a text cannot.",
            "Write the cell before this one: a DataFrame with one row for each method.",
        )
    if not {"columns", "to_dict"} <= set(dir(table)):
        return Finding(
            f"`{name}` is a {type(table).__name__}; expected a pandas DataFrame.",
            "It has a name for each column, and is shown as a table.",
            'pd.DataFrame(rows, columns=["method", "accuracy", "seconds"])',
        )
    if set(getattr(table.index, "names", ())) & set(COLUMNS):  # table.set_index("method")
        table = table.reset_index()
    missing = [column for column in COLUMNS if column not in list(table.columns)]
    if missing:
        return Finding(
            f"`{name}` has the columns {', '.join(map(str, table.columns))}; "
            f"{', '.join(missing)} is missing.",
            "The columns are found by their names.",
            'pd.DataFrame(rows, columns=["method", "accuracy", "seconds"])',
        )
    return {column: list(table[column]) for column in COLUMNS}


def _rows_of(table: Any, methods: Methods) -> dict[str, _Row] | Finding:
    columns = columns_of(table, "table")
    if isinstance(columns, Finding):
        return columns
    found: dict[str, _Row] = {}
    for method, accuracy, seconds in zip(*(columns[c] for c in COLUMNS), strict=True):
        try:
            found[str(method)] = _Row(float(accuracy), float(seconds))
        except (TypeError, ValueError):
            return Finding(
                f"In the row of {str(method)[:40]!r} there is something that is no number.",
                "Only numbers can be compared and drawn.",
                "Keep accuracies as shares such as 0.95, without a % sign.",
            )
    lacking = [name for name in methods if name not in found]
    if lacking:
        return Finding(
            f"There is no row for {', '.join(lacking)}.",
            "The table has one row for each name in `methods`.",
            "for name, read in methods.items(): ...",
        )
    return {name: found[name] for name in methods}


def _no_test_images(x: Array, y: Array) -> Finding | None:
    known = read(x)
    if known is None or x.ndim != 2 or y.shape != x.shape[:1]:
        return Finding(
            f"`x_check` has the shape {x.shape}, `y_check` {y.shape}.",
            "Rows of 784 pixels with one label each are expected.",
            "Run the cell that makes x_check and y_check again, and leave it as it is.",
        )
    if known.print.test_rows < len(x):
        return Finding(
            f"{len(x) - known.print.test_rows:,} of the {len(x):,} images in x_check are no test "
            "images.",
            "A method knows the images that it was fitted on; the last number comes from others.",
            "Run the cell that makes x_check and y_check again, and leave it as it is.",
        )
    return None


def _wrong_accuracy(name: str, row: _Row, measured: float, count: int) -> Finding | None:
    chance = math.sqrt(max(measured * (1 - measured), 1e-4) / count)
    if abs(row.accuracy - measured) <= 0.005 + _OTHER_IMAGES * chance:
        return None
    if abs(row.accuracy / 100 - measured) <= 0.005 + _OTHER_IMAGES * chance:
        return Finding(
            f"{name}: the table says {row.accuracy:g}.",
            "An accuracy is a share within 0 and 1, here and in every library.",
            "Leave out the factor 100.",
        )
    if abs(row.accuracy - count * measured) < 1.5:
        return Finding(
            f"{name}: the table says {row.accuracy:g}, the number of right answers.",
            "Counts of different numbers of images cannot be compared; shares can.",
            "Take the mean of (answers == labels), not the sum.",
        )
    return Finding(
        f"{name}: the table says {row.accuracy:.4f}; for x_check it gives {measured:.4f}.",
        "A table is only as good as its worst number: each must come from calling the method.",
        "Call it on x_check, compare with y_check, take the mean.",
    )


def _looked_up(name: str, method: Callable[..., Any], *, rows: int, seed: int) -> Finding | None:
    rng = np.random.default_rng(seed)
    _, (images, labels) = mnist.load_data()
    chosen = rng.choice(len(images), rows, replace=False)
    pair = images[chosen], slightly_new(images[chosen], rng)
    digits = ask_digits(method, name, np.concatenate([as_rows(part) for part in pair]))
    if isinstance(digits, Finding):
        return digits
    before, after = ((part == labels[chosen]).mean() for part in np.split(digits, 2))
    if before - after <= _SPECKS:
        return None
    return Finding(
        f"{name} reads {before:.1%} of some test images; when two specks are added to each of "
        f"them, {after:.1%}.",
        "Who reads digits does not notice two specks; who looks answers up does.",
        "Let the method work on the pixels.",
    )


def _wrong_seconds(name: str, row: _Row, took: float) -> Finding | None:
    if not math.isfinite(row.seconds) or row.seconds <= 0:
        return Finding(
            f"{name}: the table says {row.seconds:g} seconds.",
            "Every call takes some time, if little.",
            "start = time.perf_counter() before the call, time.perf_counter() - start after it.",
        )
    if max(row.seconds, took) < _LONG or 1 / _FACTOR < row.seconds / took < _FACTOR:
        return None
    return Finding(
        f"{name}: the table says {row.seconds:.2g} seconds; the same call has just taken "
        f"{took:.2g}.",
        "A clock that is read before the work is done measures nothing.",
        "start = time.perf_counter() before the call, time.perf_counter() - start after it.",
    )
