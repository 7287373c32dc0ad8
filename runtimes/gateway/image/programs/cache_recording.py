"""An answer as it passes through the gateway and is kept for the cache, and as it is sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from cache_file import Row
from requests_log import CachedAnswer, current

if TYPE_CHECKING:
    from cache import Cache, Question

HEADER = b'x-switchyard-cache'
DEPLOYMENT = b'x-litellm-model-id'
# The headers of an answer that are stored with it. Others are about the request that was sent to the provider: its cost, its rate limits.
STORED_HEADERS = (b'content-type', b'cache-control', b'x-accel-buffering', b'vary', b'access-control-', DEPLOYMENT, b'x-litellm-model-group')
# A longer answer is not stored.
MAX_ANSWER_BYTES = 4 << 20


class Recording:
    """Passes a response on, and keeps a copy of it for the cache."""

    def __init__(self, cache: Cache, question: Question, out) -> None:
        self.cache, self.question, self.out = cache, question, out
        self.headers: list[tuple[bytes, bytes]] = []
        self.events = False
        # None: this answer is not stored.
        self.parts: list[bytes] | None = None
        self.size = self.failures = 0
        # Whether the thread that writes has it.
        self.complete = False

    async def send(self, message) -> None:
        kind = message['type']
        if kind == 'http.response.start':
            message = self.begin(message)
        elif kind == 'http.response.body' and self.parts is not None:
            self.add(message.get('body', b''))
        await self.out(message)
        if kind == 'http.response.body' and not message.get('more_body') and self.parts is not None:
            # After a failure in the middle of a stream another model may have continued it.
            if len(current().failures) == self.failures:
                self.complete = True
                self.cache.answers.put((self.question, self))

    def end(self) -> None:
        """To be called when the request has ended, in whatever way."""
        if not self.complete:
            self.drop()

    def begin(self, message) -> dict:
        """Keep what comes now, if it is an answer of the requested model. The message, which tells that the answer is a new one."""
        if message['status'] != 200:
            return message
        headers = message.get('headers', [])
        words, by_name = self.question.words, {name.lower(): value for name, value in headers}
        if by_name.get(DEPLOYMENT) in self.question.deployments and not words.no_store and words.ttl != 0:
            self.parts, self.failures = [], len(current().failures)
            self.headers = [(name.lower(), value) for name, value in headers if name.lower().startswith(STORED_HEADERS)]
            self.events = b'event-stream' in by_name.get(b'content-type', b'')
        return message if words.no_cache else {**message, 'headers': [*headers, (HEADER, b'miss')]}

    def add(self, piece: bytes) -> None:
        """Keep a piece, or nothing any more if the answer or all of them together become too long."""
        if self.size + len(piece) > MAX_ANSWER_BYTES or not self.cache.reserve(len(piece)):
            return self.drop()
        self.size += len(piece)
        self.parts.append(piece)

    def drop(self) -> None:
        """Keep nothing any more, and free its memory."""
        self.cache.release(self.size)
        self.parts, self.size = None, 0


@dataclass(frozen=True)
class Stored:
    """A stored answer, as it is sent again."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    answer: CachedAnswer

    @classmethod
    def of(cls, alias: str, row: Row) -> Stored:
        names, usage = orjson.loads(row.meta)
        headers = [(name.encode('latin-1'), value.encode('latin-1')) for name, value in names]
        deployment = dict(headers)[DEPLOYMENT].decode('latin-1')
        return cls(headers, row.body, CachedAnswer(alias, deployment, usage, row.stored))

    async def send(self, send) -> None:
        """Send it, marked as a hit, and note it in the request's log."""
        request = current()
        request.cache_hit, request.cached = True, self.answer
        headers = [*self.headers, (HEADER, b'hit')]
        if not any(name == b'content-type' and b'event-stream' in value for name, value in headers):
            headers.append((b'content-length', str(len(self.body)).encode()))
        await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
        await send({'type': 'http.response.body', 'body': self.body})
