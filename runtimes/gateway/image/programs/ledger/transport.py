"""Sees every call of a provider where its bytes pass: in the transports of httpx, which LiteLLM and OpenAI's SDK use.

LiteLLM's success callback would see one call of several, after LiteLLM has changed the usage, and not the calls that fail or are cancelled.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable

import orjson
from failure_policy import deployment_of
from requests_log import current

from ledger.observed import Attempt, Deployment, Request, now_us
from ledger.texts import loads
from ledger.wire import wire_of

# The arguments of LiteLLM's current call, in which LiteLLM puts the deployment that it chose.
_CALL: contextvars.ContextVar[dict | None] = contextvars.ContextVar('switchyard_call', default=None)
# Providers that tell a stream's usage only if they are asked. LiteLLM removes it from the stream of a client that did not ask.
ASKED = {'openai', 'azure', 'deepseek'}
ASK = b',"stream_options":{"include_usage":true}}'


def observe_calls(router_class, transports: list, deployments: dict[str, Deployment], ended: Callable[[Attempt], None]) -> None:
    """Patch LiteLLM's router and the transports. `ended` gets each attempt of a client's request once, when it is over."""
    call = router_class.make_call

    async def make_call(self, original_function, *args, **kwargs):
        record = current().record
        token = _CALL.set(kwargs)
        try:
            answer = await call(self, original_function, *args, **kwargs)
        finally:
            _CALL.reset(token)
        # Also without an attempt: the mock answers without a call.
        if record is not None and (deployment := deployments.get(deployment_of(kwargs) or '')):
            record.answered_by = deployment
        return answer

    router_class.make_call = make_call
    for transport in transports:
        observe(transport, deployments, ended)


def observe(transport, deployments: dict[str, Deployment], ended: Callable[[Attempt], None]) -> None:
    send = transport.handle_async_request

    async def handle_async_request(self, request):
        record = current().record
        wire = wire_of(request.url.path) if record is not None and request.method == 'POST' else ''
        # Outside of a client's request, or a call that costs nothing, like counting tokens.
        if not wire:
            return await send(self, request)
        deployment = deployments.get(deployment_of(_CALL.get() or {}) or '')
        if record.allowance:
            await record.allowance.before_call(deployment.alias if deployment else '')
        attempt = begin(request, record, wire, deployment)
        meter = Meter(attempt, ended)
        try:
            response = await send(self, request)
        except BaseException as error:
            meter.end('failed', error)
            raise
        attempt.http_status = response.status_code
        attempt.content_type = response.headers.get('content-type', '')
        attempt.encoding = response.headers.get('content-encoding', '').lower()
        attempt.service_tier = response.headers.get('x-gemini-service-tier', '').lower()
        response.stream = metered(response.stream, meter)
        return response

    transport.handle_async_request = handle_async_request


def begin(request, record: Request, wire: str, deployment: Deployment | None) -> Attempt:
    """Begin an attempt."""
    # Its attempts are stored before it has ended.
    record.key_alias = current().key_name or ''
    try:
        body = request.content
    except Exception:  # a body that is itself a stream
        body = b''
    if deployment and deployment.provider in ASKED and wire == 'chat':
        body = ask_for_usage(request, body)
    attempt = Attempt(record, deployment, wire, body, int((_CALL.get() or {}).get('fallback_depth') or 0))
    if record.allowance:
        record.allowance.calls.append(attempt)
    return attempt


def ask_for_usage(request, body: bytes) -> bytes:
    """Ask for the usage of a stream, if the client did not, or asked for none: then reasoning, which nobody sees, would not be counted.

    Returns the body. The name is searched in the text first, which costs less than to parse it.
    """
    if not (b'"stream":true' in body or b'"stream": true' in body) or not body.endswith(b'}'):
        return body
    import httpx

    fields = loads(body)
    options = fields.get('stream_options')
    if fields.get('stream') is not True or (isinstance(options, dict) and options.get('include_usage') is True):
        return body
    if 'stream_options' in fields:
        body = orjson.dumps({**fields, 'stream_options': {**(options if isinstance(options, dict) else {}), 'include_usage': True}})
    else:
        body = body[:-1] + ASK
    request.headers['content-length'] = str(len(body))
    request.stream, request._content = httpx.ByteStream(body), body
    return body


class Meter:
    """Follows the answer of an attempt, and reports its end once."""

    # All that are not over, for the end of the process.
    running: set[Meter] = set()

    def __init__(self, attempt: Attempt, ended: Callable[[Attempt], None]) -> None:
        self.attempt, self.ended = attempt, ended
        self.running.add(self)
        attempt.request.running.add(self)

    def end(self, ending: str, error: BaseException | None = None) -> None:
        if self in self.running:
            self.running.discard(self)
            self.attempt.request.running.discard(self)
            self.attempt.ending, self.attempt.error, self.attempt.completed_us = ending, error, now_us()
            self.ended(self.attempt)


def end_all(running: set[Meter] = Meter.running) -> None:
    """End attempts: those of a request that is over, or all, because the process ends. LiteLLM does not close every stream that it has read."""
    for meter in list(running):
        meter.end('closed')


def metered(stream, meter: Meter):
    """A response's stream that is observed. The class is made at the first use: httpx is not needed for the tests of the rest."""
    import httpx

    class MeteredStream(httpx.AsyncByteStream):
        async def __aiter__(self):
            try:
                async for chunk in stream:
                    meter.attempt.add(chunk)
                    yield chunk
            except GeneratorExit:
                meter.end('closed')
                raise
            except BaseException as error:
                meter.end('failed', error)
                raise
            meter.end('complete')

        async def aclose(self) -> None:
            meter.end('closed')
            await stream.aclose()

    return MeteredStream()
