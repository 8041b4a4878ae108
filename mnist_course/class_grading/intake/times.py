"""Read when something was handed in, as nbgrader or Gradescope writes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

__all__ = ["read_time"]

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?\s*([^\s]{1,60})?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){0,2}", re.ASCII)


def read_time(text: str) -> datetime | None:
    """Read one point in time.

    Parameters
    ----------
    text : str
        Such as ``2026-02-02 15:58:23.948203 America/Los_Angeles`` (nbgrader's ``timestamp.txt``),
        ``2026-02-02 15:58:23.948203000 Z`` (Ruby) or ISO 8601.

    Returns
    -------
    datetime or None
        With a time zone, UTC where the text names none, as both programs mean it. None if the
        text is anything else.

    Examples
    --------
    >>> read_time("2026-02-02 15:58:23.948203000 Z").isoformat()
    '2026-02-02T15:58:23.948203+00:00'
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, time, fraction, zone = match.groups()
    try:
        where = _zone(zone or "UTC")
        # Ruby writes nanoseconds; six digits are what a datetime holds.
        return datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:7]}").replace(tzinfo=where)
    except (ValueError, OverflowError, LookupError, OSError):  # no such day, no such zone
        return None


def _zone(text: str) -> tzinfo:
    if text in {"Z", "UTC"}:
        return UTC
    if match := _OFFSET.fullmatch(text):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return timezone(-offset if sign == "-" else offset)
    if not _ZONE.fullmatch(text):  # the text may be a student's, and names a file
        raise ValueError("not the name of a time zone")
    return ZoneInfo(text)
