"""A FIFO semaphore around LiteLLM.

LiteLLM immediately rejects requests above its limit (`limits.parallelRequests` in catalog.yaml), and that is right for requests that
arrive one by one. But requests that the edge queued while no gateway was ready arrive as a burst, and many of them would be rejected
after they have waited. Those wait here for a free slot, until the edge's deadline (`x-switchyard-until`). The slots are counted in
LiteLLM's own process, around its application, so a request that acquired a slot is below LiteLLM's limit.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque


class Admission:
    def __init__(self, limit: float | None = None) -> None:
        self.limit = float('inf') if limit is None else limit
        self.in_flight = 0
        self.waiters: deque[asyncio.Future] = deque()

    async def acquire(self, until: float | None, disconnected: asyncio.Future | None = None) -> None:
        """Wait for a free slot until a time (seconds since 1970), or until the client disconnects. Without a time: do not wait.

        On timeout the request is passed on anyway, so that the client gets LiteLLM's own error.
        """
        if until is None or self.in_flight < self.limit:
            self.in_flight += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        try:
            await asyncio.wait(
                {waiter, disconnected} if disconnected else {waiter}, timeout=max(0, until - time.time()), return_when='FIRST_COMPLETED'
            )
            if disconnected and disconnected.done():
                raise ConnectionAbortedError
        except BaseException:
            self.cancel(waiter)
            raise
        if not waiter.done():
            self.waiters.remove(waiter)
            self.in_flight += 1

    def cancel(self, waiter: asyncio.Future) -> None:
        """Cancel a waiter. If it was granted a slot already, release the slot."""
        if waiter.done():
            self.release()
        else:
            self.waiters.remove(waiter)

    def release(self) -> None:
        """Free a slot, and grant it to the next waiter."""
        self.in_flight -= 1
        while self.waiters and self.in_flight < self.limit:
            self.in_flight += 1
            self.waiters.popleft().set_result(None)
