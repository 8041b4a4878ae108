"""Make the attacks that were asked for, a few at a time, while tests wait for their outcomes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.attacks.attack import Attack
from tests.attacks.campaign import Class, Mode, attack_class
from tests.attacks.playing import exact

AT_ONCE = min(4, os.cpu_count() or 1)

Ask = Callable[[Sequence[Attack], Mode], Class]


@pytest.fixture(scope="session")
def graded(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Return what came of attacks in a mode; they are made ahead of the tests that ask."""
    if not exact():
        pytest.skip("attacks run in a world of their own only: as root on Linux, with namespaces")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made: dict[tuple[str, ...], Future[Class]] = {}

        def ask(attacks: Sequence[Attack], mode: Mode) -> Future[Class]:
            key = (mode.name, *(a.name for a in attacks))
            if key not in made:
                several = len(attacks) > 1 or any(a.then_honest for a in attacks)
                made[key] = pool.submit(attack_class, attacks, mode, then_honest=several)
            return made[key]

        for item in request.session.items:
            given = getattr(item, "callspec", None)
            if given and {"attacks", "mode"} <= given.params.keys():
                ask(given.params["attacks"], given.params["mode"])
        yield lambda attacks, mode: ask(attacks, mode).result()
        pool.shutdown(cancel_futures=True)
