"""ASGI: the door of the gateway. What LiteLLM sees has passed it.

- Only the routes that clients need exist. Anything else: 401 without a valid key, 404 with one.
- A missing or wrong key is 401 everywhere but on the probes, in the shape the caller's API uses for it.
- A request that would choose the upstream's address, its key or its price is refused (400): refused.py.
- It names a model that is served, on a route that serves it (400, 404): served.py.
- What is nested too deep or holds too many values is refused before it is parsed (400): bounds.py, body.py.
- What the edge held waits for its turn where LiteLLM would refuse it: admission.py.
- LiteLLM gets one key header, JSON, no query and none of its own steering headers but a few harmless ones: what was
  checked here is what it acts on.
"""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor

from admission import Admission
from body import LARGE, checked, whole_body
from clientkeys import ClientKeys
from refuse import Refuse, bad_request, shown, speaks_anthropic
from refused import query_refusal
from requests_log import current
from served import Served

READY = '/health/readiness'
ALIVE = ('/health/liveliness', '/health/liveness')
# Whether a key is valid: for the edge, which asks before it waits for a body (check_key.lua).
KEY_CHECK = '/health/key'
ROUTES = {
    'POST': re.compile(r'(/v1)?/(chat/completions|completions|responses|embeddings)|/v1/messages(/count_tokens)?'),
    'GET': re.compile(r'(/v1)?/models(/[\w.:@/-]+)?'),
}
KEY_HEADERS = (b'authorization', b'x-api-key', b'api-key')
# Dropped before LiteLLM: keys by other names, and a compressed answer, which could not be searched for keys.
DROPPED = (*KEY_HEADERS, b'x-goog-api-key', b'ocp-apim-subscription-key', b'accept-encoding', b'content-type', b'content-length', b'transfer-encoding')
LITELLM_HEADERS = (b'x-litellm-tags', b'x-litellm-trace-id', b'x-litellm-session-id', b'x-litellm-timeout', b'x-litellm-stream-timeout')
# The edge says the same: domain/render/haproxy.ts.
NO_KEY = 'Missing or wrong API key. Send the key of this gateway as "Authorization: Bearer …" or "x-api-key: …".'


