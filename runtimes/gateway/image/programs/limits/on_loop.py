"""Does the transactions of limits on the event loop itself, as long as nothing there can wait.

A thread costs as much CPU time again as the transaction: it is woken, takes Python's lock, wakes the loop, and finds nothing in the
processor's caches. But a transaction on the loop makes all requests wait, also those without a limit. So:

- **Another one is writing**: SQLite says so at once (no timeout), and the thread waits instead.
- **The disk**: a commit only changes pages of the kernel's cache. What waits for the disk is a checkpoint, and this connection makes none:
  the ledger's writer does. A commit can wait all the same: for one page if it is the first after a checkpoint, and if the file system's
  journal is stuck or the kernel has no room for changed pages. So the loop may lose half a second here at once by sleeping, and a tenth of
  its time in the long run; after that the thread does it for a while. A disk that stalls blocks the loop once, and not for each request.
  Often not even once: the writer commits as often, and while it waits for the disk it holds the lock. Time in which others have the
  processor is not counted: then a thread, which costs more, would make it worse.
- **What takes a while**: only the thread opens the database, and a window, for which it sums up what was spent before.

What fails here, in whatever way, is done again by the thread, and that counts.
"""

from __future__ import annotations

import contextlib
import math
import resource
import time
from collections.abc import Callable
from typing import TypeVar

from limits.connection import Busy, Unavailable
from limits.database import Database

# A transaction takes a fifth of a millisecond.
QUICK_SECONDS = 0.005
# How much more the loop may lose at once, and which share of its time.
MOST_LOST_SECONDS, SHARE = 0.5, 0.1
# How long the thread does it then. Twice as long each time, unless it went well in between for as long as that.
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 600.0
# How long the thread waits for another process when it opens the database.
OPEN_SECONDS = 0.1
Result = TypeVar('Result')


class NotNow(Exception):
    """It is for the thread to do."""


def sleeps() -> int:
    """How often this thread has gone to sleep by itself: for a disk, a lock or an event, not because others were to have the processor."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


class OnLoop:
    """A connection that only the event loop uses. The thread of the limits opens it, and only while the loop does not use it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic, sleeps: Callable[[], int] = sleeps) -> None:
        self.database, self.clock, self.sleeps = database, clock, sleeps
        # Whether it is the loop's; otherwise the thread's.
        self.is_open = False
        # What the loop has lost lately, and until when.
        self.lost, self.noted = 0.0, clock()
        self.pause, self.not_before = FIRST_PAUSE, -math.inf

    def do(self, work: Callable[[Database], Result]) -> Result:
        """Do something with the database, on the loop. Raises NotNow if the thread must do it, or Refused."""
        begun = self.clock()
        if not self.is_open or begun < self.not_before:
            raise NotNow
        slept = self.sleeps()
        try:
            return work(self.database)
        except Unavailable as error:
            self.is_open = isinstance(error, Busy)
            raise NotNow from error
        finally:
            ended = self.clock()
            if ended - begun > QUICK_SECONDS and self.sleeps() != slept:
                self.note(begun, ended)

    def note(self, begun: float, ended: float) -> None:
        """Note how long something took that was slow."""
        self.lost = max(0.0, self.lost - SHARE * (ended - self.noted)) + ended - begun
        self.noted = ended
        if self.lost > MOST_LOST_SECONDS:
            self.pause = FIRST_PAUSE if begun - self.not_before > self.pause else min(LONGEST_PAUSE, self.pause * 2)
            self.lost, self.not_before = 0.0, ended + self.pause

    def open(self) -> None:
        """Open the database, in the thread, as far as it works. PostgreSQL's stays closed: it would wait for the network."""
        if self.is_open:
            return
        opened = False
        self.database.patient, self.database.busy_seconds = True, OPEN_SECONDS
        with contextlib.suppress(Unavailable):
            with self.database.transaction() as execute:
                if self.database.sqlite:
                    execute('PRAGMA busy_timeout = 0')
                    execute('PRAGMA wal_autocheckpoint = 0')
            opened = self.database.sqlite
        self.database.patient, self.database.busy_seconds = False, 0.0
        self.is_open = opened

    def close(self) -> None:
        """Close the database, in the thread, after the end of the loop."""
        self.is_open = False
        self.database.close()
