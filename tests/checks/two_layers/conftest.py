"""One core: the arrays here are small, and threads that wait for each other slow them down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="package", autouse=True)
def one_core() -> Iterator[None]:
    with threadpool_limits(limits=1):
        yield
