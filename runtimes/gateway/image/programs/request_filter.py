"""ASGI middleware that checks every request before LiteLLM gets it.

- Only the routes that clients need exist. All other paths: 401 without a valid key, 404 with one.
- A missing or wrong key is a 401 on all routes except the health checks, in the format of the client's API.
- A request that would choose the upstream's address, its key or its price is rejected (400): request_policy.py.
- A request must name a model that is served, on a route that serves it, and that its key may use (400, 403, 404): served_models.py.
- The well-known fields must have the types of the API (400): field_types.py.
- A body is limited in size, compressed or not (413), and so is the memory of all bodies together (503): upload.py, memory_budget.py.
- A body is not parsed before its request has a slot. A request above the limit is rejected (503), or waits if the edge queued it: admission.py.
- A body that is nested too deeply or has too many values is rejected before it is parsed (400): bounds.py, body.py.
- A request reserves what it can cost at most in the budgets and rates that apply to it (429): limits/enforcer.py.
- A request that passed all checks is answered from the cache, if its answer is stored: cache.py.
- A request that two gateways have handed to LiteLLM without a response is not handed over again (502): hand_over.py.
- LiteLLM gets one key header, a JSON body, no query string, and none of its own control headers except a few harmless ones. So LiteLLM
  acts on exactly what was checked here.
"""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from admission import Admission
from api_error import ApiError, bad_request, is_anthropic, quoted
from body import LARGE, CheckedBody, check_body
from cache import Cache, Question
from clientkeys import ClientKeys, allowed_models, key_name
from field_types import FieldTypes
from hand_over import HandOvers
from known_fields import KnownFields
from model_info import only_allowed
from request_policy import query_deny_reason
from requests_log import current
from served_models import ServedModels
from turns import Turns
from upload import LINGER_KEY, Upload, UploadLimits

if TYPE_CHECKING:
    from limits.enforcer import Enforcer

READY = '/health/readiness'
ALIVE = ('/health/liveliness', '/health/liveness')
# Reports whether a key is valid. The edge asks this before it reads a body (check_key.lua).
KEY_CHECK = '/health/key'
# Answered here, since LiteLLM's own answer has addresses. Clients that know LiteLLM read the models and their limits from it.
MODEL_INFO = ('/model/info', '/v1/model/info')
ROUTES = {
    'POST': re.compile(r'(/v1)?/(chat/completions|completions|responses|embeddings)|/v1/messages(/count_tokens)?'),
    'GET': re.compile(r'(/v1)?/models(/[\w.:@/-]+)?'),
}
# The edge has the same list: front.cfg and check_key.lua. The last one is what LiteLLM's own documentation tells clients to send.
KEY_HEADERS = (b'authorization', b'x-api-key', b'api-key', b'x-litellm-api-key')
# Not passed to LiteLLM: keys under other names, and accept-encoding, since a compressed response could not be searched for keys.
DROPPED = (
    *(*KEY_HEADERS, b'x-goog-api-key', b'ocp-apim-subscription-key'),
    *(b'accept-encoding', b'content-encoding', b'content-type', b'content-length', b'transfer-encoding', b'expect'),
)
LITELLM_HEADERS = (b'x-litellm-tags', b'x-litellm-trace-id', b'x-litellm-session-id', b'x-litellm-timeout', b'x-litellm-stream-timeout')
# The edge has the same message: domain/render/haproxy.ts.
INVALID_KEY_MESSAGE = 'Missing or wrong API key. Send the key of this gateway as "Authorization: Bearer …" or "x-api-key: …".'


