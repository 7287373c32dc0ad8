"""Removes old rows, by age and by the size of the database. The sums of each hour stay, but for those that are older than ten times the age."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import delete, func, select

from ledger.schema import attempts, limit_windows, requests, usage_hours

# The rows of an hour are removed in one transaction: a small one, because other gateways wait for it.
STEP_SECONDS = 3600
DAY = 86_400
MIB = 1 << 20
# The sums are a small part of the rows.
SUMS_FACTOR = 10
# Windows of budgets are kept this long after their end, in days: until then a clock that goes back finds them as they were.
WINDOWS_DAYS = 62
# Pages that a pass gives back to the file system.
FREED_PAGES = 25_000


class Limits(NamedTuple):
    """How much is kept."""

    days: float
    max_mb: float


def remove_old(limits: Limits, engine, now: float | None = None) -> None:
    """Remove what is above the limits. Each step is a transaction of its own, so that a stop in between loses nothing."""
    now = time.time() if now is None else now
    remove_before(engine, now - limits.days * DAY)
    with engine.begin() as connection:
        connection.execute(delete(usage_hours).where(usage_hours.c.hour < now - limits.days * DAY * SUMS_FACTOR))
        connection.execute(delete(limit_windows).where(limit_windows.c.ends_at < now - WINDOWS_DAYS * DAY))
    while used_bytes(engine) > limits.max_mb * MIB:
        oldest = oldest_second(engine)
        if oldest is None:
            break
        # A twentieth of the time that is left.
        remove_before(engine, oldest + max(STEP_SECONDS, (now - oldest) / 20))
    if engine.dialect.name == 'sqlite':
        with engine.connect() as connection:
            # The pragma frees a page a step, and only this function runs all steps.
            connection.connection.driver_connection.executescript(f'PRAGMA incremental_vacuum({FREED_PAGES})')


def remove_before(engine, second: float) -> None:
    """Remove the attempts and requests that began before this time, an hour of rows at a time."""
    while (oldest := oldest_second(engine)) is not None and oldest < second:
        until = min(second, oldest + STEP_SECONDS)
        with engine.begin() as connection:
            for table in (attempts, requests):
                connection.execute(delete(table).where(table.c.started_at_us < int(until * 1_000_000)))


def oldest_second(engine) -> float | None:
    """When the oldest row began; None without rows."""
    with engine.connect() as connection:
        found = [connection.execute(select(func.min(table.c.started_at_us))).scalar() for table in (attempts, requests)]
    oldest = min((us for us in found if us is not None), default=None)
    return None if oldest is None else oldest / 1_000_000


def used_bytes(engine) -> int:
    """The bytes of the database that hold rows. PostgreSQL's size is its operator's business."""
    if engine.dialect.name != 'sqlite':
        return 0
    with engine.connect() as connection:
        pages, free, size = (connection.exec_driver_sql(f'PRAGMA {name}').scalar() for name in ('page_count', 'freelist_count', 'page_size'))
    return (pages - free) * size
