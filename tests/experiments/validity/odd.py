"""Studies that look unusual and are right: no check may find anything in them."""

from __future__ import annotations

from tests.experiments.validity.cases import Odd
from tests.experiments.validity.odd_runs import names, runs
from tests.experiments.validity.odd_settings import own_fits, settings

__all__ = ["ODD"]

ODD: tuple[Odd, ...] = (*names(), *runs(), *settings(), *own_fits())
