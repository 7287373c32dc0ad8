"""Reads a request's body within its limits: its size, the memory of all bodies together, and the time that a client may send nothing.

A client that is still sending does not read: if the connection were closed then, most clients would report a broken pipe instead of the
response. So before an error the rest of the body is read and discarded, up to a limit, and for a moment after it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from api_error import ApiError
from content_encoding import decoder_of
from memory_budget import MemoryBudget, Reservation

MIB = 1 << 20
# A body below this size needs no reservation. With the number of connections that the edge allows, all of them together need 20 MB.
SMALL = 1 << 16
# How long a client may send no byte of a body that it announced. The edge ends smaller uploads that stall, and closes the connection
# within a minute in total: docs/edge.md.
STALL_SECONDS = 25.0
# How long a request that the edge did not queue waits for memory.
MEMORY_SECONDS = 30.0
# How long, and up to how many times the maximum size, a body is read and discarded.
DISCARD_SECONDS = 5.0
DISCARD_FACTOR = 2
# How long, and up to how many times the maximum size more, it is read after the response. The client may be sending still.
LINGER_SECONDS = 2.0
LINGER_FACTOR = 2
# In an ASGI scope: a function that does that.
LINGER_KEY = 'switchyard.linger'


@dataclass(frozen=True)
class UploadLimits:
    """The limits of all uploads."""

    # The maximum size of a body, also after it has been unpacked.
    max_mb: float = 32
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    stall_seconds: float = STALL_SECONDS
    memory_seconds: float = MEMORY_SECONDS


class Upload:
    """The body of one request."""

    def __init__(self, headers: list[tuple[bytes, bytes]], receive, limits: UploadLimits) -> None:
        self.headers, self.receive, self.limits = headers, receive, limits
        self.max_bytes = int(limits.max_mb * MIB)
        self.announced, self.length, self.expects_continue = announced_length(headers)
        self.received = 0
        self.complete = self.discarding = False
        self.reservation: Reservation | None = None

    @property
    def unread(self) -> bool:
        """Whether bytes of the body may still come: then the connection cannot be used for another request."""
        return self.announced and not self.complete

    async def read(self, until: float | None = None) -> bytes:
        """The complete body, unpacked. `until`: how long it may wait for memory, in seconds since 1970.

        Raises ConnectionAbortedError if the client disconnects before it has sent all of it, and an ApiError for each exceeded limit.
        """
        try:
            return await self._read(until)
        except ApiError as error:
            self.release()
            # A client that stalls would not send the rest.
            if error.status != 408:
                await self.discard()
            raise

    async def _read(self, until: float | None) -> bytes:
        decoder = decoder_of(self.headers) if self.announced else None
        if self.length is not None and self.length > self.max_bytes:
            raise self.too_large()
        if self.length is not None and self.length >= SMALL and not decoder:
            await self.reserve(self.length, until)
        parts, size = [], 0
        while not self.complete:
            piece = await self.next_piece()
            for part in decoder.feed(piece) if decoder else (piece,):
                size += len(part)
                if size > self.max_bytes:
                    # The traceback would keep them while the rest is discarded.
                    parts.clear()
                    raise self.too_large()
                if size >= SMALL and not self.reservation:
                    await self.reserve(self.max_bytes, until)
                parts.append(part)
                if decoder:
                    # Other requests run between two steps.
                    await asyncio.sleep(0)
        if decoder:
            decoder.finish()
        if self.reservation:
            self.reservation.shrink(size)
        return b''.join(parts)

    async def reserve(self, size: int, until: float | None) -> None:
        seconds = self.limits.memory_seconds if until is None else until - time.time()
        self.reservation = await self.limits.budget.reserve(size, seconds)

    def release(self) -> None:
        """Release the memory. To be called when the body is no longer used."""
        if self.reservation:
            self.reservation.shrink(0)

    async def next_piece(self) -> bytes:
        try:
            async with asyncio.timeout(self.limits.stall_seconds):
                return await self.receive_piece()
        except TimeoutError:
            # The header tells the edge to close the client's connection too.
            stalled = ((b'x-switchyard-stalled', b'1'),)
            raise ApiError(408, 'invalid_request_error', 'The request did not arrive in time.', 'request_timeout', headers=stalled) from None

    async def receive_piece(self) -> bytes:
        message = await self.receive()
        if message['type'] == 'http.disconnect':
            raise ConnectionAbortedError
        self.complete = not message.get('more_body', False)
        piece = message.get('body', b'')
        self.received += len(piece)
        return piece

    async def discard(self) -> None:
        """Read the rest of the body, and keep nothing."""
        self.discarding = True
        # Such a client sends its body only when it is asked for it. One that does not wait is dealt with after the response: linger().
        if self.expects_continue and not self.received:
            return
        await self.read_on(DISCARD_SECONDS, DISCARD_FACTOR * self.max_bytes)

    async def linger(self) -> None:
        """Read on after the response: on a connection that is closed with bytes unread the client would lose it."""
        try:
            await self.read_on(LINGER_SECONDS, self.received + LINGER_FACTOR * self.max_bytes)
        except ConnectionAbortedError:
            pass  # the client has read the response

    async def read_on(self, seconds: float, most: int) -> None:
        """Read and discard, until so many bytes have been received in all."""
        try:
            async with asyncio.timeout(seconds):
                while self.unread and self.received < most:
                    await self.receive_piece()
        except TimeoutError:
            pass

    def too_large(self) -> ApiError:
        message = f'The request is larger than {self.limits.max_mb:g} MiB.'
        return ApiError(413, 'request_too_large', message, 'request_too_large', headers=((b'connection', b'close'),))


def announced_length(headers: list[tuple[bytes, bytes]]) -> tuple[bool, int | None, bool]:
    """Whether headers announce a body, its length if they have it, and whether the client waits for "100 Continue" before it sends it."""
    length, chunked, expects = None, False, False
    for name, value in headers:
        if name == b'content-length':
            length = int(value)
        elif name == b'transfer-encoding':
            chunked = True
        elif name == b'expect':
            expects = value.strip().lower() == b'100-continue'
    return chunked or bool(length), None if chunked else length, expects
