"""A counter that the gateway's event loop increments twice a second, in memory that it shares with the supervisor.

A hung process and one that is only busy both answer no probe in time. The counter is the difference: as long as it changes, the loop runs.
Reading it costs no system call, and needs no connection that could wait behind others.
"""

from __future__ import annotations

import asyncio
import mmap
import os

INTERVAL = 0.5
SIZE = 8


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
        return int.from_bytes(self.memory[:], 'little')

    def beat(self) -> None:
        """Count now, and from now on whenever the running event loop gets to it."""
        self.memory[:] = (self.count + 1).to_bytes(SIZE, 'little')
        asyncio.get_running_loop().call_later(INTERVAL, self.beat)
