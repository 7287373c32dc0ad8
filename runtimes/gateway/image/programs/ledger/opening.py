"""Opens the ledger's database for the writer: migrates an older one, and begins a new one in the place of one that is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ledger.files import LedgerFiles

# Texts of SQLite's errors for a file that is damaged.
DAMAGED = ('malformed', 'not a database', 'disk image')


class NotMigrated(Exception):
    """The database does not exist, or has the schema of an older release."""


class Opening:
    """The open database of one thread."""

    def __init__(self, files: LedgerFiles, prices: list = ()) -> None:  # type: ignore[assignment]
        self.files, self.prices = files, list(prices)
        # SQLAlchemy's engine, while the database is open.
        self.engine = None
        self.inode = 0
        # The ids of the prices in this database.
        self.price_ids: dict = {}

    def open(self) -> None:
        """Connect to the database, if it is not the one that is open. Raises NotMigrated if it must be migrated first."""
        if self.engine is not None and self.inode == inode_of(self.files.database):
            return
        self.close()
        from ledger.store import connect, is_current, sync_prices

        if not self.files.database.exists():
            raise NotMigrated
        self.engine = connect(self.files.url)
        with self.engine.begin() as connection:
            if not is_current(connection):
                raise NotMigrated
            self.price_ids = sync_prices(connection, self.prices, int(time.time()))
        self.inode = inode_of(self.files.database)

    def close(self) -> None:
        """Close the database. Its failure is logged."""
        if self.engine is not None:
            try:
                self.engine.dispose()
            except Exception as error:
                log(f'closing the database failed: {type(error).__name__}')
        self.engine = None

    def replace_damaged(self, text: str) -> str:
        """Rename a damaged database. Another gateway may have done it already. Returns the problem's text."""
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
            return is_damage(str(error))


def is_damage(text: str) -> bool:
    """Whether the text of a database's error means that its file is damaged."""
    return any(word in text for word in DAMAGED)


def reason(error: Exception) -> str:
    """Why the database does not work, in one line. Not the whole text of SQLAlchemy's errors: it has the values of the rows."""
    lines = str(getattr(error, 'orig', None) or error).splitlines() or ['']
    return lines[0][:200] or type(error).__name__


def inode_of(file: Path) -> int:
    """The file's number in its file system; 0 if it does not exist."""
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


def log(text: str) -> None:
    """A line in the gateway's log."""
    print(f'switchyard: ledger: {text}', flush=True)
