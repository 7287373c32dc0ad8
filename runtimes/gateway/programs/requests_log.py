"""One request on its way: its id, who was asked, what failed. The gateway's log has a line for each failed attempt, with the id."""

from __future__ import annotations

import contextvars
import re
import uuid
from typing import TYPE_CHECKING

from failure_kinds import Kind

if TYPE_CHECKING:
    from provider_failure import Failure

_ID = re.compile(rb'[A-Za-z0-9][A-Za-z0-9_.-]{7,63}')
_CURRENT: contextvars.ContextVar[Request | None] = contextvars.ContextVar('switchyard_request', default=None)


class Request:
    """What is known of a request. Shared by all tasks that work on it."""

    def __init__(self, request_id: str) -> None:
        self.id = request_id
        self.failures: list[Failure] = []

    def attempt(self, deployment: str | None, failure: Failure, rest: float) -> None:
        """Writes a failed attempt down, in the log too."""
        self.failures.append(failure)
        who = deployment or 'nobody'
        resting = f', {who} rests {rest:g} s' if rest > 0 else ''
        print(f'switchyard: request {self.id}: {who} failed with {failure.status} ({failure.kind.value}){resting}', flush=True)

    def shown(self) -> Failure | None:
        """The failure that the client is told of: the first, unless it was the key's and a later one was the provider's or the rate's."""
        real = [failure for failure in self.failures if failure.kind is not Kind.RESTING] or self.failures
        if not real or real[0].kind is not Kind.KEY:
            return real[0] if real else None
        return next((failure for failure in real if failure.kind in (Kind.PROVIDER, Kind.RATE)), real[0])


def begin(headers: list[tuple[bytes, bytes]]) -> Request:
    """The request of these headers: with the id that the edge or the client gave it, else with a new one."""
    given = next((value for name, value in headers if name == b'x-request-id'), b'')
    request = Request(given.decode() if _ID.fullmatch(given) else uuid.uuid4().hex)
    _CURRENT.set(request)
    return request


def current() -> Request:
    """The request that is being worked on; outside of one, a nameless one."""
    return _CURRENT.get() or Request('-')