class Guard:
    def __init__(self, app, keys: ClientKeys, served: Served, admission: Admission | None = None) -> None:
        self.app, self.keys, self.served, self.admission = app, keys, served, admission or Admission()
        self.leaving = False
        # Large bodies are checked beside the requests of others, one after the other: two at once would slow down everybody.
        self.checker = ThreadPoolExecutor(1, 'check')

    def leave(self) -> None:
        """Say "not ready" from now on, and serve on."""
        self.leaving = True

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] == 'lifespan':
            return await self.app(scope, receive, send)
        if scope['type'] != 'http':
            return await send({'type': 'websocket.close', 'code': 1008})
        method, path = scope['method'], scope['path']
        if method in ('GET', 'HEAD') and path == READY and not announces_body(scope):
            status, word = (503, 'leaving') if self.leaving else (200, 'ready')
            return await answer(send, status, json.dumps({'status': word}).encode())
        if method in ('GET', 'HEAD') and path in ALIVE and not announces_body(scope):
            return await self.app({**scope, 'query_string': b''}, receive, send)
        if method == 'GET' and path == KEY_CHECK and not announces_body(scope) and self.valid_key(scope) is not None:
            return await send_empty(send, 204)
        # While a body is still to come, the connection cannot take another request.
        unread = announces_body(scope)
        try:
            key = self.admit(scope)
            until = held_until(scope)
            headers = [(n, v) for n, v in scope['headers'] if n not in DROPPED and not steers(n)]
            # LiteLLM's own log lines name the request by this.
            headers += [(b'authorization', b'Bearer ' + key), (b'x-litellm-call-id', current().id.encode())]
            body = await whole_body(receive)
            unread = False
            if method == 'POST':
                body = await self.checked(path, body)
                headers += [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
            else:
                body = b''
            scope = {**scope, 'headers': headers, 'query_string': b''}
            await self.admitted(scope, body, receive, self.parting(send), until)
        except Refuse as refuse:
            await answer(send, refuse.status, refuse.body(speaks_anthropic(scope)), close=unread)
        except ConnectionAbortedError:
            pass  # the client left before it had sent its request

    async def checked(self, path: str, body: bytes) -> bytes:
        """The body as LiteLLM may have it. A large one is checked in a thread."""
        if len(body) < LARGE:
            return checked(body, path, self.served)
        return await asyncio.get_running_loop().run_in_executor(self.checker, checked, body, path, self.served)

    def valid_key(self, scope) -> bytes | None:
        """The first key of a request that is valid."""
        given = [v.strip() for n, v in scope['headers'] if n in KEY_HEADERS]
        given = [re.sub(rb'(?i)^bearer\s+', b'', value) for value in given]
        return next((value for value in given if self.keys.find(value.decode('latin-1'))), None)

    def admit(self, scope) -> bytes:
        """The valid key of a request that may go on."""
        key = self.valid_key(scope)
        if key is None:
            raise Refuse(401, 'authentication_error', NO_KEY, 'invalid_api_key')
        if scope['method'] in ('GET', 'HEAD') and announces_body(scope):
            raise bad_request(f'A {scope["method"]} request may not have a body here: send it without one.', 'unexpected_body')
        route = ROUTES.get(scope['method'])
        if not (route and route.fullmatch(scope['path'])) or '..' in scope['path']:
            message = f'{scope["method"][:20]} {shown(scope["path"])} does not exist here.'
            raise Refuse(404, 'not_found_error', message, 'not_found')
        if why := query_refusal(scope.get('query_string', b'')):
            raise bad_request(why, 'refused_field')
        if scope['method'] == 'GET' and (name := scope['path'].partition('/models')[2].removeprefix('/')):
            self.served.check_name('model', name)
        return key

    async def admitted(self, scope, body: bytes, receive, send, until: float | None) -> None:
        """LiteLLM, when it is this request's turn."""
        # After the body a connection has only one thing left to say: that the client is gone.
        gone = asyncio.ensure_future(receive()) if until else None
        try:
            await self.admission.enter(until, gone)
            try:
                await self.app(scope, replay(body, receive, gone), send)
            finally:
                self.admission.leave()
        finally:
            if gone:
                gone.cancel()

    def parting(self, send):
        """While leaving, ask for each connection to be closed, so that nobody sends another request on it."""

        async def wrapped(message) -> None:
            if self.leaving and message['type'] == 'http.response.start':
                message = {**message, 'headers': [*message.get('headers', []), (b'connection', b'close')]}
            await send(message)

        return wrapped


def steers(name: bytes) -> bool:
    return (name.startswith(b'x-litellm-') and name not in LITELLM_HEADERS) or name.startswith((b'x-portkey-', b'x-switchyard-'))


def held_until(scope) -> float | None:
    """Until when a request that the edge held may wait. The edge takes these headers from clients."""
    headers = dict(scope['headers'])
    return float(headers.get(b'x-switchyard-until', 0)) if b'x-switchyard-held' in headers else None


def announces_body(scope) -> bool:
    """Whether a request's headers say that a body follows."""
    headers = scope.get('headers', [])
    return any(n == b'transfer-encoding' or (n == b'content-length' and v.strip() != b'0') for n, v in headers)


def replay(body: bytes, receive, gone: asyncio.Future | None):
    """The body once, then whatever the connection says next: that the client has gone."""
    given = False

    async def again():
        nonlocal given
        if given:
            # Shielded: LiteLLM looks whether the client is there by asking and giving up at once.
            return await (asyncio.shield(gone) if gone else receive())
        given = True
        return {'type': 'http.request', 'body': body, 'more_body': False}

    return again


async def send_empty(send, status: int) -> None:
    await send({'type': 'http.response.start', 'status': status, 'headers': []})
    await send({'type': 'http.response.body', 'body': b''})


async def answer(send, status: int, body: bytes, close: bool = False) -> None:
    """Sends a JSON answer; `close` ends the connection after it."""
    headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
    if status == 401:
        headers.append((b'www-authenticate', b'Bearer'))
    if close:
        headers.append((b'connection', b'close'))
    if status == 408:
        # The edge ends the client's connection too.
        headers.append((b'x-switchyard-stalled', b'1'))
    await send({'type': 'http.response.start', 'status': status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
