"""ASGI: the door of the gateway. What LiteLLM sees has passed it.

- Only the routes that clients need exist. Anything else: 401 without a valid key, 404 with one.
- A missing or wrong key is 401 everywhere but on the probes, in the shape the caller's API uses for it.
- A request that would choose the upstream's address, its key or its price is refused (400), wherever LiteLLM would honour it.
- LiteLLM gets one key header, JSON, no query and none of its own steering headers but a few harmless ones: what was
  checked here is what it acts on.
"""

from __future__ import annotations

import json
import re

import orjson
from clientkeys import ClientKeys

READY = '/health/readiness'
ALIVE = ('/health/liveliness', '/health/liveness')
ROUTES = {
    'POST': re.compile(r'(/v1)?/(chat/completions|completions|responses|embeddings)|/v1/messages(/count_tokens)?'),
    'GET': re.compile(r'(/v1)?/models(/[\w.:@/-]+)?'),
}
KEY_HEADERS = (b'authorization', b'x-api-key', b'api-key')
# Dropped before LiteLLM: keys by other names, and a compressed answer, which could not be searched for keys.
DROPPED = (*KEY_HEADERS, b'x-goog-api-key', b'ocp-apim-subscription-key', b'accept-encoding', b'content-type', b'content-length', b'transfer-encoding')
LITELLM_HEADERS = (b'x-litellm-tags', b'x-litellm-trace-id', b'x-litellm-session-id', b'x-litellm-timeout', b'x-litellm-stream-timeout')
REFUSED = re.compile(
    r'api_?base|base_?url|api_?key|api_version|user_config|model_list|model_info|litellm_.*|extra_headers|headers'
    r'|custom_llm_provider|organization|num_retries|max_retries|mock_.*|rust|use_ssl|router_.*|caching_groups'
    r'|(aws|vertex|azure|s3|sagemaker|watsonx|oci|gcs|langfuse|langsmith|arize|slack)_.*|.*_cost_per_.*'
    r'|success_callback|failure_callback|callbacks|proxy_server_request|secret_fields|user_api_key.*'
)
# A name that `litellm_.*` covers and that is harmless.
PERMITTED = frozenset({'litellm_session_id', 'litellm_trace_id', 'litellm_metadata', 'litellm_params'})
# What the user says, and the schemas of tools: names in there mean nothing to LiteLLM.
CONTENT = frozenset(
    'messages input prompt system instructions tools functions tool_choice function_call response_format text'
    ' output_format output_config stop thinking reasoning prediction logit_bias'.split()
)


def refusal(fields: object, where: str = '') -> str | None:
    """Why a request's fields are refused, or nothing. Looks into objects and lists, except the content."""
    if isinstance(fields, list):
        return next((why for item in fields if (why := refusal(item, where))), None)
    if isinstance(fields, str) and where and fields[:1] == '{':
        # LiteLLM reads metadata that comes as text.
        try:
            return refusal(json.loads(fields), where)
        except ValueError:
            return None
    if not isinstance(fields, dict):
        return None
    for name, value in fields.items():
        if name not in PERMITTED and REFUSED.fullmatch(name.lower().replace('-', '_')):
            return f'"{where}{name}" is set by the gateway and is not accepted in a request.'
        if not where and name in CONTENT:
            continue
        if isinstance(value, str) and value.startswith(('os.environ/', 'oidc/')):
            return f'"{where}{name}" refers to a secret of the gateway and is not accepted in a request.'
        if why := refusal(value, f'{where}{name}.'):
            return why
    return None


