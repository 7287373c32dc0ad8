"""The windows of budgets and rates: a pure function of the kind, the time and the time zone.

Windows of a kind follow each other without a gap or an overlap, whatever the clocks of the zone do: a day has 23 or 25 hours when they
change, and February 29 in leap years. Hours, days, weeks and months begin by the zone's clock; a week begins on Monday. Minutes are UTC's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo

# Kinds of a budget's window.
WINDOWS = ('hour', 'day', 'week', 'month')
# The window of rates, and the one of limits that have none, like the number of parallel requests.
MINUTE, ALWAYS = 'minute', 'always'
# The end of a window without an end.
NEVER = 1 << 53
HOUR = 3600


def window(kind: str, second: float, zone: tzinfo) -> tuple[int, int]:
    """The window in which a time is: its first second, and the first one after it.

    `kind` is one of WINDOWS, MINUTE or ALWAYS; another one is a ValueError. `second` and the result are in seconds since 1970 (UTC).
    """
    second = int(second // 1)
    if kind == ALWAYS:
        return 0, NEVER
    if kind == MINUTE:
        return second // 60 * 60, second // 60 * 60 + 60
    if kind == 'hour':
        return hour(second, zone)
    today = datetime.fromtimestamp(second, zone).date()
    if kind == 'day':
        first, after = today, today + timedelta(1)
    elif kind == 'week':
        first = today - timedelta(today.weekday())
        after = first + timedelta(7)
    elif kind == 'month':
        first = today.replace(day=1)
        after = (first + timedelta(31)).replace(day=1)
    else:
        raise ValueError(f'{kind!r} is no window; allowed are {", ".join(WINDOWS)}')
    return midnight(first, zone), midnight(after, zone)


def midnight(day: date, zone: tzinfo) -> int:
    """When a day begins. If the clocks skip midnight: when they do. If midnight comes twice: at the first one."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def hour(second: int, zone: tzinfo) -> tuple[int, int]:
    """The hour by the zone's clock, which is not UTC's where the offset has half an hour.

    Lord Howe's clocks change by half an hour: an hour is cut there.
    """
    begin = second - (second + part_of_hour(second, zone)) % HOUR
    end = begin + HOUR
    return change(begin, second, zone), change(end - 1, second, zone, end)


def change(other: int, second: int, zone: tzinfo, same: int | None = None) -> int:
    """The time between two at which the offset's part of an hour changes; `same` (default: `other`) if it does not."""
    own = part_of_hour(second, zone)
    if part_of_hour(other, zone) == own:
        return other if same is None else same
    inside, outside = second, other
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if part_of_hour(middle, zone) == own else (inside, middle)
    return max(inside, outside)


def part_of_hour(second: int, zone: tzinfo) -> int:
    """What the zone's offset from UTC has beside whole hours, in seconds."""
    return int(datetime.fromtimestamp(second, timezone.utc).astimezone(zone).utcoffset().total_seconds()) % HOUR
