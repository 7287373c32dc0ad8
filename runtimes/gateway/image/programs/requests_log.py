"""The state of one request: its id, its key, its failed attempts, and whether it was answered from the cache. The gateway logs a line with the
id for each failed attempt."""

from __future__ import annotations

import contextvars
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from failure_kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.observed import Request as Record
    from provider_failure import Failure

_ID = re.compile(rb'[A-Za-z0-9][A-Za-z0-9_.-]{7,63}')
_CURRENT: contextvars.ContextVar[Request | None] = contextvars.ContextVar('switchyard_request', default=None)


@dataclass(frozen=True)
class CachedAnswer:
    """Where an answer of the cache came from: what it would have cost again."""

    alias: str
    # The deployment that was called for it: `gpt-4@OPENAI_API_KEY`.
    deployment: str
    # The usage in the answer, in the format of the client's API; empty if it has none.
    usage: dict
    # When it was stored, in seconds since 1970.
    stored: float


class Request:
    """Shared by all tasks that work on the request."""

    def __init__(self, request_id: str) -> None:
        self.id = request_id
        # The name of the client's key, not its value. None until it is checked.
        self.key_name: str | None = None
        # The aliases that this key may use. None for all.
        self.allowed_models: frozenset[str] | None = None
        self.failures: list[Failure] = []
        # Whether LiteLLM has got it, and how many calls to providers it has made for it.
        self.handed_over = False
        self.provider_calls = 0
        # Called at each of these calls.
        self.on_call: Callable[[], None] = lambda: None
        # Whether it was answered from the cache, and by which answer.
        self.cache_hit = False
        self.cached: CachedAnswer | None = None
        # What the ledger records of it; None for a request that it does not record.
        self.record: Record | None = None
        # The models of its chain that a limit does not allow to be called, with what the client gets if nothing else answers.
        self.refused_models: dict[str, Failure] = {}

    def may_use(self, alias: str) -> bool:
        """Whether the client's key may use a model."""
        return self.allowed_models is None or alias in self.allowed_models

    def record_failure(self, deployment: str | None, failure: Failure, cooldown: float) -> None:
        """Record and log a failed attempt. `cooldown` is in seconds, 0 for none."""
        self.failures.append(failure)
        who = deployment or 'routing'
        suffix = f', cooldown {cooldown:g} s' if cooldown > 0 else ''
        print(f'switchyard: request {self.id}: {who} failed with status {failure.status} ({failure.kind.value}){suffix}', flush=True)

    def count_call(self) -> None:
        """Count a call to a provider that begins now."""
        self.provider_calls += 1
        self.on_call()

    @property
    def called_nobody(self) -> bool:
        """Whether LiteLLM has got this request and has not called a provider for it."""
        return self.handed_over and not self.provider_calls

    def reported_failure(self) -> Failure | None:
        """The failure that the client gets: the first one, or, if that is the key's fault, the first later one of the provider or the rate."""
        real = [failure for failure in self.failures if failure.kind is not Kind.COOLDOWN] or self.failures
        if not real or real[0].kind is not Kind.KEY:
            return real[0] if real else None
        return next((failure for failure in real if failure.kind in (Kind.PROVIDER, Kind.RATE)), real[0])


def begin(headers: list[tuple[bytes, bytes]]) -> Request:
    """Start a request with these headers. Its id is the one from the edge or the client, otherwise a new one."""
    given = next((value for name, value in headers if name == b'x-request-id'), b'')
    request = Request(given.decode() if _ID.fullmatch(given) else uuid.uuid4().hex)
    _CURRENT.set(request)
    return request


def current() -> Request:
    """The current request; outside of a request, one with the id `-`."""
    return _CURRENT.get() or Request('-')
