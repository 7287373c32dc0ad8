"""The hours in which a model costs less, as LiteLLM's price map has them (`off_peak_pricing`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(1, 8))
DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')


class Hours(NamedTuple):
    """Minutes since midnight in UTC, on days of the week (1 is Monday). If the end is not after the beginning, they go over midnight."""

    days: frozenset[int]
    begin: int
    end: int


class OffPeak(NamedTuple):
    hours: tuple[Hours, ...]
    # The IANA name of the zone in whose calendar the days of the week are.
    zone: str = 'UTC'

    def contains(self, seconds: float) -> bool:
        """Whether a time, in seconds since 1970, is in these hours. The beginning is in them, the end is not."""
        at = datetime.fromtimestamp(seconds, timezone.utc)
        day, minute = at.astimezone(zone_of(self.zone)).isoweekday(), at.hour * 60 + at.minute
        return any(day in days and is_between(minute, begin, end) for days, begin, end in self.hours)


def off_peak_of(entry: Mapping) -> OffPeak | None:
    """The hours in an entry of the price map; None if it has none. What cannot be read is left out: then the usual price applies."""
    block = entry.get('off_peak_pricing')
    if not isinstance(block, Mapping):
        return None
    windows = block.get('windows')
    windows = windows if isinstance(windows, (list, tuple)) else ()
    rules = [{'hours_utc': block.get('hours_utc')}, *(rule for rule in windows if isinstance(rule, Mapping))]
    hours = tuple(Hours(days_in(rule), *times) for rule in rules for times in times_in(rule.get('hours_utc')))
    return OffPeak(hours, str(block.get('weekday_timezone') or 'UTC')) if hours else None


def is_between(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return timezone.utc


def days_in(rule: Mapping) -> frozenset[int]:
    """The days of a rule, given as numbers or names; without any it holds every day."""
    given = rule.get('weekdays')
    if given is None:
        return EVERY_DAY
    days = given if isinstance(given, (list, tuple)) else ()
    return frozenset(number for number in map(day_number, days) if isinstance(number, int)) & EVERY_DAY


def day_number(day: object) -> object:
    """A name of a day, as far as its first three letters, as its number; anything else as it is."""
    short = day.strip().lower()[:3] if isinstance(day, str) else ''
    return DAYS.index(short) + 1 if short in DAYS else day


def times_in(given: object) -> list[tuple[int, int]]:
    """The beginning and end of each time in `HH:MM-HH:MM`, or in a list of such texts."""
    texts = [given] if isinstance(given, str) else given if isinstance(given, (list, tuple)) else []
    found = []
    for text in texts:
        try:
            begin, end = (datetime.strptime(part.strip(), '%H:%M') for part in text.split('-'))
        except (AttributeError, ValueError):
            continue
        found.append((begin.hour * 60 + begin.minute, end.hour * 60 + end.minute))
    return found
