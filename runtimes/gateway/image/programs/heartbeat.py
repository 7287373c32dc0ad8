"""A counter that changes as long as the gateway's event loop makes progress, in memory that it shares with the supervisor.

A hung process and one that is only busy both answer no probe in time. The counter is the difference. It is incremented twice a second

- by a timer of the event loop, and
- by a thread, if the loop is executing another task than half a second before. One turn of the loop executes all tasks that are ready: with
  forty large requests it takes half a minute, although no single one computes for longer than two seconds.

A second counter has the requests that have ended. Reading them costs no system call, and needs no connection that could wait behind others.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import threading
import time

INTERVAL = 0.5
SIZE = 16
_BEATS, _REQUESTS = slice(0, 8), slice(8, 16)


class Heartbeat:
    def __init__(self, fd: int) -> None:
        """`fd`: a file descriptor of the shared memory, inherited or from `create`."""
        self.fd = fd
        self.memory = mmap.mmap(fd, SIZE)

    @classmethod
    def create(cls) -> Heartbeat:
        fd = os.memfd_create('heartbeat')
        os.ftruncate(fd, SIZE)
        return cls(fd)

    @property
    def count(self) -> int:
        """The number of beats; 0 before the first one."""
        return int.from_bytes(self.memory[_BEATS], 'little')

    @property
    def requests(self) -> int:
        """The number of clients' requests that have ended, with success or not."""
        return int.from_bytes(self.memory[_REQUESTS], 'little')

    def request_ended(self) -> None:
        self.memory[_REQUESTS] = (self.requests + 1).to_bytes(8, 'little')

    def start(self) -> None:
        """Count now, and from now on. Called in the event loop."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._watch_tasks, args=(loop,), daemon=True).start()
        self._turn(loop)

    def _beat(self) -> None:
        """Both callers can do this at the same time. Then the counter may miss one of the two, which does no harm."""
        self.memory[_BEATS] = (self.count + 1).to_bytes(8, 'little')

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beat()
        loop.call_later(INTERVAL, self._turn, loop)

    def _watch_tasks(self, loop: asyncio.AbstractEventLoop) -> None:
        last = None
        while True:
            time.sleep(INTERVAL)
            task = asyncio.current_task(loop)
            if task is not None and task is not last:
                self._beat()
                # Keeps this task in memory: another one at the same address would look like the same one.
                last = task
