"""What importing loads, seen from fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "IPython",
    "PIL",
    "click",
    "dask",
    "h5py",
    "jax",
    "jinja2",
    "jupyter_client",
    "keras",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "nbformat",
    "nbgrader",
    "numpy",
    "pandas",
    "platformdirs",
    "psutil",
    "requests",
    "rich",
    "scipy",
    "seaborn",
    "sklearn",
    "tensorflow",
    "zmq",
}


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in a fresh interpreter after ``statement``, less those before it."""
    code = (
        "import sys, json; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("mnist_course", set()),
        ("mnist_course.exceptions", set()),
        ("mnist_course.grading", set()),
        ("mnist_course.grading.results", set()),
        ("mnist_course.datasets", set()),
        ("mnist_course.visualization", set()),
        ("mnist_course.preprocessing", set()),
        ("mnist_course.drawings", set()),
        ("mnist_course.reader", set()),
        ("mnist_course.datasets.mnist", {"numpy"}),
        ("mnist_course.datasets.redirect", {"numpy"}),
        ("mnist_course.numpy_nn", {"numpy"}),
        ("mnist_course.optimizers", set()),
        ("mnist_course.autoencoders", set()),
        ("mnist_course.autoencoders.dimension_rule", set()),
        ("mnist_course.checks.autoencoders.capstone", {"numpy"}),
        ("mnist_course.checks.autoencoders.curve", {"numpy"}),
        ("mnist_course.checks.autoencoders.probe", {"numpy"}),
        ("mnist_course.experiments", set()),
        ("mnist_course.experiments.trials.running", {"numpy"}),
        ("mnist_course.experiments.trials.shipped", {"numpy"}),
        ("mnist_course.experiments.trials.store", {"numpy"}),
    ],
)
def test_import_loads_only_what_it_says(module, allowed):
    assert loaded_by(f"import {module}") & HEAVY == allowed


def test_the_package_itself_loads_only_the_standard_library():
    third_party = loaded_by("import mnist_course") - set(sys.stdlib_module_names)
    assert third_party == {"mnist_course"}


@pytest.mark.parametrize(
    ("package", "names"),
    [
        (
            "mnist_course.visualization",
            [
                "ActivationsDisplay",
                "ConfusionMatrixDisplay",
                "FeatureMapsDisplay",
                "FiltersDisplay",
                "HiddenUnitsDisplay",
                "ImageGridDisplay",
                "LearningCurvesDisplay",
                "MistakesDisplay",
                "OcclusionDisplay",
                "compute_feature_maps",
                "plot_activations",
                "plot_confusion_matrix",
                "plot_feature_maps",
                "plot_filters",
                "plot_hidden_units",
                "plot_images",
                "plot_learning_curves",
                "plot_mistakes",
                "plot_occlusion",
            ],
        ),
        ("mnist_course.preprocessing", ["just_resize", "to_mnist"]),
        ("mnist_course.reader", ["load_reader"]),
        (
            "mnist_course.drawings",
            [
                "CHANGES",
                "Drawing",
                "draw",
                "drawings",
                "letters",
                "practice_drawings",
                "supplied_drawings",
                "synthetic_digit",
            ],
        ),
    ],
)
def test_names_that_load_late_are_listed_all_the_same(package, names):
    code = (
        f"import {package} as p; assert p.__all__ == {names!r}, p.__all__; "
        f"assert set({names!r}) <= set(dir(p)); "
        f"from {package} import *; {'; '.join(names)}\n"
        "try: p.no_such_name\n"
        "except AttributeError as error: assert 'no_such_name' in str(error)\n"
        "else: raise SystemExit('no AttributeError')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
