"""Where the database is, and the lock of its file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path('/data/ledger')


class LedgerFiles:
    """The files of a ledger in one folder on the data volume."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.database = folder / 'ledger.db'

    @property
    def url(self) -> str:
        """The database's address for SQLAlchemy."""
        return f'sqlite:///{self.database}'

    @contextlib.contextmanager
    def lock(self, exclusive: bool = False) -> Iterator[None]:
        """Hold the lock of the database's file. Released by the kernel if the process dies.

        Writers share it, and do not wait for it: a BlockingIOError if another process has it alone. Migrations, and the replacement of a damaged file, have it alone: nobody must write to a file while it is renamed.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / 'ledger.lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def set_aside(self, now: float) -> Path:
        """Rename a damaged database, so that a new one can be created. Needs the exclusive lock. Returns the new name."""
        aside = self.folder / f'ledger.db.damaged-{int(now)}'
        for suffix in ('', '-wal', '-shm'):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f'{self.database}{suffix}', f'{aside}{suffix}')
        return aside
