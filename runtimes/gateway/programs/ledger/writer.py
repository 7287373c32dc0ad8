"""Writes rows in a thread of its own, in batches. A failure of the database never reaches a request.

While the database is locked, full, damaged or being migrated, rows wait in memory, up to a bound, and are written when it works again. A
damaged file is renamed, and a new one is begun. Several gateways may write to one database.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ledger.files import LedgerFiles

# Seconds in which rows are collected for a batch: what the end of the process by SIGKILL loses at most, beside the time of a commit.
COLLECT_SECONDS = 0.2
MAX_BATCH = 500
# Rows that wait while the database does not work; about 2 KiB each. Further ones replace the oldest.
MAX_WAITING = 20_000
# Pauses between attempts while the database does not work.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
MAINTAIN_SECONDS = 3600.0
DAMAGED = ('malformed', 'not a database', 'disk image')
Make = Callable[[], tuple[str, dict]]


def log(text: str) -> None:
    print(f'switchyard: ledger: {text}', flush=True)


class Writer:
    """Rows are given by functions that make them, which run in the thread, not in the request."""

    def __init__(self, files: LedgerFiles, prices: list = (), maintain: Callable | None = None, report: Callable[[dict], None] | None = None) -> None:  # type: ignore[assignment]
        """`maintain(engine)` is called every hour. `report(state)` gets the state when it changes: waiting, lost, problem."""
        self.files, self.prices, self.maintain, self.report = files, list(prices), maintain, report
        self.given: queue.SimpleQueue[Make | None] = queue.SimpleQueue()
        self.waiting: deque[tuple[str, dict]] = deque()
        # The first rows of `waiting` that a failed attempt may have written.
        self.in_doubt = 0
        self.lost = 0
        self.problem = ''
        self.pause, self.retry_at, self.maintain_at = FIRST_PAUSE, 0.0, time.monotonic() + 60
        self.engine = None
        self.inode = 0
        self.price_ids: dict = {}
        self.stopping = threading.Event()
        # Set when the database was opened for the first time, or could not be.
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self.run, name='ledger', daemon=True)

    def start(self) -> None:
        self.thread.start()

    def put(self, make: Make) -> None:
        """Give a row. Never waits."""
        self.given.put(make)

    def close(self, seconds: float = 10.0) -> None:
        """Write what is left, for at most this long."""
        self.stopping.set()
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
        if self.engine is not None:
            self.engine.dispose()

    def timeout(self) -> float:
        """Until when there is nothing to do without a new row."""
        return max(0.0, self.retry_at - time.monotonic()) if self.waiting else 60.0

    def take(self, seconds: float) -> None:
        """Wait for rows for that long, then collect those of the next moment."""
        try:
            first = self.given.get(timeout=max(0.001, seconds))
        except queue.Empty:
            return
        self.stopping.wait(COLLECT_SECONDS)
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

    def attempt(self, action: Callable[[], None]) -> bool:
        """Do something with the database. A failure is remembered, and what was to be done is tried again later."""
        try:
            try:
                action()
            except NotMigrated:
                self.close_database()
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
        text = str(getattr(error, 'orig', None) or error) or type(error).__name__
        # Not the whole text: SQLAlchemy's has the values of the rows.
        text = text.splitlines()[0][:200]
        self.close_database()
        if any(word in text for word in DAMAGED):
            text = self.replace_damaged(text)
        if text != self.problem:
            log(f'rows wait in memory: {text}')
        self.problem = text
        self.retry_at = time.monotonic() + self.pause
        self.pause = min(LONGEST_PAUSE, self.pause * 2)
        self.tell()

    def tell(self) -> None:
        if self.report:
            self.report({'waiting': len(self.waiting), 'lost': self.lost, 'problem': self.problem})

    def write_batch(self) -> None:
        batch = [self.waiting[index] for index in range(min(MAX_BATCH, len(self.waiting)))]
        with self.files.lock():
            self.open_database()
            from ledger.store import write

            again, self.in_doubt = self.in_doubt > 0, max(self.in_doubt, len(batch))
            with self.engine.begin() as connection:
                write(connection, [(table, self.with_price_id(row)) for table, row in batch], again)
        for _ in batch:
            self.waiting.popleft()
        self.in_doubt -= len(batch)

    def maintain_now(self) -> None:
        self.maintain_at = time.monotonic() + MAINTAIN_SECONDS
        with self.files.lock():
            self.open_database()
            self.maintain(self.engine)

    def open_locked(self) -> None:
        with self.files.lock():
            self.open_database()

    def with_price_id(self, row: dict) -> dict:
        if 'price' not in row:
            return row
        price = row['price']
        return {**{name: value for name, value in row.items() if name != 'price'}, 'price_id': self.price_ids.get(price)}

    def open_database(self) -> None:
        """Connect to the database, if it is not the one that is open. Migrates it in a process of its own."""
        if self.engine is not None and self.inode == inode_of(self.files.database):
            return
        self.close_database()
        from ledger.store import connect, is_current, sync_prices

        if not self.files.database.exists():
            raise NotMigrated
        self.engine = connect(self.files.url)
        with self.engine.begin() as connection:
            if not is_current(connection):
                raise NotMigrated
            self.price_ids = sync_prices(connection, self.prices, int(time.time()))
        self.inode = inode_of(self.files.database)

    def close_database(self) -> None:
        if self.engine is not None:
            try:
                self.engine.dispose()
            except Exception as error:
                log(f'closing the database failed: {type(error).__name__}')
        self.engine = None

    def replace_damaged(self, text: str) -> str:
        """Rename a damaged database. Another gateway may have done it already."""
        try:
            with self.files.lock(exclusive=True):
                if self.is_damaged():
                    log(f'the database is damaged ({text}); it is kept as {self.files.set_aside(time.time())}')
        except OSError as error:
            return f'{text}; and it cannot be renamed: {error.strerror}'
        return text

    def is_damaged(self) -> bool:
        import sqlite3

        try:
            connection = sqlite3.connect(self.files.database, timeout=5)
            try:
                return connection.execute('PRAGMA quick_check(1)').fetchone() != ('ok',)
            finally:
                connection.close()
        except sqlite3.DatabaseError as error:
            return any(word in str(error) for word in DAMAGED)


class NotMigrated(Exception):
    """The database does not exist, or has the schema of an older release."""


def inode_of(file: Path) -> int:
    try:
        return os.stat(file).st_ino
    except FileNotFoundError:
        return 0


def run_migration(files: LedgerFiles) -> None:
    """Migrate the database in another process: it imports Alembic, which the gateway need not have in memory."""
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get('PYTHONPATH')])])
    environment = {**os.environ, 'PYTHONPATH': path}
    done = subprocess.run([sys.executable, '-m', 'ledger.migrate', str(files.folder)], env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise OSError(f'the migration failed: {(done.stderr.strip().splitlines() or ["no output"])[-1][:200]}')
