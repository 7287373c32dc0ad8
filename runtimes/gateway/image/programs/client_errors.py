"""Rewrites errors for the client: in the format of its API, with the provider's message and the request's id, without LiteLLM's names.

The content comes from the recorded failures of the request (requests_log.py). For errors of LiteLLM itself it comes from LiteLLM's body.
"""

from __future__ import annotations

import json
import math
import re

import requests_log
from admission import LIMIT_MESSAGE
from api_error import is_anthropic
from error_boundary import is_starlette_error
from failure_kinds import Kind, error_in, message_in
from provider_failure import UNPROCESSABLE, Failure, plain

# Anthropic's error types by status.
ANTHROPIC_TYPES = {400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error', 404: 'not_found_error',
                   408: 'timeout_error', 413: 'request_too_large', 422: 'invalid_request_error', 429: 'rate_limit_error', 504: 'timeout_error', 529: 'overloaded_error'}
OPENAI_TYPES = {401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error'}
# Messages that replace LiteLLM's own where these mention its settings and classes.
LIMIT_MESSAGES = {
    429: 'Too many concurrent requests for this model. Try again in a moment.',
    503: LIMIT_MESSAGE,
}
# Not the fields that clients may send.
_NAMES = re.compile(r'litellm(?!_(?:metadata|params|session_id|trace_id)\b)|general_settings|router_settings|fallback model|cooldown_list|model[ _]group|deployments? available|max_parallel', re.IGNORECASE)
# The refused key is the gateway's. Without this prefix a client would think that its own key is wrong.
KEY_REJECTED = "The provider rejected the gateway's account: "
MAX_ERROR_BYTES = 262_144


class ClientErrors:
    """ASGI middleware: adds the request's id to every response, and rewrites errors."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        # Health checks do not come from clients.
        if scope['type'] != 'http' or scope['path'].startswith('/health/'):
            return await self.app(scope, receive, send)
        request = requests_log.begin(scope['headers'])
        await self.app(scope, receive, Answer(scope, request, send).send)


class Answer:
    """Rewrites one response."""

    def __init__(self, scope, request: requests_log.Request, out) -> None:
        self.scope, self.request, self.out = scope, request, out
        self.anthropic = is_anthropic(scope)
        self.error: dict | None = None
        self.parts: list[bytes] = []
        self.length = 0
        self.events = False

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            headers = [(n, v) for n, v in message.get('headers', []) if n.lower() != b'x-request-id']
            message = {**message, 'headers': [*headers, (b'x-request-id', self.request.id.encode())]}
            # An internal error of the gateway with no recorded failure is left to error_boundary.py.
            if message['status'] >= 400 and (not is_starlette_error(message) or self.request.reported_failure()):
                self.error = message
                return
            self.events = any(n.lower() == b'content-type' and b'event-stream' in v for n, v in headers)
        elif self.error is not None:
            self.length += len(message.get('body', b''))
            # A longer error text is ignored: no provider writes one.
            if self.length <= MAX_ERROR_BYTES:
                self.parts.append(message.get('body', b''))
            return None if message.get('more_body', False) else await self.send_error(self.error)
        elif self.events and (b'error' in message.get('body', b'') or b'failed' in message.get('body', b'')):
            message = {**message, 'body': self.rewrite_events(message['body'])}
        await self.out(message)

    async def send_error(self, start: dict) -> None:
        status, error = self.error_of(start['status'], b''.join(self.parts))
        failure = self.request.reported_failure()
        body = json.dumps(self.in_api_format(error)).encode() if self.length else b''
        dropped = {b'content-length', b'content-type', b'transfer-encoding'} | ({b'retry-after'} if failure else set())
        headers = [(n, v) for n, v in start['headers'] if n.lower() not in dropped]
        headers += [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
        if failure and failure.retry_after is not None:
            headers.append((b'retry-after', str(math.ceil(failure.retry_after)).encode()))
        print(f'switchyard: request {self.request.id}: {self.scope["method"]} {self.scope["path"][:100]!r} responds with {status}', flush=True)
        await self.out({**start, 'status': status, 'headers': headers})
        await self.out({'type': 'http.response.body', 'body': body})

    def error_of(self, status: int, body: bytes) -> tuple[int, dict]:
        """Status and error: the provider's if one was called, otherwise those in the body."""
        if failure := self.request.reported_failure():
            return failure.status, provider_error(failure, self.anthropic)
        # LiteLLM itself failed, before it called anybody: it was asked for something that it cannot process.
        if status in (500, 502) and self.request.called_nobody:
            return 400, {'message': UNPROCESSABLE, 'type': default_type(400, self.anthropic), 'code': 'invalid_request'}
        # A stream that failed at its start is an event with an error status.
        text = body.decode('utf-8', 'replace').removeprefix('data: ').partition('\n\ndata: ')[0]
        error = error_in(text) or {}
        return status, {**error, 'message': client_message(status, message_in(error) or text), 'type': error.get('type') or default_type(status, self.anthropic)}

    def in_api_format(self, error: dict) -> dict:
        """The body in the format of the client's API."""
        if self.anthropic:
            fields = {name: error[name] for name in ('type', 'message')}
            return {'type': 'error', 'error': fields, 'request_id': self.request.id}
        fields = {name: error.get(name) for name in ('message', 'type', 'param', 'code')}
        return {'error': {**fields, 'request_id': self.request.id}}

    def rewrite_events(self, events: bytes) -> bytes:
        """Rewrite the error events of a stream. LiteLLM sends each event in one piece."""
        return b''.join(self.rewrite_line(line) for line in events.splitlines(keepends=True))

    def rewrite_line(self, line: bytes) -> bytes:
        if not line.startswith(b'data:') or (b'"error"' not in line):
            return line
        try:
            data = json.loads(line[5:])
        except ValueError:
            return line
        holder = data.get('response') if data.get('type') == 'response.failed' else data
        error = holder.get('error') if isinstance(holder, dict) else None
        if isinstance(error, dict) and isinstance(error.get('message'), str):
            error['message'] = client_message(502, error['message'])
            if holder is data:
                error['type'] = error.get('type') or default_type(502, self.anthropic)
                data = self.in_api_format({**error, 'code': None if error.get('code') == '500' else error.get('code')})
        elif data.get('type') == 'error' and isinstance(data.get('message'), str):
            data['message'] = client_message(502, data['message'])
        else:
            return line
        return b'data: ' + json.dumps(data).encode() + line[len(line.rstrip(b'\r\n')) :]


def provider_error(failure: Failure, anthropic: bool) -> dict:
    """A failed attempt as an error: the provider's message, type and code."""
    error = failure.error or {}
    kind = error.get('type')
    # A provider's own error type is meaningful only to clients of its own API.
    known = isinstance(kind, str) and (kind in ANTHROPIC_TYPES.values() or kind == 'api_error' or not anthropic)
    message = client_message(failure.status, failure.message)
    return {
        'message': KEY_REJECTED + message if failure.kind is Kind.KEY and failure.status in (401, 403) else message,
        'type': kind if known else default_type(failure.status, anthropic),
        'param': error.get('param') if isinstance(error.get('param'), str) else None,
        'code': error_code(error, failure.status),
    }


def error_code(error: dict, status: int) -> str | None:
    """An error's code as OpenAI's clients expect it: a text, or null if the provider sent null. Without a code: the status."""
    code = error.get('code', status)
    return str(code) if isinstance(code, (str, int)) and not isinstance(code, bool) else None


def default_type(status: int, anthropic: bool) -> str:
    """The type of an error without a type."""
    if anthropic:
        return ANTHROPIC_TYPES.get(status, 'invalid_request_error' if status < 500 else 'api_error')
    return OPENAI_TYPES.get(status, 'invalid_request_error' if status < 500 else 'server_error')


def client_message(status: int, text: str) -> str:
    """The message without LiteLLM's names. If it still contains some, a general message for the status."""
    text = plain(text)
    if text and not _NAMES.search(text):
        return text
    return LIMIT_MESSAGES.get(status, 'The request was rejected.' if status < 500 else 'The gateway failed to process this request.')
