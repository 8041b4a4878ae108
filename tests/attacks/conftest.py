"""Make the attacks that were asked for, a few at a time, while tests wait for their outcomes."""

from __future__ import annotations

import compileall
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import mnist_course
from tests.attacks.attack import Attack
from tests.attacks.campaign import Class, Mode, attack_class
from tests.attacks.playing import exact
from tests.attacks.target import TINY

AT_ONCE = min(4, os.cpu_count() or 1)
# What each kind of answer earns when nobody attacks.
HONEST = {
    base: Attack(f"{base} answers", "none", "nothing", frozenset({"points"}), base=base)
    for base in TINY.earned
}

Ask = Callable[[Sequence[Attack], Mode], Class]


@pytest.fixture(scope="session")
def graded(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Return what came of attacks in a mode; they are made ahead of the tests that ask."""
    if not exact():
        pytest.skip("attacks run in a world of their own only: as root on Linux, with namespaces")
    # Each grader starts from the same disk: compile once what each would compile again.
    compileall.compile_dir(str(Path(mnist_course.__file__).parent), quiet=1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made: dict[tuple[str, ...], Future[Class]] = {}

        def ask(attacks: Sequence[Attack], mode: Mode) -> Future[Class]:
            key = (mode.name, *(a.name for a in attacks))
            if key not in made:
                several = len(attacks) > 1 or any(a.then_honest for a in attacks)
                made[key] = pool.submit(attack_class, attacks, mode, then_honest=several)
            return made[key]

        asked = [getattr(item, "callspec", None) for item in request.session.items]
        given = [
            call.params for call in asked if call and {"attacks", "mode"} <= call.params.keys()
        ]
        # First what every test of a mode waits for, else none is heard of before the last is made.
        for mode in {call["mode"].name: call["mode"] for call in given}.values():
            ask(tuple(HONEST.values()), mode)
        for call in given:
            ask(call["attacks"], call["mode"])
        yield lambda attacks, mode: ask(attacks, mode).result()
        pool.shutdown(cancel_futures=True)
