"""The database of limits for an event loop: it is used on the loop if nothing there waits (on_loop.py), otherwise in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from ledger.files import LedgerFiles

from limits.connection import Unavailable
from limits.database import Database
from limits.on_loop import NotNow, OnLoop
from limits.worker import Late, Worker

# How long a request waits for its check.
WAIT_SECONDS = 3.0
Result = TypeVar('Result')
Work = Callable[[Database], Result]


class Access:
    """The access of one gateway."""

    def __init__(self, files: LedgerFiles, owner: str, providers: Mapping[str, frozenset[str]]) -> None:
        """`owner` and `providers` are those of Database."""
        self.database = Database(files, owner, providers=providers)
        self.on_loop = OnLoop(Database(files, owner, providers=providers))
        self.thread = Worker('limits')
        # Set when the budgets' windows are open, with what was spent in them before. Until then a budget would seem to be unused.
        self.ready = threading.Event()

    async def do(self, work: Work[Result], is_quick: bool = True) -> Result:
        """Do something with the database. Raises Unavailable if that takes too long; what is late is not begun any more.

        `is_quick`: whether it may be done on the loop: it takes no time of its own.
        """
        if is_quick and self.ready.is_set():
            with contextlib.suppress(NotNow):
                return self.on_loop.do(work)
        try:
            return await self.thread.do(partial(self.in_thread, work), WAIT_SECONDS)
        except Late:
            raise Unavailable('the database did not respond in time') from None

    def in_thread(self, work: Work[Result]) -> Result:
        if not self.ready.wait(WAIT_SECONDS):
            raise Unavailable('the database is not open yet')
        try:
            return work(self.database)
        finally:
            # After the answer to this request.
            self.thread.put(self.on_loop.open)

    def do_without_waiting(self, work: Work, failed: Callable[[Unavailable], None]) -> None:
        """Do something that nobody waits for, at once or a little later."""

        def in_thread() -> None:
            try:
                work(self.database)
            except Unavailable as error:
                failed(error)

        try:
            self.on_loop.do(work)
        except NotNow:
            self.thread.put(in_thread)

    def close(self) -> None:
        """Close what is open, after the end of the loop."""
        for database in (self.database, self.on_loop):
            self.thread.put(database.close)
        self.thread.close()
