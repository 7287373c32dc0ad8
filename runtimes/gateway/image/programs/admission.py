"""A FIFO semaphore around LiteLLM.

A request above the limit (`limits.parallelRequests` in catalog.yaml) is rejected at once, before its body is parsed, and that is right for
requests that arrive one by one. But requests that the edge queued while no gateway was ready arrive as a burst, and many of them would be
rejected after they have waited. Those wait here for a free slot, until the edge's deadline (`x-switchyard-until`). LiteLLM has the same
limit. The slots are counted in its own process, around its application, so a request that acquired a slot is below LiteLLM's limit.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from api_error import ApiError

LIMIT_MESSAGE = 'The gateway is at its limit of concurrent requests. Try again in a moment.'


class Admission:
    def __init__(self, limit: float | None = None) -> None:
        self.limit = float('inf') if limit is None else limit
        self.in_flight = 0
        self.waiters: deque[asyncio.Future] = deque()

    def check(self, until: float | None) -> None:
        """Raise a 503 if a request could not get a slot and may not wait for one."""
        if until is None and self.in_flight >= self.limit:
            raise ApiError(503, 'overloaded_error', LIMIT_MESSAGE, 'gateway_at_limit', headers=((b'retry-after', b'1'),))

    async def acquire(self, until: float | None, disconnected: asyncio.Future | None = None) -> None:
        """Wait for a free slot until a time (seconds since 1970), or until the client disconnects. Without a time: do not wait.

        Raises a 503 without a slot, a ConnectionAbortedError if the client disconnects.
        """
        self.check(until)
        if self.in_flight < self.limit:
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
            self.check(None)
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
