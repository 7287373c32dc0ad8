"""Errors as a client can use them: in the shape of its API, in the provider's words, with the id of the request; LiteLLM's names stay here.

What is said follows from what was noted of the request (requests_log.py); what LiteLLM refused by itself is taken from its own body.
"""

from __future__ import annotations

import json
import math
import re

import requests_log
from answered import is_starlettes
from failure_kinds import Kind, message_in, parsed
from provider_failure import Failure, plain
from refuse import speaks_anthropic

# Anthropic's types of errors, by status.
ANTHROPIC = {400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error',
             408: 'timeout_error', 413: 'request_too_large', 422: 'invalid_request_error', 429: 'rate_limit_error', 504: 'timeout_error', 529: 'overloaded_error'}
OPENAI = {401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error'}
# Said where LiteLLM's own words name its settings and classes.
OWN_WORDS = {
    429: 'Too many requests at once for this model. Try again in a moment.',
    503: 'The gateway is at its limit of requests at once. Try again in a moment.',
}
_NAMES = re.compile(r'litellm|general_settings|router_settings|fallback model|cooldown_list|model[ _]group|deployments? available|max_parallel', re.IGNORECASE)
# The key is the gateway's: without that, a client takes a provider's 401 for its own.
KEY_REFUSED = "The provider refused the gateway's account: "
LONGEST = 262_144


class ClientErrors:
    """ASGI: every answer gets the id of its request; errors are said anew."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        # Probes are no clients.
        if scope['type'] != 'http' or scope['path'].startswith('/health/'):
            return await self.app(scope, receive, send)
        request = requests_log.begin(scope['headers'])
        await self.app(scope, receive, Answer(scope, request, send).send)


class Answer:
    """One answer on its way out."""

    def __init__(self, scope, request: requests_log.Request, out) -> None:
        self.scope, self.request, self.out = scope, request, out
        self.anthropic = speaks_anthropic(scope)
        self.error: dict | None = None
        self.parts: list[bytes] = []
        self.length = 0
        self.events = False

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            headers = [(n, v) for n, v in message.get('headers', []) if n.lower() != b'x-request-id']
            message = {**message, 'headers': [*headers, (b'x-request-id', self.request.id.encode())]}
            # A failure of the gateway itself, about which nothing is known: answered.py, further out, answers it or hangs up.
            if message['status'] >= 400 and (not is_starlettes(message) or self.request.shown()):
                self.error = message
                return
            self.events = any(n.lower() == b'content-type' and b'event-stream' in v for n, v in headers)
        elif self.error is not None:
            self.length += len(message.get('body', b''))
            # An error's text beyond this is nobody's words.
            if self.length <= LONGEST:
                self.parts.append(message.get('body', b''))
            return None if message.get('more_body', False) else await self.say(self.error)
        elif self.events and (b'error' in message.get('body', b'') or b'failed' in message.get('body', b'')):
            message = {**message, 'body': self.cleaned(message['body'])}
        await self.out(message)

    async def say(self, start: dict) -> None:
        """Sends the error."""
        status, error = self.described(start['status'], b''.join(self.parts))
        failure = self.request.shown()
        body = json.dumps(self.shaped(error)).encode() if self.length else b''
        dropped = {b'content-length', b'content-type', b'transfer-encoding'} | ({b'retry-after'} if failure else set())
        headers = [(n, v) for n, v in start['headers'] if n.lower() not in dropped]
        headers += [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
        if failure and failure.retry_after is not None:
            headers.append((b'retry-after', str(math.ceil(failure.retry_after)).encode()))
        print(f'switchyard: request {self.request.id}: {self.scope["method"]} {self.scope["path"][:100]!r} is answered with {status}', flush=True)
        await self.out({**start, 'status': status, 'headers': headers})
        await self.out({'type': 'http.response.body', 'body': body})

    def described(self, status: int, body: bytes) -> tuple[int, dict]:
        """Status and error: the provider's, where one was asked, else what stands in the body."""
        if failure := self.request.shown():
            return failure.status, described(failure, self.anthropic)
        # A stream that failed at its start is an event, with the status of an error.
        text = body.decode('utf-8', 'replace').removeprefix('data: ').partition('\n\ndata: ')[0]
        error = parsed(text) or {}
        return status, {**error, 'message': own_words(status, message_in(error) or text), 'type': error.get('type') or kind_name(status, self.anthropic)}

    def shaped(self, error: dict) -> dict:
        """The body in the caller's API."""
        if self.anthropic:
            kept = {name: error[name] for name in ('type', 'message')}
            return {'type': 'error', 'error': kept, 'request_id': self.request.id}
        kept = {name: error.get(name) for name in ('message', 'type', 'param', 'code')}
        return {'error': {**kept, 'request_id': self.request.id}}

    def cleaned(self, events: bytes) -> bytes:
        """Events of a stream, those of errors said anew. LiteLLM sends an event in one piece."""
        return b''.join(self.event(line) for line in events.splitlines(keepends=True))

    def event(self, line: bytes) -> bytes:
        if not line.startswith(b'data:') or (b'"error"' not in line):
            return line
        try:
            data = json.loads(line[5:])
        except ValueError:
            return line
        holder = data.get('response') if data.get('type') == 'response.failed' else data
        error = holder.get('error') if isinstance(holder, dict) else None
        if isinstance(error, dict) and isinstance(error.get('message'), str):
            error['message'] = own_words(502, error['message'])
            if holder is data:
                error['type'] = error.get('type') or kind_name(502, self.anthropic)
                data = self.shaped({**error, 'code': None if error.get('code') == '500' else error.get('code')})
        elif data.get('type') == 'error' and isinstance(data.get('message'), str):
            data['message'] = own_words(502, data['message'])
        else:
            return line
        return b'data: ' + json.dumps(data).encode() + line[len(line.rstrip(b'\r\n')) :]


def described(failure: Failure, anthropic: bool) -> dict:
    """A failed attempt as an error: the provider's words, type and code."""
    said = failure.said or {}
    kind = said.get('type')
    # A maker's own type means something to the clients of its own API only.
    known = isinstance(kind, str) and (kind in ANTHROPIC.values() or kind == 'api_error' or not anthropic)
    words = own_words(failure.status, failure.words)
    code = said.get('code')
    return {
        'message': KEY_REFUSED + words if failure.kind is Kind.KEY and failure.status in (401, 403) else words,
        'type': kind if known else kind_name(failure.status, anthropic),
        'param': said.get('param') if isinstance(said.get('param'), str) else None,
        'code': code if isinstance(code, str) else str(failure.status),
    }


def kind_name(status: int, anthropic: bool) -> str:
    """The type of an error that has none."""
    if anthropic:
        return ANTHROPIC.get(status, 'invalid_request_error' if status < 500 else 'api_error')
    return OPENAI.get(status, 'invalid_request_error' if status < 500 else 'server_error')


def own_words(status: int, text: str) -> str:
    """A text without LiteLLM's names; where it is about nothing else, what it means."""
    text = plain(text)
    if text and not _NAMES.search(text):
        return text
    return OWN_WORDS.get(status, 'The request was refused.' if status < 500 else 'The gateway failed at this request.')
