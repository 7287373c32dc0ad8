"""Settles budgets and rates in the transaction that writes a batch, so that what is spent is the sum of the attempts that are stored.

The cost of an attempt takes the place of a part of its request's reservation, as far as that reaches. The end of the request releases the
rest. An attempt without a reservation counts too: in the windows that are open, whichever gateway opened them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.engine import Connection

from ledger.schema import limit_windows, reservations

IDS_AT_ONCE = 200
# The columns that name a limit, and those that name its window.
LIMIT = ('scope', 'name', 'measure', 'time_window')
WINDOW = (*LIMIT, 'started_at')
# The windows that are open between two times.
OPEN = select(*(limit_windows.c[name] for name in (*WINDOW, 'ends_at'))).where(
    or_(limit_windows.c.measure == 'nano_usd', limit_windows.c.measure == 'tokens'),
    limit_windows.c.ends_at > bindparam('first'),
    limit_windows.c.started_at <= bindparam('last'),
)


class Settlement:
    """Counts attempts against limits."""

    def __init__(self, providers: Mapping[str, frozenset[str]], limited: bool = True) -> None:
        """`providers` are those of each alias, by their names in the catalogue. `limited`: whether this gateway has limits, so that its
        requests can have reservations."""
        self.providers, self.limited = providers, limited

    def __call__(self, connection: Connection, attempts: list[dict], requests: list[dict]) -> None:
        """Settle rows that are written in the same transaction. The caller commits."""
        parts = reserved_by(connection, {row['request_id'] for row in (*attempts, *requests)}) if self.limited else {}
        opened = open_windows(connection, attempts)
        if not parts and not opened:
            return
        # By window: what is added to `used`, and what is taken from `reserved`.
        changes: dict[tuple, list[int]] = {}
        for row in attempts:
            own = {part[:4]: part for part in parts.get(row['request_id'], ())}
            for limit, amount in self.amounts(row):
                for window in windows_of(limit, row, own, opened):
                    part = own.get(window[:4])
                    covered = 0 if part is None else min(amount, parts[row['request_id']][part])
                    if part is not None:
                        parts[row['request_id']][part] -= covered
                    change(changes, window, amount, covered)
        for row in requests:
            for part, amount in parts.get(row['request_id'], {}).items():
                change(changes, part, 0, amount)
        apply(connection, changes)
        self.write_parts(connection, parts, {row['request_id'] for row in requests})

    def amounts(self, row: dict) -> Iterator[tuple[tuple[str, str, str], int]]:
        """What an attempt counts, by scope, name and measure."""
        tokens = row['gen_ai_usage_input_tokens'] + row['gen_ai_usage_output_tokens']
        yield ('key', row['key_alias'], 'tokens'), tokens
        scopes = [('key', row['key_alias']), ('lane', row['lane']), ('stack', '')]
        scopes += [('provider', name) for name in self.providers.get(row['deployment_alias'], ())]
        for scope in scopes:
            yield (*scope, 'nano_usd'), row['cost_nano_usd']

    def write_parts(self, connection: Connection, parts: dict[str, dict], ended: set[str]) -> None:
        """Write what is still reserved for requests that run, and remove the reservations of those that have ended."""
        gone = [request for request in parts if request in ended]
        for start in range(0, len(gone), IDS_AT_ONCE):
            connection.execute(delete(reservations).where(reservations.c.request_id.in_(gone[start : start + IDS_AT_ONCE])))
        left = [
            {'of': request, 'left': amount, **dict(zip((f'its_{name}' for name in LIMIT), part))}
            for request, amounts in sorted(parts.items())
            if request not in ended
            for part, amount in sorted(amounts.items())
        ]
        if left:
            where = [reservations.c.request_id == bindparam('of'), *(reservations.c[name] == bindparam(f'its_{name}') for name in LIMIT)]
            connection.execute(update(reservations).where(*where).values(amount=bindparam('left')), left)


def reserved_by(connection: Connection, requests: set[str]) -> dict[str, dict[tuple, int]]:
    """What is reserved for requests: the amount by window."""
    found: dict[str, dict[tuple, int]] = {}
    ids = sorted(requests)
    for start in range(0, len(ids), IDS_AT_ONCE):
        query = select(reservations).where(reservations.c.request_id.in_(ids[start : start + IDS_AT_ONCE]))
        for row in connection.execute(query).mappings():
            found.setdefault(row['request_id'], {})[tuple(row[name] for name in WINDOW)] = row['amount']
    return found


def open_windows(connection: Connection, attempts: list[dict]) -> dict[tuple, list[tuple[tuple, int]]]:
    """The windows with the time of one of these attempts in them, and their ends: by scope, name and measure."""
    if not attempts:
        return {}
    times = [counted_at(row) for row in attempts]
    found: dict[tuple, list[tuple[tuple, int]]] = {}
    for *window, end in connection.execute(OPEN, {'first': min(times), 'last': max(times)}):
        found.setdefault(tuple(window[:3]), []).append((tuple(window), end))
    return found


def windows_of(limit: tuple, row: dict, own: dict, opened: dict) -> list[tuple]:
    """The windows of a limit in which an attempt counts: those of its reservation, otherwise those of its time."""
    reserved = [part for part in own.values() if part[:3] == limit]
    kinds = {part[3] for part in reserved}
    second = counted_at(row)
    return reserved + [window for window, end in opened.get(limit, ()) if window[3] not in kinds and window[4] <= second < end]


def counted_at(row: dict) -> float:
    """The second whose windows an attempt counts in."""
    return (row['counted_at_us'] or row['started_at_us']) / 1_000_000


def change(changes: dict[tuple, list[int]], window: tuple, used: int, released: int) -> None:
    total = changes.setdefault(window, [0, 0])
    total[0] += used
    total[1] += released


def apply(connection: Connection, changes: dict[tuple, list[int]]) -> None:
    """Change windows, in a stable order, so that two writers never wait for each other in turn."""
    rows = [
        {'more': used, 'less': released, **dict(zip((f'its_{name}' for name in WINDOW), window))}
        for window, (used, released) in sorted(changes.items())
        if used or released
    ]
    if rows:
        where = and_(*(limit_windows.c[name] == bindparam(f'its_{name}') for name in WINDOW))
        values = {'used': limit_windows.c.used + bindparam('more'), 'reserved': limit_windows.c.reserved - bindparam('less')}
        connection.execute(update(limit_windows).where(where).values(values), rows)


def release(connection: Connection, owners: list[str], requests: list[str] = ()) -> int:  # type: ignore[assignment]
    """Release all reservations of processes that have ended, and those of single requests. Returns how many requests had one."""
    which = or_(reservations.c.owner.in_(owners), reservations.c.request_id.in_(requests))
    changes: dict[tuple, list[int]] = {}
    found = set()
    for row in connection.execute(select(reservations).where(which)).mappings():
        found.add(row['request_id'])
        change(changes, tuple(row[name] for name in WINDOW), 0, row['amount'])
    apply(connection, changes)
    connection.execute(delete(reservations).where(which))
    return len(found)
