"""The file with the stored answers: SQLite on the stack's volume, which all gateways of a stack share.

In WAL mode a reader never waits for a writer, and a process that is killed in the middle of a write leaves a valid database. The file is only
a cache. So whatever happens to it, no request fails: while it cannot be used nothing is found or stored, and a file that is damaged, or is
not one of ours, is replaced. A checksum of each answer finds damage that SQLite does not see.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from volume_cleanup import delete

log = logging.getLogger('switchyard')
Result = TypeVar('Result')

# The number is the version of the table. Gateways of two releases share the volume during a deployment.
FOLDER = Path('/data/answers-1')
TABLE = 'CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, stored REAL, expires REAL, checksum INTEGER, meta BLOB, body BLOB)'
INDEX = 'CREATE INDEX IF NOT EXISTS expiry ON answers (expires)'
# How long the file is not tried again after a failure, in seconds.
PAUSE = 1.0
# An answer from further in the future was stored before the clock was set back, so its end is wrong too. In seconds.
MAX_SKEW = 5.0
PURGE_EVERY = 60.0
# A row's own size: its key twice, its columns, and the unused part of its last page.
ROW_BYTES = 4096
# The limit of the write-ahead log after it was copied into the file.
LOG_BYTES = 4 << 20
# Codes of SQLite for a file that will never work again: damaged, cut off, not a database, or with another table.
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
IOERR_SHORT_READ = 522
# Opening waits for no writer. So a file that is locked this many times was emptied while another connection still has its log.
MAX_LOCKED_OPENS = 10


@dataclass(frozen=True)
class Row:
    """A stored answer. Times are in seconds since 1970."""

    key: bytes
    stored: float
    expires: float
    # What belongs to the body, in the format of the caller.
    meta: bytes
    body: bytes

    @property
    def size(self) -> int:
        return len(self.meta) + len(self.body) + ROW_BYTES

    @property
    def checksum(self) -> int:
        return zlib.crc32(self.body, zlib.crc32(self.meta, zlib.crc32(self.key)))


class AnswerFile:
    """One connection to the file. To be used by one thread at a time; each thread has its own."""

    def __init__(self, folder: Path = FOLDER, max_bytes: int = 256 << 20, busy_seconds: float = 0.05) -> None:
        """`busy_seconds`: how long it waits while another gateway writes."""
        self.folder, self.file, self.max_bytes, self.busy_seconds = folder, folder / 'answers.db', max_bytes, busy_seconds
        self.connection: sqlite3.Connection | None = None
        self.identity: tuple[int, int] | None = None
        self.retry_at = self.purge_at = 0.0
        self.failing = self.opened = False
        self.locked_opens = 0

    def get(self, key: bytes, max_age: float | None = None) -> Row | None:
        """The answer of a key that is valid now, and not older than `max_age` seconds."""
        found = self._use(lambda db: db.execute('SELECT stored, expires, checksum, meta, body FROM answers WHERE key = ?', (key,)).fetchone())
        if found is None:
            return None
        stored, expires, checksum, meta, body = found
        row, now = Row(key, stored, expires, meta, body), time.time()
        if not stored - MAX_SKEW <= now < expires or (max_age is not None and now - stored > max_age):
            return None
        return row if row.checksum == checksum else self._use(self._fail_as_damaged)

    def put(self, rows: list[Row]) -> bool:
        """Store answers in one transaction, and remove the oldest ones if they need the space. False if that was not possible."""
        rows = [row for row in rows if row.size <= self.max_bytes / 4]
        return self._use(lambda db: self._put(db, rows)) is True

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        connection, self.connection, self.opened = self.connection, None, False
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _put(self, db: sqlite3.Connection, rows: list[Row]) -> bool:
        db.execute('BEGIN IMMEDIATE')
        now = time.time()
        if time.monotonic() >= self.purge_at:
            self.purge_at = time.monotonic() + PURGE_EVERY
            db.execute('DELETE FROM answers WHERE expires <= ? OR stored > ?', (now, now + MAX_SKEW))
        self._make_room(db, sum(row.size for row in rows))
        db.executemany(
            'INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)',
            [(row.key, row.stored, row.expires, row.checksum, row.meta, row.body) for row in rows],
        )
        db.execute('COMMIT')
        # Give free pages above the limit back to the disk. `execute` would do only the first page.
        if (excess := number(db, 'page_count') - self.max_bytes // number(db, 'page_size')) > 0:
            db.executescript(f'PRAGMA incremental_vacuum({excess})')
        return True

    def _make_room(self, db: sqlite3.Connection, needed: int) -> None:
        """Remove the oldest answers, which have the lowest row ids."""
        page = number(db, 'page_size')
        while (number(db, 'page_count') - number(db, 'freelist_count')) * page + needed > self.max_bytes:
            if db.execute('DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers ORDER BY rowid LIMIT 16)').rowcount == 0:
                break

    def _use(self, action: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """The action's result; None while the file cannot be used."""
        if self.connection is None and time.monotonic() < self.retry_at:
            return None
        try:
            if self.connection is not None and self._identity() != self.identity:
                self.close()  # another gateway has replaced the file
            if self.connection is None:
                self._open()
            result = action(self.connection)  # type: ignore[arg-type]
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return None
        self.failing, self.locked_opens = False, 0
        return result

    def _failed(self, error: Exception) -> None:
        code, opened = getattr(error, 'sqlite_errorcode', 0), self.opened
        self.close()
        if code & 0xFF == sqlite3.SQLITE_BUSY and opened:
            return  # another gateway is writing
        self.locked_opens = self.locked_opens + 1 if code & 0xFF == sqlite3.SQLITE_BUSY else 0
        if not self.failing:
            log.warning('cache: %s cannot be used (%s); requests are answered without it', self.file, error)
        self.failing, self.retry_at = True, time.monotonic() + PAUSE
        if code & 0xFF in BROKEN or code == IOERR_SHORT_READ or self.locked_opens >= MAX_LOCKED_OPENS:
            try:
                self._replace()
                self.retry_at = 0.0
            except OSError as failed:
                log.warning('cache: %s cannot be replaced (%s)', self.folder, failed)

    def _open(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self.connection = db = sqlite3.connect(self.file, timeout=self.busy_seconds, isolation_level=None, check_same_thread=False)
            self.identity = self._identity()
            # Only before the first table: free pages can be given back to the disk.
            db.execute('PRAGMA auto_vacuum = INCREMENTAL')
            db.execute('PRAGMA journal_mode = WAL').fetchone()
            # The disk is waited for only when the log is copied into the file.
            db.execute('PRAGMA synchronous = NORMAL')
            db.execute(f'PRAGMA journal_size_limit = {LOG_BYTES}').fetchone()
            db.execute(TABLE)
            db.execute(INDEX)
            db.execute('SELECT key, stored, expires, checksum, meta, body FROM answers LIMIT 1').fetchone()
            self.opened = True

    def _identity(self) -> tuple[int, int] | None:
        """Which file has the name now; None if there is none."""
        try:
            found = os.stat(self.file)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _replace(self) -> None:
        """Delete the file together with its log, unless another gateway has done so already."""
        with self._lock():
            if self._identity() == self.identity:
                delete(self.folder)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """No other gateway opens or replaces the file meanwhile: a connection must not get the log of another file."""
        descriptor = os.open(self.folder.with_name(f'{self.folder.name}.lock'), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @staticmethod
    def _fail_as_damaged(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError('an answer does not match its checksum')
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def number(db: sqlite3.Connection, pragma: str) -> int:
    """The value of a pragma."""
    return db.execute(f'PRAGMA {pragma}').fetchone()[0]
