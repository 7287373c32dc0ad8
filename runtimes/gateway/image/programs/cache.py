"""Answers repeated requests from the answers of earlier ones: docs/cache.md.

It sits behind all checks of a request, and before LiteLLM. It stores what the first client received from LiteLLM, byte by byte, streams as
the events they were (cache_recording.py). The file (cache_file.py, cache_connection.py) is used in two threads, one that reads and one that
writes, since a disk can let them wait.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from cache_answer import usage_if_whole
from cache_file import AnswerFile, Row
from cache_key import Meanings, cache_key
from cache_recording import Recording, Stored
from cache_rules import CacheWords, cached_route, is_repeatable, is_stateful
from requests_log import current
from served_models import model_names

if TYPE_CHECKING:
    from body import CheckedBody
    from settings import CacheSettings

log = logging.getLogger('switchyard')

# All answers together that are being received or wait to be written. Above it answers are not stored.
MAX_HELD_BYTES = 32 << 20
# How long a request waits for the file.
LOOKUP_SECONDS = 0.5
# How long the writer waits while another gateway writes.
BUSY_SECONDS = 5.0


@dataclass
class Question:
    """A request whose answer may be stored."""

    words: CacheWords
    route: str
    alias: str
    # The ids of the alias's own deployments. An answer of a fallback is not stored.
    deployments: frozenset[bytes]
    find_key: Callable[[], bytes]
    _key: bytes | None = None

    @property
    def key(self) -> bytes:
        """Its hash. To be called in a thread, because it takes some time for a large body, which is not needed afterwards."""
        if self._key is None:
            self._key, self.find_key = self.find_key(), bytes
        return self._key


class Cache:
    """The cache of one gateway."""

    def __init__(self, settings: CacheSettings, meanings: Meanings, contains_key: Callable[[bytes], bool], open_file=AnswerFile) -> None:
        """`contains_key`: whether an answer contains a key of a provider. Such an answer is not stored."""
        self.settings, self.meanings, self.contains_key = settings, meanings, contains_key
        max_bytes = int(settings.maxMb * (1 << 20))
        self.to_read, self.to_write = open_file(max_bytes=max_bytes), open_file(max_bytes=max_bytes, busy_seconds=BUSY_SECONDS)
        self.reader = ThreadPoolExecutor(1, 'cache-read')
        self.slow: asyncio.Future | None = None
        self.held = 0
        self.lock = threading.Lock()
        self.answers: queue.SimpleQueue[tuple[Question, Recording]] = queue.SimpleQueue()
        threading.Thread(target=self.write_answers, name='cache-write', daemon=True).start()

    def question(self, path: str, headers: list[tuple[bytes, bytes]], body: CheckedBody) -> Question | None:
        """The question of a request that has passed all checks. None if its answer is neither looked up nor stored."""
        fields, words, route, client = body.fields, body.words, cached_route(path), current().key_name
        if route is None or client is None or (words.no_cache and words.no_store) or is_stateful(fields):
            return None
        if not (words.opted_in or self.settings.requests == 'all' or is_repeatable(fields)):
            return None
        seen = self.meanings.headers(headers)
        meanings = self.meanings.of(name for _, name in model_names(fields))

        def find_key() -> bytes:
            return cache_key(route=route, client=client, namespace=words.namespace, meanings=meanings, headers=seen, fields=fields)

        return Question(words, route, fields['model'], self.meanings.deployments(fields['model']), find_key)

    async def find(self, question: Question) -> Stored | None:
        """The stored answer. None if there is none, or if the file does not respond."""
        if question.words.no_cache or (self.slow and not self.slow.done()):
            return None
        found = asyncio.get_running_loop().run_in_executor(self.reader, self.read, question)
        done, _ = await asyncio.wait({found}, timeout=LOOKUP_SECONDS)
        if done:
            return found.result()
        if self.slow is None:
            log.warning('cache: the volume did not respond within %g s; requests are answered without it until it does', LOOKUP_SECONDS)
        self.slow = found
        return None

    def read(self, question: Question) -> Stored | None:
        """The same, in the thread that reads. Whatever fails here must not fail the request."""
        try:
            row = self.to_read.get(question.key, question.words.max_age)
            return None if row is None else Stored.of(question.alias, row)
        except Exception:
            log.exception('cache: an answer was not read')
            return None

    def recording(self, question: Question, send) -> Recording:
        """An ASGI `send` that stores the answer when the client has received all of it."""
        return Recording(self, question, send)

    def reserve(self, size: int) -> bool:
        """Whether an answer may have that many more bytes in memory."""
        with self.lock:
            if self.held + size > MAX_HELD_BYTES:
                return False
            self.held += size
        return True

    def release(self, size: int) -> None:
        with self.lock:
            self.held -= size

    def write_answers(self) -> None:
        """Store the received answers, all that are waiting in one transaction. Runs in the thread that writes."""
        while True:
            waiting = [self.answers.get()]
            while not self.answers.empty():
                waiting.append(self.answers.get())
            try:
                rows = [row for question, recording in waiting if (row := self.row(question, recording))]
                if rows:
                    self.to_write.put(rows)
            except Exception:
                log.exception('cache: answers were not stored')
            for _, recording in waiting:
                recording.drop()

    def row(self, question: Question, recording: Recording) -> Row | None:
        """An answer as it is stored. None if it is not whole, or must not be stored."""
        body = b''.join(recording.parts or ())
        usage = usage_if_whole(question.route, recording.events, body)
        if usage is None or self.contains_key(body):
            return None
        now = time.time()
        ttl = self.settings.ttl if question.words.ttl is None else question.words.ttl
        headers = [(name.decode('latin-1'), value.decode('latin-1')) for name, value in recording.headers]
        return Row(question.key, now, now + ttl, orjson.dumps([headers, usage]), body)
