"""The transactions of limits: each is short, and locks the database from its beginning."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING

from ledger.files import LedgerFiles, SharedLock
from ledger.opening import inode_of

from limits.demand import Demand, Grant, Refusal, Refused, State, current_states, decide, window_at
from limits.policy import COST, REQUESTS, Limit
from limits.statements import FIND, GIVE, OPEN, RELEASE, RESERVE, RESERVE_MORE, RESERVED, SPENT, TAKE, Execute

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# How long a check waits while another process writes. A batch of the ledger's writer takes some milliseconds.
BUSY_SECONDS = 1.5
# An attempt begins after its request was counted, but for a clock that went back.
CLOCK_US = 3600 * 1_000_000


class Unavailable(Exception):
    """The database does not work. The message has the reason."""


class Busy(Unavailable):
    """Not now: another process has it for itself. The connection is good."""


class Database:
    """The limits in the ledger's database, for one thread."""

    def __init__(
        self, files: LedgerFiles, owner: str, busy_seconds: float = BUSY_SECONDS, providers: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        """`owner` names this process in its reservations. `providers` are those of each alias."""
        self.files, self.owner, self.busy_seconds, self.providers = files, owner, busy_seconds, providers or {}
        self.engine = self.proxied = self.connection = None
        # Whether a transaction may do what takes a while: connect to the database, and sum up what was spent in a window before.
        self.patient = True
        self.lock = SharedLock(files)
        self.inode = 0

    @property
    def is_open(self) -> bool:
        """Whether it is connected to the file that is there now."""
        return self.connection is not None and self.inode == inode_of(self.files.database)

    def reserve(self, demand: Demand) -> Grant:
        """Reserve what a request can cost. Raises Refused if it does not fit, Unavailable if the database does not work."""
        with self.transaction() as execute:
            states = self.states(execute, demand)
            grant = decide(demand, states)
            for limit, amount in grant.amounts.items():
                take(execute, limit, states[limit], amount, states)
            # A request stays counted, whatever it costs.
            kept = [
                (demand.request_id, *limit[:4], states[limit].started_at, amount, self.owner)
                for limit, amount in grant.amounts.items()
                if limit.measure != REQUESTS
            ]
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

    def open_windows(self, limits: tuple[Limit, ...], now: float, zone: tzinfo) -> None:
        """Open the current windows of budgets that are not open. Raises Unavailable if the database does not work."""
        with self.transaction() as execute:
            self.states(execute, Demand('', now, zone, limits, (), ()))

    def states(self, execute: Execute, demand: Demand) -> dict[Limit, State]:
        """The state of each limit in its current window. A window that is not open yet is opened, with what was spent in it before."""
        rows: dict[tuple, State] = {}
        for limit in demand.limits:
            for row in execute(FIND, (*limit[:4], *window_at(limit.window, demand.now, demand.zone))).fetchall():
                rows[*limit[:4], row[0]] = State(*row)
        states = current_states(demand, rows)
        for limit, state in states.items():
            if (*limit[:4], state.started_at) not in rows:
                if not self.patient:
                    raise Busy('a window is not open yet')
                states[limit] = state = state._replace(used=self.spent(execute, limit, state) if limit.measure == COST else 0)
                execute(OPEN, (*limit[:4], state.started_at, state.ends_at, state.used))
        return states

    def spent(self, execute: Execute, limit: Limit, state: State) -> int:
        """What the stored attempts of a window cost: those before its budget existed, or that were let through without a check."""
        begin, end = state.started_at * 1_000_000, state.ends_at * 1_000_000
        columns = {'key': 'key_alias', 'lane': 'lane', 'provider': 'deployment_alias'}
        names = [limit.name]
        if limit.scope == 'provider':
            names = sorted(alias for alias, providers in self.providers.items() if limit.name in providers)
        whose = f' AND {columns[limit.scope]} IN ({", ".join("?" * len(names)) or "NULL"})' if limit.scope in columns else ''
        values = (begin - CLOCK_US, begin, end - 1, *(names if whose else ()))
        return int(execute(SPENT + whose, values).fetchone()[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Execute]:
        """A transaction. It is rolled back if the block raises."""
        try:
            with self.lock.shared(self.busy_seconds):
                if not self.is_open:
                    self.reconnect()
                try:
                    if self.sqlite:
                        self.execute('BEGIN IMMEDIATE')
                    yield self.execute
                    self.connection.commit()
                except BaseException:
                    self.connection.rollback()
                    raise
        except (Refused, Unavailable):
            raise
        except Exception as error:
            text = (str(getattr(error, 'orig', None) or error).splitlines() or [''])[0][:200] or type(error).__name__
            if is_busy(error):
                raise Busy(text) from error
            self.close()
            raise Unavailable(text) from error

    @contextlib.contextmanager
    def connected(self) -> Iterator[Connection]:
        """A transaction of SQLAlchemy, for what is not done for every request."""
        with self.lock.shared(self.busy_seconds):
            if not self.is_open:
                self.reconnect()
            with self.engine.begin() as connection:
                yield connection

    def reconnect(self) -> None:
        """Connect to the database that is there now. The ledger's writer migrates it."""
        if not self.patient:
            raise Unavailable('the database is not open')
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


def is_busy(error: Exception) -> bool:
    """Whether a transaction failed because another one was writing, or because the file was being migrated."""
    return isinstance(error, BlockingIOError) or getattr(error, 'sqlite_errorname', '').startswith('SQLITE_BUSY')


def take(execute: Execute, limit: Limit, state: State, amount: int, states: dict[Limit, State]) -> None:
    """Take an amount from a limit. The condition holds for PostgreSQL too, whose transactions see each other's changes."""
    used, reserved = (amount, 0) if limit.measure == REQUESTS else (0, amount)
    if not execute(TAKE, (used, reserved, *limit[:4], state.started_at, amount, limit.maximum)).rowcount:
        raise Refused(Refusal(limit, state, amount), states)