class RequestFilter:
    def __init__(
        self,
        app,
        keys: ClientKeys,
        served: ServedModels,
        admission: Admission | None = None,
        uploads: UploadLimits | None = None,
        hand_overs: HandOvers | None = None,
        field_types: FieldTypes | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.app, self.keys, self.served, self.admission = app, keys, served, admission or Admission()
        self.uploads, self.hand_overs, self.cache = uploads or UploadLimits(), hand_overs, cache
        self.field_types = field_types or FieldTypes()
        # Set by server.py: which fields each alias takes, and the answer to GET /v1/model/info.
        self.known, self.model_info = KnownFields({}), b'{"data": []}'
        # Set by server.py if there are budgets or rates.
        self.limits: Enforcer | None = None
        self.draining = False
        self.turns = Turns()
        # Large bodies are checked in a thread, so that they do not block other requests; one at a time, since two would slow down all others.
        self.checker = ThreadPoolExecutor(1, 'check')

    def start_draining(self) -> None:
        """Report "not ready" from now on, and continue to serve."""
        self.draining = True

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] == 'lifespan':
            return await self.app(scope, receive, send)
        if scope['type'] != 'http':
            return await send({'type': 'websocket.close', 'code': 1008})
        method, path = scope['method'], scope['path']
        if method in ('GET', 'HEAD') and path == READY and not announces_body(scope):
            status, word = (503, 'draining') if self.draining else (200, 'ready')
            return await send_json(send, status, json.dumps({'status': word}).encode())
        if method in ('GET', 'HEAD') and path in ALIVE and not announces_body(scope):
            return await self.app({**scope, 'query_string': b''}, receive, send)
        if method == 'GET' and path == KEY_CHECK and not announces_body(scope) and self.valid_key(scope) is not None:
            return await send_empty(send, 204)
        upload = Upload(scope['headers'], receive, self.uploads)
        try:
            until = queue_deadline(scope)
            key, allowed = await self.admit(scope, upload, until)
            if method == 'GET' and path in MODEL_INFO:
                return await send_json(send, 200, only_allowed(self.model_info, allowed))
            send = self.keys.ending(send, key)
            headers = [(n, v) for n, v in scope['headers'] if n not in DROPPED and not is_control_header(n)]
            # LiteLLM uses this as the request's id in its own log lines.
            headers += [(b'authorization', b'Bearer ' + key), (b'x-litellm-call-id', current().id.encode())]
            await self.call_app(scope, headers, await upload.read(until), receive, self.with_connection_close(send), until, allowed)
        except ApiError as error:
            if upload.discarding and upload.unread:
                scope[LINGER_KEY] = upload.linger
            await send_error(send, error, is_anthropic(scope), close=upload.unread or self.draining)
        except ConnectionAbortedError:
            pass  # the client disconnected before it had sent its request
        finally:
            upload.release()

    async def admit(self, scope, upload: Upload, until: float | None) -> tuple[bytes, frozenset[str] | None]:
        """The key of a request and the models that it may use. Raises an ApiError before the body needs memory: a request that is not allowed, or
        above the limit. With a valid key its body is read and discarded, since a client that still sends would lose the response.
        """
        try:
            admitted = self.authorize(scope)
            if scope['path'] not in MODEL_INFO:
                self.admission.check(until)
            return admitted
        except ApiError as error:
            if error.status != 401:
                await upload.discard()
            raise

    async def check_body(self, path: str, body: bytes, allowed: frozenset[str] | None) -> CheckedBody:
        """The body as LiteLLM gets it. A large body is checked in a thread."""
        if len(body) < LARGE:
            return check_body(body, path, self.served, self.field_types, self.known, allowed)
        checks = (check_body, body, path, self.served, self.field_types, self.known, allowed)
        return await asyncio.get_running_loop().run_in_executor(self.checker, *checks)

    def valid_key(self, scope) -> tuple[bytes, dict] | None:
        """The first valid key in a request's headers, and its entry in the list."""
        given = [v.strip() for n, v in scope['headers'] if n in KEY_HEADERS]
        given = [re.sub(rb'(?i)^bearer\s+', b'', value) for value in given]
        return next(((value, entry) for value in given if (entry := self.keys.find(value.decode('latin-1')))), None)

    def authorize(self, scope) -> tuple[bytes, frozenset[str] | None]:
        """The valid key of a request whose headers are allowed, and the models that it may use. Raises an ApiError otherwise."""
        found = self.valid_key(scope)
        if found is None:
            raise ApiError(401, 'authentication_error', INVALID_KEY_MESSAGE, 'invalid_api_key')
        key, entry = found
        allowed = allowed_models(entry)
        current().key_name, current().allowed_models = key_name(entry), allowed
        if scope['method'] in ('GET', 'HEAD') and announces_body(scope):
            raise bad_request(f'A {scope["method"]} request must not have a body here: send it without one.', 'unexpected_body')
        route = ROUTES.get(scope['method'])
        if is_websocket(scope) and scope['path'] in ('/responses', '/v1/responses'):
            raise ApiError(426, 'invalid_request_error', 'WebSockets are not served here: send a POST request.', 'websocket_not_supported')
        if scope['method'] == 'GET' and scope['path'] in MODEL_INFO:
            return key, allowed
        if not (route and route.fullmatch(scope['path'])) or '..' in scope['path']:
            message = f'{scope["method"][:20]} {quoted(scope["path"])} does not exist here.'
            raise ApiError(404, 'not_found_error', message, 'not_found')
        if reason := query_deny_reason(scope.get('query_string', b'')):
            raise bad_request(reason, 'refused_field')
        if scope['method'] == 'GET' and (name := scope['path'].partition('/models')[2].removeprefix('/')):
            self.served.check_name('model', name, allowed=allowed)
        return key, allowed

    async def call_app(
        self, scope, headers: list, body: bytes, receive, send, until: float | None, allowed: frozenset[str] | None
    ) -> None:
        """Check the body, and answer from the cache or call LiteLLM, as soon as this request has a slot."""
        # After the body, the only message that can come from the connection is that the client has disconnected.
        disconnected = asyncio.ensure_future(receive()) if until else None
        question = stored = None
        try:
            await self.admission.acquire(until, disconnected)
            try:
                if scope['method'] == 'POST':
                    checked = await self.check_body(scope['path'], body, allowed)
                    body = checked.text
                    if record := current().record:
                        record.alias = str(checked.fields.get('model') or '')
                    if self.limits and (allowance := await self.limits.check(scope['path'], checked)):
                        send = allowance.with_headers(send)
                    question = self.cache.question(scope['path'], headers, checked) if self.cache else None
                    headers += [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
                else:
                    body = b''
                stored = await self.cache.find(question) if question else None
                if not stored:
                    if self.hand_overs and scope['method'] == 'POST':
                        self.hand_overs.record(scope)
                    current().handed_over = scope['method'] == 'POST'
                    turn = await self.turns.take(len(body))
                    try:
                        replayed = replay(body, receive, disconnected)
                        await self.call_litellm({**scope, 'headers': headers, 'query_string': b''}, replayed, send, question)
                    finally:
                        turn.end()
            finally:
                self.admission.release()
            # Without a slot: a client that reads slowly keeps nobody waiting.
            if stored:
                await stored.send(send)
        finally:
            if disconnected:
                disconnected.cancel()

    async def call_litellm(self, scope, receive, send, question: Question | None) -> None:
        """Hand a request to LiteLLM. Its answer is stored if it answers a question."""
        if not question:
            return await self.app(scope, receive, send)
        recording = self.cache.recording(question, send)
        try:
            await self.app(scope, receive, recording.send)
        finally:
            recording.end()

    def with_connection_close(self, send):
        """While the gateway drains, ask the client to close each connection, so that no further request comes on it."""

        async def wrapped(message) -> None:
            if self.draining and message['type'] == 'http.response.start':
                message = {**message, 'headers': [*message.get('headers', []), (b'connection', b'close')]}
            await send(message)

        return wrapped


def is_control_header(name: bytes) -> bool:
    """Whether a header would control LiteLLM, Portkey or this gateway."""
    return (name.startswith(b'x-litellm-') and name not in LITELLM_HEADERS) or name.startswith((b'x-portkey-', b'x-switchyard-'))


def queue_deadline(scope) -> float | None:
    """Until when a request that the edge queued may wait here; None if it was not queued. The edge removes these headers from clients."""
    headers = dict(scope['headers'])
    return float(headers.get(b'x-switchyard-until', 0)) if b'x-switchyard-held' in headers else None


def is_websocket(scope) -> bool:
    """Whether a client asks for a WebSocket."""
    return any(n == b'upgrade' and v.strip().lower() == b'websocket' for n, v in scope['headers'])


def announces_body(scope) -> bool:
    """Whether a request's headers announce a body."""
    headers = scope.get('headers', [])
    return any(n == b'transfer-encoding' or (n == b'content-length' and v.strip() != b'0') for n, v in headers)


def replay(body: bytes, receive, disconnected: asyncio.Future | None):
    """An ASGI `receive` that returns the body once, and then the connection's next message: that the client has disconnected."""
    sent = False

    async def again():
        nonlocal sent
        if sent:
            # Shielded: LiteLLM checks whether the client is still connected by calling this and cancelling it at once.
            return await (asyncio.shield(disconnected) if disconnected else receive())
        sent = True
        return {'type': 'http.request', 'body': body, 'more_body': False}

    return again


async def send_empty(send, status: int) -> None:
    await send({'type': 'http.response.start', 'status': status, 'headers': []})
    await send({'type': 'http.response.body', 'body': b''})


async def send_json(send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Send a JSON response."""
    headers = (*headers, (b'content-type', b'application/json'), (b'content-length', str(len(body)).encode()))
    await send({'type': 'http.response.start', 'status': status, 'headers': list(headers)})
    await send({'type': 'http.response.body', 'body': body})


async def send_error(send, error: ApiError, anthropic: bool, close: bool) -> None:
    """Send an error; `close` closes the connection after it."""
    headers = error.headers
    if error.status == 401:
        headers += ((b'www-authenticate', b'Bearer'),)
    if close and (b'connection', b'close') not in headers:
        headers += ((b'connection', b'close'),)
    await send_json(send, error.status, error.body(anthropic), headers)
