"""Which gateways are alive: each holds the lock of a file of its own, and the kernel releases it when the process ends in any way.

Better than a heartbeat with a time: it is known at once that a process has ended, and one that hangs, or whose clock jumps, keeps what
is its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from uuid import uuid4


class Owner:
    """This process, as the owner of reservations."""

    def __init__(self, ledger: Path) -> None:
        """`ledger` is the folder of the database. Nothing is created before `claim`."""
        self.folder, self.id = ledger / 'owners', uuid4().hex
        self.descriptor: int | None = None

    def claim(self) -> None:
        """Take the lock, and keep it until the process ends. Raises an OSError if the volume does not work."""
        if self.descriptor is not None and (self.folder / self.id).exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / self.id, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.close()
        self.descriptor = descriptor

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
        self.descriptor = None

    def end(self) -> None:
        """Give up the lock, and remove the file."""
        self.close()
        with contextlib.suppress(OSError):
            (self.folder / self.id).unlink()

    def is_dead(self, owner: str) -> bool:
        """Whether another process has ended."""
        if owner == self.id:
            return False
        try:
            descriptor = os.open(self.folder / owner, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)

    def remove_dead(self) -> None:
        """Remove the files of processes that have ended."""
        for file in self.folder.glob('*'):
            if self.is_dead(file.name):
                with contextlib.suppress(OSError):
                    file.unlink()
