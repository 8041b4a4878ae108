"""No attack gains anything from the engine, and each gets a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.attacks.attack import Attack
from tests.attacks.campaign import MODES, Class, Mode
from tests.attacks.catalogue import ATTACKS, FAMILIES
from tests.attacks.conftest import HONEST
from tests.attacks.target import NET, TINY, Target

pytestmark = pytest.mark.kernel

Ask = Callable[[Sequence[Attack], Mode], Class]
FULL = MODES["full sandbox"]
FORKED = MODES["full sandbox, forked"]
WEAKEST = MODES["unprivileged, without file rules"]
# Attacks whose success depends on what the system closes: in the strongest mode each is made alone,
# in a world of its own, so that what it left is its own.
ON_THE_SYSTEM = (
    "reading secrets", "processes and signals", "kernel channel", "resources", "persistence",
)  # fmt: skip
# In every mode: these depend on which layer keeps files and processes apart.
IN_EVERY_MODE = ("reading secrets", "processes and signals")
# What these leave or take away where nothing stops them, the next one of a class would miss.
ALONE_IN_THE_WEAKEST = ("persistence", "reading secrets")
_BATCH = 12


def _alone() -> list[object]:
    """Pair attacks with modes; one of each family belongs to the fast tests."""
    fast = {next(a.name for a in ATTACKS if a.family == family) for family in FAMILIES}
    cases = []
    for mode in (FULL, WEAKEST):
        for attack in ATTACKS:
            quick = attack.name in fast and mode is FULL and attack.target is TINY
            families = ON_THE_SYSTEM if mode is FULL else ALONE_IN_THE_WEAKEST
            if quick or attack.family in families:
                marks = [] if quick else [pytest.mark.slow]
                name = f"{mode.name}: {attack.name}"
                cases.append(pytest.param((attack,), mode, id=name, marks=marks))
    return cases


def _modes_of(family: str, target: Target) -> list[Mode]:
    """Return the modes in which attacks of a family are made as a class."""
    if family in IN_EVERY_MODE:
        modes = list(MODES.values())
    else:
        # Forks have the same layers, and Keras is loaded once for a class.
        modes = [FORKED if target is NET else FULL, WEAKEST]
    if family in ON_THE_SYSTEM:
        modes.remove(FULL)
    if family in ALONE_IN_THE_WEAKEST:
        modes.remove(WEAKEST)
    return modes


def _classes() -> list[object]:
    """Form classes of attackers of one family."""
    cases = []
    for family in FAMILIES:
        members = [a for a in ATTACKS if a.family == family]
        for start in range(0, len(members), _BATCH):
            batch = tuple(members[start : start + _BATCH])
            marks = [pytest.mark.slow, *([pytest.mark.keras] * (batch[0].target is NET))]
            for mode in _modes_of(family, batch[0].target):
                name = f"{mode.name}: {family} {start // _BATCH + 1}"
                cases.append(pytest.param(batch, mode, id=name, marks=marks))
    return cases


def _can_be_stopped(attack: Attack, layers: Mapping[str, bool]) -> bool:
    """Tell whether a layer is there that can stop an attack."""
    return not attack.needs or any(layers.get(name) for name in attack.needs)


def _check(attack: Attack, found: Class, layers: Mapping[str, bool]) -> None:
    one = found.outcomes[attack.name]
    gained = {aim: list(words) for aim, words in one.gained.items()}
    if len(found.outcomes) == 1:
        for aim, words in found.gained.items():
            gained.setdefault(aim, []).extend(words)
    stoppable = _can_be_stopped(attack, layers)
    if not stoppable:
        # What could stop it is not there, and whoever reads the grade is told so by name.
        assert all(layers.get(name) is False for name in attack.needs)
        gained = {aim: words for aim, words in gained.items() if aim not in attack.aims}
    assert not gained, f"{attack.name}: {gained}"
    if one.scores is not None and stoppable:
        earned = attack.target.earned[attack.base]
        assert {n: one.scores[n] for n in attack.keeps} == {n: earned[n] for n in attack.keeps}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_answers_earn_what_they_should(mode: Mode, graded: Ask) -> None:
    found = graded(tuple(HONEST.values()), mode)
    assert not found.gained
    for base, attack in HONEST.items():
        one = found.outcomes[attack.name]
        assert one.scores == TINY.earned[base]
        assert not one.gained
        assert mode.without <= {name for name, active in one.layers.items() if not active}


@pytest.mark.parametrize(("attacks", "mode"), _alone())
def test_an_attack_gains_nothing(attacks: Sequence[Attack], mode: Mode, graded: Ask) -> None:
    honest = graded(tuple(HONEST.values()), mode).outcomes["honest answers"]
    _check(attacks[0], graded(attacks, mode), honest.layers)


@pytest.mark.parametrize(("attacks", "mode"), _classes())
def test_a_class_of_attackers_gains_nothing(
    attacks: Sequence[Attack], mode: Mode, graded: Ask
) -> None:
    honest = graded(tuple(HONEST.values()), mode).outcomes["honest answers"]
    found = graded(attacks, mode)
    for attack in attacks:
        _check(attack, found, honest.layers)
    # What nothing there can stop may leave something, but never cost the next one points.
    excused = {
        aim for a in attacks if not _can_be_stopped(a, honest.layers) for aim in a.aims
    } - {"harm"}  # fmt: skip
    assert not {aim: words for aim, words in found.gained.items() if aim not in excused}


@pytest.mark.keras
@pytest.mark.slow
def test_networks_earn_what_they_should(graded: Ask) -> None:
    attacks = tuple(
        Attack(f"{base} net", "none", "nothing", frozenset({"points"}), base=base, target=NET,
               deadline=150.0, cell_seconds=60.0)
        for base in NET.earned
    )  # fmt: skip
    found = graded(attacks, FULL)
    assert {n: o.scores for n, o in found.outcomes.items()} == {
        f"{base} net": earned for base, earned in NET.earned.items()
    }
