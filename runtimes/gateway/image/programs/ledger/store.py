"""The database: connections and the statements of a batch. For SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, event, inspect, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, StaticPool

from ledger.prices import Price
from ledger.schema import DIMENSIONS, SUMS, attempts, prices, requests, usage_hours

MIGRATIONS = 'migrations'
REVISIONS = tuple(sorted(file.name.partition('_')[0] for file in (Path(__file__).parent / MIGRATIONS).glob('[0-9]*.py')))
# How long a statement waits for another process that is writing.
BUSY_SECONDS = 5.0
HOUR_US = 3_600_000_000
Settle = Callable[[Connection, list[dict], list[dict]], None]


def connect(url: str, read_only: bool = False, busy_seconds: float | None = None) -> Engine:
    """An engine for a database. Nothing is opened before its first use.

    `read_only`: nothing can be written to the SQLite file. `busy_seconds`: how long a statement waits for another process (BUSY_SECONDS).
    """
    if not url.startswith('sqlite'):
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, poolclass=StaticPool, connect_args={'timeout': BUSY_SECONDS if busy_seconds is None else busy_seconds, 'check_same_thread': False})

    @event.listens_for(engine, 'connect')
    def prepare(connection, _) -> None:
        # Python's module would begin transactions only before a change, and so not keep a schema change and its version together.
        connection.isolation_level = None
        # Only a new file takes this: freed pages can then be given back (retention.py).
        connection.execute('PRAGMA auto_vacuum = INCREMENTAL')
        connection.execute('PRAGMA journal_mode = WAL')
        # A commit survives the end of the process. It may not survive the end of the machine's power, but the file stays sound.
        connection.execute('PRAGMA synchronous = NORMAL')
        if read_only:
            connection.execute('PRAGMA query_only = ON')

    @event.listens_for(engine, 'begin')
    def begin(connection: Connection) -> None:
        # Lock for writing at once: a transaction that first reads and then waits for the lock can fail.
        connection.exec_driver_sql('BEGIN' if read_only else 'BEGIN IMMEDIATE')

    return engine


def revision(connection: Connection) -> str | None:
    """The database's schema; None if it has none."""
    if not inspect(connection).has_table('alembic_version'):
        return None
    return connection.execute(text('SELECT version_num FROM alembic_version')).scalar()


def is_current(connection: Connection) -> bool:
    """Whether this release can write to the database: it has our newest schema, or one of a newer release, which only adds to ours."""
    found = revision(connection)
    return found is not None and (found == REVISIONS[-1] or found not in REVISIONS)


def write(connection: Connection, rows: Iterable[tuple[str, dict]], again: bool = False, settle: Settle | None = None) -> None:
    """Write a batch of rows (`('attempts' | 'requests', columns)`), and add them to the sums of their hours. The caller commits.

    `settle(connection, attempts, requests)` gets the rows that are new: settlement.py.
    `again`: the batch may have been written already, by a commit whose success was not reported. Rows that are there are skipped.
    """
    new = {name: [row for table, row in rows if table == name] for name in ('attempts', 'requests')}
    if again:
        new = {name: missing(connection, table, new[name]) for name, table in (('attempts', attempts), ('requests', requests))}
    for table in (attempts, requests):
        if new[table.name]:
            connection.execute(table.insert(), new[table.name])
    sums = hours(new['attempts'], new['requests'])
    if sums:
        connection.execute(add_to_hours(connection.dialect.name), sums)
    if settle:
        settle(connection, new['attempts'], new['requests'])


def missing(connection: Connection, table, rows: list[dict]) -> list[dict]:
    """The rows whose primary key is not in the table."""
    columns = list(table.primary_key.columns)
    found = set()
    for start in range(0, len(rows), 200):
        keys = [tuple(row[column.name] for column in columns) for row in rows[start : start + 200]]
        found |= {tuple(row) for row in connection.execute(select(*columns).where(tuple_(*columns).in_(keys)))}
    return [row for row in rows if tuple(row[column.name] for column in columns) not in found]


@cache
def add_to_hours(dialect: str):
    """The statement that adds to sums. It is built once: building it takes longer than executing it."""
    insert = (postgresql if dialect == 'postgresql' else sqlite).insert(usage_hours)
    added = {name: usage_hours.c[name] + insert.excluded[name] for name in SUMS}
    return insert.on_conflict_do_update(index_elements=list(DIMENSIONS), set_=added)


def hours(attempt_rows: list[dict], request_rows: list[dict]) -> list[dict]:
    """The sums of rows by hour and dimensions, in a stable order, so that two writers never wait for each other in turn."""
    sums: dict[tuple, dict] = {}

    def add(row: dict, **counts: int) -> None:
        key = (row['started_at_us'] // HOUR_US * 3600, *(row[name] for name in DIMENSIONS[1:]))
        total = sums.setdefault(key, dict.fromkeys(SUMS, 0))
        for name, count in counts.items():
            total[name] += count

    for row in attempt_rows:
        add(
            row,
            attempts=1,
            failed_attempts=int(row['status'] == 'error'),
            cancelled_attempts=int(row['status'] == 'cancelled'),
            counted_attempts=int(row['usage_source'] == 'counted'),
            unpriced_attempts=int(row['cost_source'] == 'unpriced'),
            cost_nano_usd=row['cost_nano_usd'],
            **{name: row[name] for name in SUMS if name.startswith('gen_ai_usage_')},
        )
    for row in request_rows:
        add(
            row,
            requests=1,
            failed_requests=int(row['status'] == 'error'),
            cache_hits=int(row['cache_hit'] == 'exact'),
            saved_nano_usd=row['saved_nano_usd'],
        )
    return [dict(zip(DIMENSIONS, key), **total) for key, total in sorted(sums.items())]


def sync_prices(connection: Connection, current: list[Price], now: int) -> dict[Price, str]:
    """Write the prices that have changed, valid from `now` (seconds since 1970). Returns the id of each. The caller commits."""
    ids = {}
    for price in current:
        columns = price_columns(price)
        about = ('gen_ai_provider_name', 'gen_ai_request_model', 'service_tier', 'above_input_tokens')
        same = [prices.c[name] == columns[name] for name in about]
        newest = connection.execute(select(prices).where(*same).order_by(prices.c.effective_at.desc()).limit(1)).mappings().first()
        if newest is None or any(newest[name] != value for name, value in columns.items()):
            price_id = uuid4().hex
            connection.execute(prices.insert(), {'price_id': price_id, 'effective_at': now, **columns})
            ids[price] = price_id
        else:
            ids[price] = newest['price_id']
    return ids


def price_columns(price: Price) -> dict:
    return {
        'gen_ai_provider_name': price.provider,
        'gen_ai_request_model': price.model,
        'service_tier': price.tier,
        'above_input_tokens': price.above,
        'input_nano_usd_per_m': price.input,
        'cache_read_nano_usd_per_m': price.cached,
        'cache_creation_nano_usd_per_m': price.written,
        'cache_creation_1h_nano_usd_per_m': price.written_1h,
        'output_nano_usd_per_m': price.output,
        'reasoning_nano_usd_per_m': price.reasoning,
        'source': price.source,
    }
