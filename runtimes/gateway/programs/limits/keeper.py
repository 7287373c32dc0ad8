"""Keeps the limits of a gateway right, in a thread of its own: opens windows, releases what dead gateways had reserved, runs the self-test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ledger.opening import log

from limits.enforcer import Enforcer
from limits.policy import COST, Limit
from limits.windows import window

TICK_SECONDS = 15.0
# After a failure; twice as long after each further one, up to TICK_SECONDS.
RETRY_SECONDS = 0.5
# Windows of minutes are of no use a while after their end.
MINUTES_KEPT_SECONDS = 600
# An attempt can count in a window that began this long before it.
LONGEST_REQUEST_SECONDS = 86_400


class Keeper:
    """The thread. `report(state)` gets `{"enforced": bool, "problem": text}` when it changes."""

    def __init__(self, enforcer: Enforcer, opened: threading.Event, self_test: Callable[[], None], report: Callable[[dict], None]) -> None:
        """`opened` is set when the ledger's writer has opened the database or has failed to. `self_test` raises if a limit does not hold."""
        self.enforcer, self.opened, self.self_test, self.report = enforcer, opened, self_test, report
        self.tested = False
        self.state: dict = {}
        self.engine = None
        self.inode = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name='limits-keeper', daemon=True)

    def start(self) -> None:
        self.thread.start()

    def close(self) -> None:
        """End the thread, and give up what this process owns: its requests have ended."""
        self.stopping.set()
        self.thread.join(5)
        self.enforcer.owner.end()

    def run(self) -> None:
        self.opened.wait()
        pause = RETRY_SECONDS
        while not self.stopping.is_set():
            failed = self.tick() != ''
            self.stopping.wait(pause if failed else TICK_SECONDS)
            pause = min(TICK_SECONDS, pause * 2) if failed else RETRY_SECONDS

    def tick(self) -> str:
        """Do everything once. Returns the problem, empty if there is none."""
        try:
            self.enforcer.owner.claim()
            self.with_database(self.keep)
            self.enforcer.ready.set()
            if not self.tested:
                self.self_test()
                self.tested = True
                log('limits: the self-test saw a request above a budget refused')
            problem = self.enforcer.problem
        except Exception as error:
            self.close_engine()
            problem = (str(getattr(error, 'orig', None) or error).splitlines() or [''])[0][:200] or type(error).__name__
        # What was refused in the test may not be refused while the database does not work.
        state = {'enforced': self.tested and not (problem and not self.enforcer.policy.refuse), 'problem': problem}
        if state != self.state:
            self.state = state
            self.report(state)
        return problem

    def with_database(self, action: Callable) -> None:
        """Do something in a transaction, on a connection of this thread's own."""
        from ledger.opening import inode_of
        from ledger.store import connect

        files = self.enforcer.files
        with files.lock():
            if not files.database.exists():
                raise OSError('the database does not exist yet')
            if self.engine is None or self.inode != inode_of(files.database):
                self.close_engine()
                self.engine, self.inode = connect(files.url), inode_of(files.database)
            with self.engine.begin() as connection:
                action(connection)

    def close_engine(self) -> None:
        if self.engine is not None:
            self.engine.dispose()
        self.engine = None

    def keep(self, connection) -> None:
        from ledger.schema import limit_windows, reservations
        from ledger.settlement import release
        from sqlalchemy import delete, select

        now, policy = self.enforcer.clock(), self.enforcer.policy
        for limit in policy.limits:
            if limit.measure == COST:
                open_window(connection, limit, window(limit.window, now, policy.zone), self.enforcer.chains.providers())
        found = connection.execute(select(reservations.c.request_id, reservations.c.owner).distinct()).all()
        owners = {owner for _, owner in found}
        dead = [owner for owner in owners if self.enforcer.owner.is_dead(owner)]
        own = self.enforcer.leaked([request for request, owner in found if owner == self.enforcer.owner.id])
        if (dead or own) and (count := release(connection, dead, own)):
            log(f'limits: released what {count} requests of gateways that have ended had reserved')
        connection.execute(delete(limit_windows).where(limit_windows.c.time_window == 'minute', limit_windows.c.ends_at < now - MINUTES_KEPT_SECONDS))
        self.enforcer.owner.remove_dead()


def open_window(connection, limit: Limit, times: tuple[int, int], providers: Mapping[str, frozenset[str]]) -> None:
    """Open the current window of a budget, with what was spent in it before: a new budget counts that too. Nothing if it is open."""
    from ledger.schema import attempts, limit_windows
    from sqlalchemy import case, func, insert, select

    key = dict(zip(('scope', 'name', 'measure', 'time_window'), limit[:4]), started_at=times[0])
    if connection.execute(select(limit_windows.c.used).filter_by(**key)).first():
        return
    counted = case((attempts.c.counted_at_us > 0, attempts.c.counted_at_us), else_=attempts.c.started_at_us)
    whose = {
        'key': lambda: attempts.c.key_alias == limit.name,
        'lane': lambda: attempts.c.lane == limit.name,
        'provider': lambda: attempts.c.deployment_alias.in_(sorted(alias for alias, names in providers.items() if limit.name in names)),
        'stack': lambda: attempts.c.attempt > 0,
    }[limit.scope]()
    from_us, until_us = times[0] * 1_000_000, times[1] * 1_000_000
    # The first condition is for the index.
    query = select(func.coalesce(func.sum(attempts.c.cost_nano_usd), 0)).where(attempts.c.started_at_us >= from_us - LONGEST_REQUEST_SECONDS * 1_000_000)
    spent = connection.execute(query.where(counted >= from_us, counted < until_us, whose)).scalar()
    connection.execute(insert(limit_windows).values(**key, ends_at=times[1], used=int(spent), reserved=0))
