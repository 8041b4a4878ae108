"""Packages whose names are loaded late promise exactly the names that their modules have."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

import mnist_course

ROOT = Path(mnist_course.__file__).parent
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for path in ROOT.rglob("__init__.py")
    if "late_names(globals()" in path.read_text(encoding="utf-8")
)


def public(path: Path) -> list[str]:
    """Return a module's ``__all__`` without running it."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


def test_there_are_such_packages() -> None:
    assert {"checks", "experiments", "visualization"} <= set(PACKAGES)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_has_a_home_that_has_it(name: str) -> None:
    package = import_module(f"mnist_course.{name}")
    assert list(package._MODULES) == sorted(package._MODULES)
    assert set(package._MODULES) == set(package.__all__) <= set(dir(package))
    for one, home in package._MODULES.items():
        path = ROOT.joinpath(*name.split("."), *home.split(".")).with_suffix(".py")
        assert one in public(path), f"{one} is not in __all__ of {path.name}"


@pytest.mark.parametrize("name", PACKAGES)
def test_another_name_is_an_error_that_says_so(name: str) -> None:
    package = import_module(f"mnist_course.{name}")
    with pytest.raises(AttributeError, match=f"'mnist_course.{name}' has no attribute 'nothing'"):
        _ = package.nothing


def test_a_name_is_the_object_itself() -> None:
    from mnist_course.experiments import Configuration
    from mnist_course.experiments.trials import configuration

    assert Configuration is configuration.Configuration
