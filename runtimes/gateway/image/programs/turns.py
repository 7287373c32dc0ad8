"""Lets LiteLLM prepare one large request after another.

LiteLLM computes for seconds for a request of 1 MB with many tools, most of it before it calls the provider, in the event loop that all
requests share. With twenty of them at once each step of any other request waits for twenty computations, which end no earlier for it.
"""

from __future__ import annotations

import asyncio

from requests_log import current

# From this size of the body on, in bytes, a request waits for its turn.
LARGE = 1 << 18


class Turns:
    """The turns of one event loop."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()

    async def take(self, size: int) -> Turn:
        """Wait until no other large request is being prepared. A request with a smaller body does not wait."""
        turn = Turn(self.lock)
        if size >= LARGE:
            await self.lock.acquire()
            turn.taken = True
            current().on_call = turn.end
        return turn


class Turn:
    """Ends when the request calls a provider, or is answered without one."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self.lock, self.taken = lock, False

    def end(self) -> None:
        if self.taken:
            self.taken = False
            self.lock.release()
