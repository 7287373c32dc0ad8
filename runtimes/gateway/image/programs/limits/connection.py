"""A connection to the ledger's database that stays open, and is opened anew when another file has taken the place of the old one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.files import LedgerFiles, SharedLock
from ledger.opening import inode_of, reason

from limits.demand import Refused
from limits.statements import Execute

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection as Transaction

# How long a check waits while another process writes. A batch of the ledger's writer takes some milliseconds.
BUSY_SECONDS = 1.5


class Unavailable(Exception):
    """The database does not work. The message has the reason."""


class Busy(Unavailable):
    """Not now: another process has it for itself. The connection is good."""


class Connection:
    """The connection of one thread."""

    def __init__(self, files: LedgerFiles, busy_seconds: float = BUSY_SECONDS) -> None:
        """`busy_seconds`: how long a transaction waits for another process."""
        self.files, self.busy_seconds = files, busy_seconds
        self.engine = self.proxied = self.connection = None
        # Whether a transaction may do what takes a while: connect to the database, and sum up what was spent in a window before.
        self.patient = True
        self.lock = SharedLock(files)
        self.inode = 0

    @property
    def is_open(self) -> bool:
        """Whether it is connected to the file that is there now."""
        return self.connection is not None and self.inode == inode_of(self.files.database)

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
            text = reason(error)
            if is_busy(error):
                raise Busy(text) from error
            self.close()
            raise Unavailable(text) from error

    @contextlib.contextmanager
    def connected(self) -> Iterator[Transaction]:
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
