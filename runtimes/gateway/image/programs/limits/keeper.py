"""Keeps the limits right, in a thread of its own: opens windows, releases what dead gateways had reserved, and runs the self-test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ledger.opening import log, reason

from limits.database import Database
from limits.enforcer import Enforcer
from limits.policy import COST
from limits.windows import MINUTE

TICK_SECONDS = 15.0
# It does so earlier if a request waits for what others have reserved, but not more often than this.
LEAST_SECONDS = 1.0
# After a failure; twice as long after each further one, up to TICK_SECONDS.
RETRY_SECONDS = 0.5
# Windows of minutes are of no use a while after their end.
MINUTES_KEPT_SECONDS = 600
# Nobody waits for this thread.
BUSY_SECONDS = 5.0


class Keeper:
    """The thread. `report(state)` gets `{"enforced": bool, "problem": text}` when it changes."""

    def __init__(self, enforcer: Enforcer, opened: threading.Event, self_test: Callable[[], None], report: Callable[[dict], None]) -> None:
        """`opened` is set when the ledger's writer has opened the database, or failed to. `self_test` raises if a limit does not hold."""
        self.enforcer, self.opened, self.self_test, self.report = enforcer, opened, self_test, report
        self.tested = False
        self.state: dict = {}
        self.database = Database(enforcer.files, enforcer.owner.id, BUSY_SECONDS, enforcer.chains.providers())
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name='limits-keeper', daemon=True)

    def start(self) -> None:
        self.thread.start()

    def close(self) -> None:
        """End the thread, and give up what this process owns: its requests have ended."""
        self.stopping.set()
        self.enforcer.crowded.set()
        self.thread.join(5)
        self.enforcer.owner.end()

    def run(self) -> None:
        self.opened.wait()
        pause = RETRY_SECONDS
        while not self.stopping.is_set():
            begun, failed = time.monotonic(), self.tick() != ''
            self.enforcer.crowded.clear()
            if failed:
                self.stopping.wait(pause)
            elif self.enforcer.crowded.wait(TICK_SECONDS):
                self.stopping.wait(max(0.0, begun + LEAST_SECONDS - time.monotonic()))
            pause = min(TICK_SECONDS, pause * 2) if failed else RETRY_SECONDS

    def tick(self) -> str:
        """Do everything once. Returns the problem, empty if there is none."""
        try:
            self.enforcer.owner.claim()
            self.keep()
            self.enforcer.access.ready.set()
            # Whatever it was, the database works now.
            self.enforcer.tell('')
            if not self.tested:
                self.self_test()
                self.tested = True
                log('limits: the self-test saw a request above a budget refused')
            problem = ''
        except Exception as error:
            self.database.close()
            problem = reason(error)
        # What was refused in the test may not be refused while the database does not work.
        state = {'enforced': self.tested and not (problem and not self.enforcer.policy.refuse), 'problem': problem}
        if state != self.state:
            self.state = state
            self.report(state)
        return problem

    def keep(self) -> None:
        """Open windows, release what nobody will settle, and remove old minutes: retention.py removes other windows."""
        from ledger.schema import limit_windows, reservations
        from ledger.settlement import release
        from sqlalchemy import delete, select

        enforcer, now = self.enforcer, self.enforcer.clock()
        budgets = tuple(limit for limit in enforcer.policy.limits if limit.measure == COST)
        if budgets:
            self.database.open_windows(budgets, now, enforcer.policy.zone)
        old = limit_windows.c.time_window == MINUTE, limit_windows.c.ends_at < now - MINUTES_KEPT_SECONDS
        with self.database.connected() as connection:
            found = connection.execute(select(reservations.c.request_id, reservations.c.owner).distinct()).all()
            dead = [owner for owner in {owner for _, owner in found} if enforcer.owner.is_dead(owner)]
            own = enforcer.leaked([request for request, owner in found if owner == enforcer.owner.id])
            if (dead or own) and (count := release(connection, dead, own)):
                log(f'limits: released what {count} requests of gateways that have ended had reserved')
            connection.execute(delete(limit_windows).where(*old))
        enforcer.owner.remove_dead()
