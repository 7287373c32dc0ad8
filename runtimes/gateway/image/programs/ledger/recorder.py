"""ASGI middleware that records each request of a client with a valid key to a model. Around the request filter, inside of client_errors.py."""

from __future__ import annotations

import re
from collections.abc import Callable

from requests_log import current

from ledger.observed import Deployment, Request, now_us
from ledger.transport import end_all

ROUTES = re.compile(r'(?:/v1)?/(chat/completions|completions|responses|embeddings)|/v1/(messages)')
# `x-litellm-tags: agent:NAME,lane:NAME` names who asks. Other tags are ignored.
TAG = re.compile(r'(agent|lane):([\w.@/-]{1,64})')


class Recorder:
    """Calls `ended` with each request when its response has ended, and `stopped` before the application reports that it has shut down."""

    def __init__(self, app, deployments: dict[str, Deployment], ended: Callable[[Request], None], stopped: Callable[[], None]) -> None:
        self.app, self.deployments, self.ended, self.stopped = app, deployments, ended, stopped

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] == 'lifespan':
            return await self.app(scope, receive, self.before_shutdown(send))
        route = ROUTES.fullmatch(scope.get('path', '')) if scope['type'] == 'http' and scope['method'] == 'POST' else None
        if not route:
            return await self.app(scope, receive, send)
        state = current()
        record = state.record = begin(route, state.id, scope['headers'])
        try:
            await self.app(scope, receive, observed(record, send))
        finally:
            end_all(record.running)
            # Without a valid key it is nobody's request, and it must not fill the disk.
            if state.key_name is not None:
                self.end(record, state)

    def end(self, record: Request, state) -> None:
        record.completed_us, record.key_alias = now_us(), state.key_name
        if record.http_status >= 400 and (failure := state.reported_failure()):
            record.http_status = failure.status
        if cached := getattr(state, 'cached', None):
            record.cached = self.deployments.get(cached.deployment), cached.usage
            record.alias = record.alias or cached.alias
        self.ended(record)

    def before_shutdown(self, send):
        async def wrapped(message) -> None:
            if message['type'].startswith('lifespan.shutdown.'):
                self.stopped()
            await send(message)

        return wrapped


def begin(route: re.Match, x_request_id: str, headers: list[tuple[bytes, bytes]]) -> Request:
    values = {name: value.decode('latin-1') for name, value in headers if name in (b'x-litellm-tags', b'user-agent')}
    tags = dict(match.groups() for tag in values.get(b'x-litellm-tags', '').split(',') if (match := TAG.fullmatch(tag.strip())))
    return Request((route[1] or route[2]).replace('/', '_'), x_request_id, tags, values.get(b'user-agent', ''))


def observed(record: Request, send):
    """An ASGI `send` that notes the status and the end of a response."""

    async def wrapped(message) -> None:
        if message['type'] == 'http.response.start':
            record.http_status = message['status']
            record.stream = any(name.lower() == b'content-type' and b'event-stream' in value for name, value in message.get('headers', []))
        elif not message.get('more_body', False):
            record.finished = True
        await send(message)

    return wrapped
