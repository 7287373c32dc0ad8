"""Writes rows in a thread of its own, in batches. A failure of the database never reaches a request.

While the database is locked, full, damaged or being migrated, rows wait in memory, up to a bound, and are written when it works again. A
damaged file is renamed, and a new one is begun. Several gateways may write to one database.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ledger.files import LedgerFiles
from ledger.opening import NotMigrated, Opening, is_damage, log, reason, run_migration

if TYPE_CHECKING:
    from ledger.store import Settle

# Seconds in which rows are collected for a batch: what the end of the process by SIGKILL loses at most, beside the time of a commit.
COLLECT_SECONDS = 0.2
# The same after the end of a request whose reservation refuses others until it is settled.
SOON_SECONDS = 0.03
MAX_BATCH = 500
# Rows that wait while the database does not work; about 2 KiB each. Further ones replace the oldest.
MAX_WAITING = 20_000
# Pauses between attempts while the database does not work.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
MAINTAIN_SECONDS = 3600.0
Make = Callable[[], tuple[str, dict]]


class Writer:
    """Rows are given by functions that make them, which run in the thread, not in the request."""

    def __init__(self, files: LedgerFiles, prices: list = (), maintain: Callable | None = None, report: Callable[[dict], None] | None = None, settle: Settle | None = None) -> None:  # type: ignore[assignment]
        """`maintain(engine)` is called every hour. `report(state)` gets the state when it changes: waiting, lost, problem. `settle` is
        called in each batch's transaction (settlement.py)."""
        self.files, self.maintain, self.report, self.settle = files, maintain, report, settle
        self.database = Opening(files, prices)
        self.given: queue.SimpleQueue[Make | None] = queue.SimpleQueue()
        self.waiting: deque[tuple[str, dict]] = deque()
        # The first rows of `waiting` that a failed attempt may have written.
        self.in_doubt = 0
        self.lost = 0
        # How many rows waited when the state was reported last.
        self.told_waiting = 0
        self.problem = ''
        self.pause, self.retry_at, self.maintain_at = FIRST_PAUSE, 0.0, time.monotonic() + 60
        self.stopping = threading.Event()
        # Set when a row must not wait for others.
        self.soon = threading.Event()
        # Set when the database was opened for the first time, or could not be.
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self.run, name='ledger', daemon=True)

    def start(self) -> None:
        self.thread.start()

    def put(self, make: Make, soon: bool = False) -> None:
        """Give a row. Never waits. `soon`: a budget waits for it."""
        self.given.put(make)
        if soon:
            self.soon.set()

    def close(self, seconds: float = 10.0) -> None:
        """Write what is left, for at most this long."""
        self.stopping.set()
        self.soon.set()
        self.given.put(None)
        self.thread.join(seconds)
        if self.waiting:
            log(f'{len(self.waiting)} rows are lost at the end of this gateway: {self.problem}')

    def run(self) -> None:
        # Before the first row: loading SQLAlchemy and migrating take a second or more.
        self.attempt(self.open_locked)
        self.opened.set()
        while True:
            self.take(self.timeout())
            if self.waiting and (self.stopping.is_set() or time.monotonic() >= self.retry_at):
                self.write_all()
            if self.stopping.is_set() and self.given.empty():
                break
            if not self.problem and self.maintain and time.monotonic() >= self.maintain_at:
                self.attempt(self.maintain_now)
        self.database.close()

    def timeout(self) -> float:
        """Until when there is nothing to do without a new row."""
        return max(0.0, self.retry_at - time.monotonic()) if self.waiting else 60.0

    def take(self, seconds: float) -> None:
        """Wait for rows for that long, then collect those of the next moment."""
        try:
            first = self.given.get(timeout=max(0.001, seconds))
        except queue.Empty:
            return
        if self.soon.wait(COLLECT_SECONDS):
            self.stopping.wait(SOON_SECONDS)
        self.soon.clear()
        self.add(first)
        while not self.given.empty():
            self.add(self.given.get())

    def add(self, make: Make | None) -> None:
        if make is None:
            return
        try:
            self.waiting.append(make())
        except Exception as error:
            self.lost += 1
            log(f'a row could not be made: {type(error).__name__}')
        if len(self.waiting) > MAX_WAITING:
            self.waiting.popleft()
            self.in_doubt = max(0, self.in_doubt - 1)
            self.lost += 1

    def write_all(self) -> None:
        while self.waiting and self.attempt(self.write_batch):
            pass
        # After a long trouble more rows wait than fit into the batch that ended it.
        if self.told_waiting and not self.waiting:
            self.tell()

    def attempt(self, action: Callable[[], None]) -> bool:
        """Do something with the database. A failure is remembered, and what was to be done is tried again later."""
        try:
            try:
                action()
            except NotMigrated:
                self.database.close()
                run_migration(self.files)
                action()
        except Exception as error:
            self.failed(error)
            return False
        if self.problem:
            self.problem, self.pause = '', FIRST_PAUSE
            log(f'works again; rows lost meanwhile: {self.lost}')
            self.tell()
        return True

    def failed(self, error: Exception) -> None:
        text = reason(error)
        self.database.close()
        if is_damage(text):
            text = self.database.replace_damaged(text)
        if text != self.problem:
            log(f'rows wait in memory: {text}')
        self.problem = text
        self.retry_at = time.monotonic() + self.pause
        self.pause = min(LONGEST_PAUSE, self.pause * 2)
        self.tell()

    def tell(self) -> None:
        self.told_waiting = len(self.waiting)
        if self.report:
            self.report({'waiting': len(self.waiting), 'lost': self.lost, 'problem': self.problem})

    def write_batch(self) -> None:
        batch = [self.waiting[index] for index in range(min(MAX_BATCH, len(self.waiting)))]
        with self.files.lock():
            self.database.open()
            from ledger.store import write

            again, self.in_doubt = self.in_doubt > 0, max(self.in_doubt, len(batch))
            with self.database.engine.begin() as connection:
                write(connection, [(table, self.with_price_id(row)) for table, row in batch], again, self.settle)
        for _ in batch:
            self.waiting.popleft()
        self.in_doubt -= len(batch)

    def maintain_now(self) -> None:
        self.maintain_at = time.monotonic() + MAINTAIN_SECONDS
        with self.files.lock():
            self.database.open()
            self.maintain(self.database.engine)

    def open_locked(self) -> None:
        with self.files.lock():
            self.database.open()

    def with_price_id(self, row: dict) -> dict:
        if 'price' not in row:
            return row
        price = row['price']
        return {**{name: value for name, value in row.items() if name != 'price'}, 'price_id': self.database.price_ids.get(price)}
