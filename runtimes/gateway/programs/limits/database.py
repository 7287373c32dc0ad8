"""The transactions of limits: each is short, and locks the database from its beginning.

The statements of a check are SQL for the database's driver. SQLAlchemy's own layer costs three times as much CPU time here, more than
the rest of a check. SQLite and PostgreSQL take the same SQL, except for the sign of a parameter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ledger.files import LedgerFiles, SharedLock
from ledger.opening import inode_of

from limits.demand import Demand, Grant, Refusal, Refused, State, current_states, decide
from limits.policy import REQUESTS, Limit

# How long a check waits while another process writes. A batch of the ledger's writer takes some milliseconds.
BUSY_SECONDS = 1.5
_LIMIT = 'scope = ? AND name = ? AND measure = ? AND time_window = ?'
FIND = 'SELECT scope, name, measure, time_window, started_at, ends_at, used, reserved FROM limit_windows WHERE ends_at > ? AND ({})'
OPEN = 'INSERT INTO limit_windows (scope, name, measure, time_window, started_at, ends_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
TAKE = f'UPDATE limit_windows SET used = used + ?, reserved = reserved + ? WHERE {_LIMIT} AND started_at = ? AND used + reserved + ? <= ?'
GIVE = f'UPDATE limit_windows SET reserved = reserved - ? WHERE {_LIMIT} AND started_at = ?'
RESERVE = 'INSERT INTO reservations (request_id, scope, name, measure, time_window, started_at, amount, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
RESERVE_MORE = f'UPDATE reservations SET amount = amount + ? WHERE request_id = ? AND {_LIMIT}'
RESERVED = f'SELECT started_at, amount FROM reservations WHERE request_id = ? AND {_LIMIT}'
RELEASE = f'DELETE FROM reservations WHERE request_id = ? AND {_LIMIT}'


class Unavailable(Exception):
    """The database does not work. The message has the reason."""


class Execute:
    """Executes statements of the open transaction."""

    def __init__(self, cursor, mark: str) -> None:
        """`mark` is the driver's sign of a parameter."""
        self.cursor, self.mark = cursor, mark

    def __call__(self, statement: str, values: tuple):
        """Execute a statement. Returns the driver's cursor, which has the rows until the next statement."""
        self.cursor.execute(statement.replace('?', self.mark), values)
        return self.cursor

    def many(self, statement: str, rows: list[tuple]) -> None:
        """Execute a statement for each of these rows of values."""
        self.cursor.executemany(statement.replace('?', self.mark), rows)


class Database:
    """The limits in the ledger's database, for one thread."""

    def __init__(self, files: LedgerFiles, owner: str, busy_seconds: float = BUSY_SECONDS) -> None:
        """`owner` names this process in its reservations."""
        self.files, self.owner, self.busy_seconds = files, owner, busy_seconds
        self.engine = self.proxied = self.connection = None
        self.lock = SharedLock(files)
        self.inode = 0

    def reserve(self, demand: Demand) -> Grant:
        """Reserve what a request can cost. Raises Refused if it does not fit, Unavailable if the database does not work."""
        with self.transaction() as execute:
            rows = self.rows(execute, demand)
            states = current_states(demand, rows)
            grant = decide(demand, states)
            for limit, amount in grant.amounts.items():
                state = states[limit]
                if (*limit[:4], state.started_at) not in rows:
                    execute(OPEN, (*limit[:4], state.started_at, state.ends_at))
                take(execute, limit, state, amount, states)
            kept = [(demand.request_id, *limit[:4], states[limit].started_at, amount, self.owner) for limit, amount in grant.amounts.items() if limit.measure != REQUESTS]
            execute.many(RESERVE, kept)
        return grant

    def reserve_again(self, request_id: str, grant: Grant, limits: list[Limit]) -> None:
        """Reserve the amounts of these limits once more, for a further call of a provider. Raises like `reserve`."""
        with self.transaction() as execute:
            for limit in limits:
                take(execute, limit, grant.states[limit], grant.amounts[limit], grant.states)
                if not execute(RESERVE_MORE, (grant.amounts[limit], request_id, *limit[:4])).rowcount:
                    execute(RESERVE, (request_id, *limit[:4], grant.states[limit].started_at, grant.amounts[limit], self.owner))

    def release(self, request_id: str, limits: list[Limit]) -> None:
        """Release what is reserved for a request in these limits. Raises Unavailable if the database does not work."""
        with self.transaction() as execute:
            for limit in limits:
                for started_at, amount in execute(RESERVED, (request_id, *limit[:4])).fetchall():
                    execute(GIVE, (amount, *limit[:4], started_at))
                    execute(RELEASE, (request_id, *limit[:4]))

    def rows(self, execute: Execute, demand: Demand) -> dict[tuple, State]:
        """The stored windows of a request's limits that have not ended."""
        about = sorted({limit[:2] for limit in demand.limits})
        query = FIND.format(' OR '.join(['scope = ? AND name = ?'] * len(about)))
        found = execute(query, (int(demand.now), *(value for pair in about for value in pair))).fetchall()
        return {row[:5]: State(*row[4:]) for row in map(tuple, found)}

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        """A transaction. It is rolled back if the block raises."""
        try:
            with self.lock.shared():
                self.open()
                try:
                    if self.sqlite:
                        self.connection.execute('BEGIN IMMEDIATE')
                    yield self.execute
                    self.connection.commit()
                except BaseException:
                    self.connection.rollback()
                    raise
        except (Refused, Unavailable):
            raise
        except Exception as error:
            self.close()
            text = str(getattr(error, 'orig', None) or error).splitlines() or ['']
            raise Unavailable(f'{text[0][:200] or type(error).__name__}') from error

    def open(self) -> None:
        """Connect to the database, if it is not the one that is open. The ledger's writer migrates it."""
        if self.connection is not None and self.inode == inode_of(self.files.database):
            return
        self.disconnect()
        from ledger.store import REVISIONS, connect, revision

        if not self.files.database.exists():
            raise Unavailable('the database does not exist yet')
        self.engine = connect(self.files.url, busy_seconds=self.busy_seconds)
        with self.engine.connect() as connection:
            found = revision(connection)
            if found is None or (found in REVISIONS and found < '0002'):
                raise Unavailable('the database is not migrated yet')
        self.proxied = self.engine.raw_connection()
        self.connection = self.proxied.driver_connection
        self.sqlite = self.engine.dialect.name == 'sqlite'
        self.execute = Execute(self.connection.cursor(), '?' if self.sqlite else '%s')
        self.inode = inode_of(self.files.database)

    def close(self) -> None:
        """Close the database, and the file of its lock. The next transaction opens both again."""
        self.disconnect()
        self.lock.close()

    def disconnect(self) -> None:
        for close in (self.proxied and self.proxied.close, self.engine and self.engine.dispose):
            with contextlib.suppress(Exception):
                if close:
                    close()
        self.engine = self.proxied = self.connection = None


def take(execute: Execute, limit: Limit, state: State, amount: int, states: dict[Limit, State]) -> None:
    """Take an amount from a limit. The condition holds for PostgreSQL too, whose transactions see each other's changes."""
    used, reserved = (amount, 0) if limit.measure == REQUESTS else (0, amount)
    if not execute(TAKE, (used, reserved, *limit[:4], state.started_at, amount, limit.maximum)).rowcount:
        raise Refused(Refusal(limit, state, amount), states)
