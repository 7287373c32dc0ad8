"""The stored answers: what is found, stored and removed. A checksum of each answer finds damage that SQLite does not see."""

from __future__ import annotations

import sqlite3
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from cache_connection import FOLDER, CacheConnection

# An answer from further in the future was stored before the clock was set back, so its end is wrong too. In seconds.
MAX_SKEW = 5.0
PURGE_EVERY = 60.0
# A row's own size: its key twice, its columns, and the unused part of its last page.
ROW_BYTES = 4096


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


class AnswerFile(CacheConnection):
    """The answers. To be used by one thread at a time; each thread has its own."""

    def __init__(self, folder: Path = FOLDER, max_bytes: int = 256 << 20, busy_seconds: float = 0.05) -> None:
        """`busy_seconds`: how long it waits while another gateway writes."""
        super().__init__(folder, busy_seconds)
        self.max_bytes, self.purge_at = max_bytes, 0.0

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

    @staticmethod
    def _fail_as_damaged(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError('an answer does not match its checksum')
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def number(db: sqlite3.Connection, pragma: str) -> int:
    """The value of a pragma."""
    return db.execute(f'PRAGMA {pragma}').fetchone()[0]
