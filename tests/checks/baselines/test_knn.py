"""The choice of k, the numbers it comes from, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mnist_course.checks import check_knn
from mnist_course.checks.baselines.choosing_k import accuracies, check_choice
from mnist_course.checks.baselines.neighbours import votes

CANDIDATES = [1, 3, 5, 9]


def choose_k(x_fit: Any, y_fit: Any, x_val: Any, y_val: Any, candidates: Any) -> Any:
    found = {k: KNeighborsClassifier(k).fit(x_fit, y_fit).score(x_val, y_val) for k in candidates}
    return max(found, key=lambda k: found[k]), found


def choice(function: Any, seed: int = 1) -> Any:
    return check_choice(function, seed=seed, accuracy=2, best=2, of=10)


@pytest.mark.parametrize("k", [1, 2, 3, 7, 40])
def test_votes_are_those_of_scikit_learn(small: Any, k: int) -> None:
    ours = votes(small.x[:500], small.y[:500], small.x_val, [k, 1])[0]
    theirs = KNeighborsClassifier(k).fit(small.x[:500], small.y[:500]).predict(small.x_val)
    assert (ours == theirs).mean() > 0.998  # two neighbours may be as far away


@pytest.mark.parametrize("seed", range(6))
def test_a_right_choice_gets_its_points(seed: int) -> None:
    assert float(choice(choose_k, seed)) == 4


def other_form(x_fit: Any, y_fit: Any, x_val: Any, y_val: Any, candidates: Any) -> Any:
    best, found = choose_k(x_fit, y_fit, x_val, y_val, candidates)
    return [np.int64(best), {k: np.float32(v) for k, v in found.items()}]


def on_fit(x_fit: Any, y_fit: Any, x_val: Any, y_val: Any, candidates: Any) -> Any:
    return choose_k(x_fit, y_fit, x_fit, y_fit, candidates)


def own_candidates(x_fit: Any, y_fit: Any, x_val: Any, y_val: Any, candidates: Any) -> Any:
    return choose_k(x_fit, y_fit, x_val, y_val, [1, 3, 5])


def worst(*arguments: Any) -> Any:
    _, found = choose_k(*arguments)
    return min(found, key=lambda k: found[k]), found


def percent(*arguments: Any) -> Any:
    best, found = choose_k(*arguments)
    return best, {k: 100 * v for k, v in found.items()}


@pytest.mark.parametrize(
    ("function", "left", "words"),
    [
        (other_form, 4, "chooses right"),
        (on_fit, 0, "own nearest neighbour"),
        (own_candidates, 0, "for k in candidates"),
        (worst, 2, "Another candidate has more right answers"),
        (percent, 0, "share within 0 and 1"),
        (lambda *a: choose_k(*a)[0], 0, "no pair of a whole number and a dict"),
        (lambda *a: None, 0, "gives None"),
        (lambda *a: (3, dict.fromkeys(a[4], 0.9)), 0, "is expected"),
        (None, 0, "still None"),
    ],
    ids=range(9),
)
def test_other_choices_are_told_what_is_wrong(function: Any, left: float, words: str) -> None:
    score = choice(function)
    assert float(score) == left and words in str(score)


@pytest.fixture
def check(small: Any) -> Callable[..., Any]:
    """Return a function that judges a notebook in which some things are different."""
    right = choose_k(small.x, small.y, small.x_val, small.y_val, CANDIDATES)

    def judge(**different: Any) -> Any:
        given = {
            "choose_k": choose_k,
            "knn_predict": KNeighborsClassifier(right[0]).fit(small.x, small.y).predict,
            "chosen": right,
            "fitted_on": (small.x, small.y),
            "chosen_on": (small.x_val, small.y_val),
            "tested_on": (small.x_test, small.y_test),
            **different,
        }
        return check_knn(
            **given,
            seed=1,
            rows=300,
            function={"accuracy": 2, "best": 2},
            numbers={"accuracy": 2, "best": 1},
            reading={0.70: 1, 0.80: 2, 0.85: 3},
        )

    return judge


def test_who_is_right_gets_all_points(check: Callable[..., Any]) -> None:
    score = check()
    assert (float(score), score.of) == (10, 10), str(score)


def test_other_ways_to_count_the_same_neighbours_are_right(
    check: Callable[..., Any], small: Any
) -> None:
    knn = KNeighborsClassifier(3, weights="distance").fit(small.x, small.y)
    best, found = choose_k(small.x, small.y, small.x_val, small.y_val, CANDIDATES)
    score = check(knn_predict=knn.predict, chosen=(3, found))
    # Three votes instead of the best: within chance of it.
    assert float(score) == 10, (best, str(score))


def test_numbers_that_are_not_those_of_the_rows(check: Callable[..., Any], small: Any) -> None:
    best = choose_k(small.x, small.y, small.x_val, small.y_val, CANDIDATES)[0]
    typed = check(chosen=(best, {1: 0.97, 3: 0.98, 5: 0.96}))
    assert float(typed) == 7 and "computed again" in str(typed)
    on_test = choose_k(small.x, small.y, small.x_test, small.y_test, CANDIDATES)
    on_test = check(chosen=(best, on_test[1]))
    assert float(on_test) == 7 and "that is the accuracy on test images" in str(on_test)
    rows = (small.x_test, small.y_test)
    with_test = choose_k(small.x, small.y, *rows, CANDIDATES)
    with_test = check(chosen=(best, with_test[1]), chosen_on=rows)
    assert float(with_test) == 7 and "500 of the images in x_choose are test" in str(with_test)
    voting = (small.x[:500], small.y[:500])
    own = choose_k(small.x, small.y, *voting, CANDIDATES)
    own = check(chosen=(best, own[1]), chosen_on=voting)
    assert float(own) == 7 and "are in x_small as well" in str(own)
    none = check(chosen=(None, None))
    assert float(none) == 7 and "still None" in str(none)
    far = accuracies(small.x, small.y, small.x_val, small.y_val, [1, 133])
    bad = check(
        chosen=(133, far), knn_predict=KNeighborsClassifier(133).fit(small.x, small.y).predict
    )
    assert float(bad) <= 9 and "Another k reaches" in str(bad)


def test_test_images_must_not_vote(check: Callable[..., Any], small: Any) -> None:
    both = np.concatenate([small.x, small.x_test]), np.concatenate([small.y, small.y_test])
    hidden = check(fitted_on=both, knn_predict=KNeighborsClassifier(1).fit(*both).predict)
    assert float(hidden) <= 7 and "500 of the images in x_small are test images" in str(hidden)
    other = KNeighborsClassifier(1).fit(small.x[:200], small.y[:200]).predict
    score = check(knn_predict=other)
    assert float(score) == 7 and "The same rows and the same k vote the same way" in str(score)


def test_who_looks_answers_up_reads_nothing_new(check: Callable[..., Any], small: Any) -> None:
    known = {row.tobytes(): digit for row, digit in zip(small.x_test, small.y_test, strict=True)}
    score = check(knn_predict=lambda x: np.array([known.get(row.tobytes(), 1) for row in x]))
    assert float(score) == 7