class Refuse(Exception):
    def __init__(self, status: int, kind: str, message: str, code: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code = status, kind, message, code

    def body(self, path: str) -> bytes:
        if path.startswith('/v1/messages'):
            error: dict = {'type': self.kind, 'message': self.message}
            return json.dumps({'type': 'error', 'error': error}).encode()
        kind = 'invalid_request_error' if self.status in (400, 401) else self.kind
        return json.dumps({'error': {'message': self.message, 'type': kind, 'param': None, 'code': self.code}}).encode()


NO_KEY = 'Missing or wrong API key. Send the gateway\'s key as "Authorization: Bearer …" or "x-api-key: …".'


class Guard:
    def __init__(self, app, keys: ClientKeys) -> None:
        self.app, self.keys = app, keys
        self.leaving = False

    def leave(self) -> None:
        """Say "not ready" from now on, and serve on."""
        self.leaving = True

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] == 'lifespan':
            return await self.app(scope, receive, send)
        if scope['type'] != 'http':
            return await send({'type': 'websocket.close', 'code': 1008})
        method, path = scope['method'], scope['path']
        if method in ('GET', 'HEAD') and path == READY:
            status, word = (503, 'leaving') if self.leaving else (200, 'ready')
            return await answer(send, status, json.dumps({'status': word}).encode())
        if method in ('GET', 'HEAD') and path in ALIVE:
            return await self.app({**scope, 'query_string': b''}, receive, send)
        try:
            key = self.admit(scope)
            headers = [(n, v) for n, v in scope['headers'] if n not in DROPPED and not steers(n)]
            headers.append((b'authorization', b'Bearer ' + key))
            if method == 'POST':
                body = checked(await whole_body(receive))
                headers += [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
                receive = replay(body, receive)
            await self.app({**scope, 'headers': headers, 'query_string': b''}, receive, self.parting(send))
        except Refuse as refuse:
            await answer(send, refuse.status, refuse.body(path))
        except ConnectionAbortedError:
            pass  # the client left before it had sent its request

    def admit(self, scope) -> bytes:
        """The valid key of a request that may go on."""
        headers = scope['headers']
        given = [v.strip() for n, v in headers if n in KEY_HEADERS]
        given = [re.sub(rb'(?i)^bearer\s+', b'', value) for value in given]
        key = next((value for value in given if self.keys.find(value.decode('latin-1'))), None)
        if key is None:
            raise Refuse(401, 'authentication_error', NO_KEY, 'invalid_api_key')
        route = ROUTES.get(scope['method'])
        if not (route and route.fullmatch(scope['path'])) or '..' in scope['path']:
            message = f'{scope["method"]} {scope["path"]} does not exist here.'
            raise Refuse(404, 'not_found_error', message, 'not_found')
        if re.search(rb'(^|[&;])\s*(model|%6d)', scope.get('query_string', b''), re.IGNORECASE):
            raise Refuse(400, 'invalid_request_error', 'Name the model in the body, not in the query.', 'refused_field')
        return key

    def parting(self, send):
        """While leaving, ask for each connection to be closed, so that nobody sends another request on it."""

        async def wrapped(message) -> None:
            if self.leaving and message['type'] == 'http.response.start':
                message = {**message, 'headers': [*message.get('headers', []), (b'connection', b'close')]}
            await send(message)

        return wrapped


def steers(name: bytes) -> bool:
    return (name.startswith(b'x-litellm-') and name not in LITELLM_HEADERS) or name.startswith(b'x-portkey-')


async def whole_body(receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        if message['type'] == 'http.disconnect':
            raise ConnectionAbortedError
        pieces.append(message.get('body', b''))
        if not message.get('more_body', False):
            return b''.join(pieces)


def checked(body: bytes) -> bytes:
    """The body as LiteLLM may have it."""
    try:
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            # Half of a surrogate pair: clients that cut a text in the middle of an emoji send it. LiteLLM would mend it.
            fields = json.loads(body)
            body = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode('utf-8', 'replace')
    except (ValueError, RecursionError) as error:
        raise Refuse(400, 'invalid_request_error', f'The body is not JSON: {error}.', 'invalid_json') from None
    if not isinstance(fields, dict):
        raise Refuse(400, 'invalid_request_error', 'The body must be a JSON object.', 'invalid_json')
    if why := refusal(fields):
        raise Refuse(400, 'invalid_request_error', why, 'refused_field')
    return body


def replay(body: bytes, receive):
    """The body once, then whatever the connection says next: that the client has gone."""
    given = False

    async def again():
        nonlocal given
        if given:
            return await receive()
        given = True
        return {'type': 'http.request', 'body': body, 'more_body': False}

    return again


async def answer(send, status: int, body: bytes) -> None:
    headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode())]
    if status == 401:
        headers.append((b'www-authenticate', b'Bearer'))
    await send({'type': 'http.response.start', 'status': status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
