"""A study says what it compares, or refuses to be one."""

from __future__ import annotations

import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

BASE = Configuration(epochs=2)


def study(**others) -> Study:
    fields = {
        "name": "dropout",
        "question": "Does dropout help?",
        "base": BASE,
        "axis": "dropout",
        "values": (0.0, 0.1, 0.3),
        "control": 0.0,
        "seeds": range(3),
    }
    return Study(**(fields | others))


def test_values_become_arms():
    made = study()
    assert list(made.arms) == ["dropout 0", "dropout 0.1", "dropout 0.3"]
    assert made.control == "dropout 0"
    assert made.arms["dropout 0.3"] == BASE.but(dropout=0.3)
    assert len(made) == 9


@pytest.mark.parametrize(
    ("axis", "values", "names"),
    [
        ("hidden", ((64,), (64, 32), ()), ["hidden 64", "hidden 64-32", "hidden none"]),
        ("patience", (None, 3), ["patience none", "patience 3"]),
        (
            "augmentation",
            ((), ("flip", "shift")),
            ["augmentation none", "augmentation flip + shift"],
        ),
        ("learning_rate", (0.001, 0.0003), ["learning rate 0.001", "learning rate 0.0003"]),
    ],
)
def test_names_of_arms(axis, values, names):
    made = study(axis=axis, values=values, control=values[0])
    assert list(made.arms) == names
    assert made.control == names[0]


def test_all_arms_come_with_the_first_seed_first():
    order = [(one.arm, one.seed) for one in study(seeds=(7, 8)).trials()]
    assert order[:3] == [("dropout 0", 7), ("dropout 0.1", 7), ("dropout 0.3", 7)]
    assert order[3:] == [("dropout 0", 8), ("dropout 0.1", 8), ("dropout 0.3", 8)]


def test_the_control_may_be_an_arm_by_name():
    arms = {"plain": BASE, "wide": BASE.but(hidden=(128,))}
    assert study(base=None, values=(), arms=arms, axis="units", control="plain").control == "plain"


def test_design_is_what_the_checks_of_validity_need():
    design = study(metric="val_cross_entropy", margin=0.02).design()
    assert design.axes == ("dropout",)
    assert design.control == "dropout 0"
    assert (design.seeds, design.metric, design.margin) == (3, "val_cross_entropy", 0.02)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"values": (0.1,)}, "1 arm: a comparison needs two"),
        ({"values": (0.0, 0.0)}, "Give every value once"),
        ({"control": 0.2}, "The control of the study 'dropout' is 'dropout 0.2'"),
        ({"seeds": ()}, "needs whole numbers as seeds"),
        ({"seeds": (0, 0)}, "each once"),
        ({"seeds": (0.5,)}, "needs whole numbers as seeds"),
        ({"seeds": (-1, 0)}, "A seed is a whole number from 0"),
        ({"arms": {"a" * 81: BASE, "b": BASE.but(dropout=0.3)}, "control": "b"}, "name of an arm"),
        ({"arms": {"a": BASE, "b": 0.3}, "control": "a"}, "is run from a Configuration"),
        ({"margin": 0}, "margin of the study 'dropout' must be above 0"),
        ({"name": "My study"}, "small letters"),
        ({"metric": "colour"}, "more or less of 'colour'"),
        ({"also": ("colour",)}, "more or less of 'colour'"),
        ({"base": None}, "has no arms"),
        ({"axis": "colour", "values": (1, 2)}, "no field 'colour'"),
    ],
)
def test_what_is_no_study(others, words):
    with pytest.raises(ConfigurationError, match=words):
        study(**others)


def test_two_changes_are_refused():
    arms = {"plain": BASE, "both": BASE.but(dropout=0.3, epochs=9)}
    with pytest.raises(ConfigurationError, match="differ in epochs too"):
        study(base=None, values=(), arms=arms, control="plain")
    allowed = study(base=None, values=(), arms=arms, control="plain", may_differ=("epochs",))
    assert allowed.may_differ == ("epochs",)


def test_a_second_change_that_hides_behind_another_arm_is_refused():
    arms = {"a": BASE, "b": BASE.but(dropout=0.3), "c": BASE.but(dropout=0.5, l2=0.1)}
    with pytest.raises(ConfigurationError, match=r"'a' and 'c' .* differ in l2 too"):
        study(base=None, values=(), arms=arms, control="a")


def test_an_axis_may_have_several_fields():
    arms = {
        "SGD": BASE.but(optimizer="sgd"),
        "momentum": BASE.but(optimizer="sgd", momentum=0.9),
    }
    made = study(base=None, values=(), arms=arms, axis="optimizer", control="SGD")
    assert made.design().axes == ("optimizer",)


def test_equal_arms_are_refused():
    with pytest.raises(ConfigurationError, match="are the same"):
        study(base=None, values=(), arms={"a": BASE, "b": BASE}, control="a")
