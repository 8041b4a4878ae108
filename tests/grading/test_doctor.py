"""The doctor says what this machine has, and what would be refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnist_course.cli import main
from mnist_course.grading.doctor import State, examine
from mnist_course.grading.sandbox_layers import LAYERS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox of Linux")


def test_this_machine_can_grade() -> None:
    found = {f.name: f for f in examine(ROOT)}
    assert [f for f in found.values() if f.state is State.BAD] == []
    assert {f"sandbox: {name}" for name in LAYERS} <= found.keys()
    assert "--require-sandbox grades here" in found["sandbox"].detail


@pytest.mark.parametrize("layer", ["system calls", "no new privileges"])
def test_what_is_missing_is_said_with_what_to_do(layer: str) -> None:
    found = {f.name: f for f in examine(ROOT, without=frozenset({layer}))}
    assert found[f"sandbox: {layer}"].state is State.BAD
    assert found["sandbox"].state is State.BAD
    assert layer in found["sandbox"].detail
    assert found["sandbox"].advice


def test_a_layer_that_others_stand_in_for_is_no_reason_to_refuse() -> None:
    found = {f.name: f for f in examine(ROOT, without=frozenset({"file rules"}))}
    assert found["sandbox: file rules"].state is State.LESS
    assert found["sandbox"].state is State.GOOD


def test_the_command_prints_a_table_or_json() -> None:
    table = CliRunner().invoke(main, ["doctor", "--root", str(ROOT)])
    assert table.exit_code == 0
    assert "sandbox" in table.output
    printed = CliRunner().invoke(main, ["doctor", "--json", "--root", str(ROOT)])
    assert {"name", "state", "detail", "advice"} == json.loads(printed.output)[0].keys()
