"""Where the database is, and the lock of its file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path('/data/ledger')
LOCK_FILE = 'ledger.lock'


def open_lock_file(folder: Path) -> int:
    """The descriptor of the lock's file, which is created if it is missing, with its folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


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
        descriptor = open_lock_file(self.folder)
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


class SharedLock:
    """The shared lock of the database's file, as LedgerFiles.lock() has it, for a thread that needs it for every request: its file stays open."""

    def __init__(self, files: LedgerFiles) -> None:
        self.folder = files.folder
        self.descriptor: int | None = None

    @contextlib.contextmanager
    def shared(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the lock. A BlockingIOError if another process has it alone for longer than this."""
        if self.descriptor is None:
            self.descriptor = open_lock_file(self.folder)
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise
            time.sleep(0.02)
        try:
            yield
        finally:
            # Closing it, which a failure in between has done, releases it too.
            if self.descriptor is not None:
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
        self.descriptor = None
