"""The memory that the bodies of all requests may use together.

A request with a large body reserves its bytes before its body is read. If they are not available, it waits without being read: then the
bytes stay at the edge and the client, which have their own limits. A request reserves once, and waits only while it has reserved nothing,
so requests cannot block each other.
"""

from __future__ import annotations

import asyncio
from collections import deque

from api_error import ApiError


class MemoryBudget:
    """At most `total` bytes at the same time. Requests get their bytes in order, so that a large one is not overtaken forever."""

    def __init__(self, total: float = float('inf')) -> None:
        self.total = total
        self.used: float = 0
        self.waiters: deque[tuple[float, asyncio.Future]] = deque()

    async def reserve(self, size: int, seconds: float) -> Reservation:
        """Wait until that many bytes are available; a 503 after that many seconds."""
        size = min(size, self.total)
        if not self.waiters and self.used + size <= self.total:
            self.used += size
            return Reservation(self, size)
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append((size, waiter))
        try:
            await asyncio.wait({waiter}, timeout=max(0, seconds))
        except BaseException:
            if waiter.done():
                self.release(size)
            else:
                self.cancel(size, waiter)
            raise
        if not waiter.done():
            self.cancel(size, waiter)
            message = 'The gateway has no memory for another large request at the moment. Try again in a moment.'
            raise ApiError(503, 'overloaded_error', message, 'gateway_at_limit', headers=((b'retry-after', b'5'),))
        return Reservation(self, size)

    def cancel(self, size: float, waiter: asyncio.Future) -> None:
        self.waiters.remove((size, waiter))
        self.grant()

    def release(self, size: float) -> None:
        self.used -= size
        self.grant()

    def grant(self) -> None:
        """Give the free bytes to the first waiters."""
        while self.waiters and self.used + self.waiters[0][0] <= self.total:
            size, waiter = self.waiters.popleft()
            self.used += size
            waiter.set_result(None)


class Reservation:
    """The bytes that one request has reserved."""

    def __init__(self, budget: MemoryBudget, size: float) -> None:
        self.budget, self.size = budget, size

    def shrink(self, size: float) -> None:
        """Keep only that many bytes. 0 releases all; further calls have no effect."""
        if size < self.size:
            freed, self.size = self.size - size, size
            self.budget.release(freed)
