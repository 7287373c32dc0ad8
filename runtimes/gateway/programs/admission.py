"""How many requests are with LiteLLM, and whose turn is next.

LiteLLM refuses at once what is beyond its limit (`limits.parallelRequests` in catalog.yaml), and so it should. But what the edge
held while no gateway was ready comes as one crowd, which would be refused for having waited. So those wait on here until there
is room, no longer than the edge may hold them. Counted is around LiteLLM, in its own process: what is let in finds room there.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque


class Admission:
    def __init__(self, limit: float | None = None) -> None:
        self.limit = float('inf') if limit is None else limit
        self.inside = 0
        self.waiting: deque[asyncio.Future] = deque()

    async def enter(self, until: float | None, gone: asyncio.Future | None = None) -> None:
        """Waits for room until that time (seconds since 1970) or until the client is gone; without a time, not at all.

        Whoever waited in vain goes in nevertheless, for LiteLLM to refuse in its own words.
        """
        if until is None or self.inside < self.limit:
            self.inside += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await asyncio.wait({turn, gone} if gone else {turn}, timeout=max(0, until - time.time()), return_when='FIRST_COMPLETED')
            if gone and gone.done():
                raise ConnectionAbortedError
        except BaseException:
            self.forget(turn)
            raise
        if not turn.done():
            self.waiting.remove(turn)
            self.inside += 1

    def forget(self, turn: asyncio.Future) -> None:
        """Of a waiting one that will not come: its place, if it has one already, is the next one's."""
        if turn.done():
            self.leave()
        else:
            self.waiting.remove(turn)

    def leave(self) -> None:
        self.inside -= 1
        while self.waiting and self.inside < self.limit:
            self.inside += 1
            self.waiting.popleft().set_result(None)
