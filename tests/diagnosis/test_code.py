"""Unused arguments are told; arguments that only look unused are not."""

from __future__ import annotations

import pytest

from mnist_course.diagnosis import check_code

WRONG = {
    "an ignored rate": (
        "def build(units, rate):\n    return [Dense(units), Dropout(0.1)]\n",
        ("rate",),
    ),
    "two of them": ("def build(units, rate, *, l2=0):\n    return Dense(64)\n", ("units", "l2")),
    "assigned and never read": ("def build(rate):\n    rate = 0.3\n    return 5\n", ("rate",)),
    "behind magics": ("%%time\n!ls\ndef f(x):\n    return 1\n", ("x",)),
    "a function in a function": (
        "def f(x):\n    def g(y):\n        return x\n    return g\n",
        ("y",),
    ),
    "an indented one": ("    def f(x):\n        return 1\n", ("x",)),
}


@pytest.mark.parametrize("name", WRONG)
def test_unused_arguments_are_named(name: str) -> None:
    source, names = WRONG[name]
    (finding,) = check_code(source)
    assert finding.name == "unused-argument" and finding.severity == "hint"
    assert all(word in finding.saw for word in names)
    assert "1 unused" in finding.saw or "2 unused" in finding.saw or "3 unused" in finding.saw


RIGHT = {
    "all used": "def build(units, rate):\n    return [Dense(units), Dropout(rate)]\n",
    "used in a comprehension": "def f(xs, n):\n    return [x * n for x in xs]\n",
    "used inside": "def f(x):\n    def g():\n        return x\n    return g\n",
    "still to be written": "def build(units):\n    raise NotImplementedError('write me')\n",
    "a docstring and three dots": "def build(units):\n    '''Build.'''\n    ...\n",
    "named as unused": "def f(_seed, x):\n    return x\n",
    "methods": "class C(Callback):\n    def on_epoch_end(self, epoch, logs):\n        pass\n",
    "handed over as a whole": "def f(a, b):\n    return dict(locals())\n",
    "stars": "def f(*args, **kwargs):\n    return 1\n",
    "no code": "Hello, this is text.",
    "empty": "",
    "zero bytes": "def f(x):\0",
}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_sound_code(name: str) -> None:
    assert check_code(RIGHT[name]) == []


def ignores(units: int, rate: float) -> int:
    return units


def test_a_function_stands_for_its_source() -> None:
    (finding,) = check_code(ignores)
    assert "`ignores` takes rate" in finding.saw
    assert check_code(len) == []
