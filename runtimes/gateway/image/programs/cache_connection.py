"""The file with the stored answers: SQLite on the stack's volume, which all gateways of a stack share.

In WAL mode a reader never waits for a writer, and a process that is killed in the middle of a write leaves a valid database. The file is only
a cache. So whatever happens to it, no request fails: while it cannot be used nothing is found or stored, and a file that is damaged, or is
not one of ours, is replaced.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
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
# The limit of the write-ahead log after it was copied into the file.
LOG_BYTES = 4 << 20
# Codes of SQLite for a file that will never work again: damaged, cut off, not a database, or with another table.
BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
IOERR_SHORT_READ = 522
# Opening waits for no writer. So a file that is locked this many times was emptied while another connection still has its log.
MAX_LOCKED_OPENS = 10


class CacheConnection:
    """One connection to the file."""

    def __init__(self, folder: Path, busy_seconds: float) -> None:
        self.folder, self.file, self.busy_seconds = folder, folder / 'answers.db', busy_seconds
        self.connection: sqlite3.Connection | None = None
        self.identity: tuple[int, int] | None = None
        self.retry_at = 0.0
        self.failing = self.opened = False
        self.locked_opens = 0

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        connection, self.connection, self.opened = self.connection, None, False
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

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
