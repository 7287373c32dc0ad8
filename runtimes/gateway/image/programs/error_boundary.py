"""The outermost ASGI middleware: every request gets a response that its client can parse, even if the application fails.

When an application raises an exception, or returns without a response, uvicorn and Starlette send "Internal Server Error" as plain text,
which no client of these APIs can parse. A gateway that is draining closes the connection without a response instead: then the edge retries
the request at another gateway (`retry-on empty-response`). Otherwise the client gets an error in the format of its API: a 400 if LiteLLM
failed before it called a provider, because then the request was at fault, otherwise a 500.
"""

from __future__ import annotations

import asyncio
import logging

import requests_log
from api_error import ApiError, bad_request, is_anthropic
from hand_over import remove_record
from provider_failure import UNPROCESSABLE
from upload import LINGER_KEY

log = logging.getLogger('switchyard')


class ErrorBoundary:
    def __init__(self, app, request_filter) -> None:
        self.app, self.request_filter = app, request_filter

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'http':
            return await self.app(scope, receive, send)
        outcome = Outcome(scope, receive, send)
        try:
            await self.app(scope, outcome.receive, outcome.send)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # including a CancelledError of LiteLLM's own tasks
            log.error('request %s failed without a response', requests_log.current().id, exc_info=error)
            if outcome.started:
                # uvicorn closes the connection in the middle of the response, so that no client takes a part for the whole.
                raise
        if outcome.started or outcome.disconnected:
            return remove_record(scope)
        draining = self.request_filter.draining
        # Closed without a response: the edge retries the request, so its record stays.
        if not (draining and await close_without_response(send)):
            await send_error(send, unprocessable() if requests_log.current().called_nobody else internal_error(draining), is_anthropic(scope))
            remove_record(scope)


class Outcome:
    """Tracks what happened to one request."""

    def __init__(self, scope, receive, send) -> None:
        self.scope, self.inner_receive, self.inner_send = scope, receive, send
        self.started = self.disconnected = self.dropped = False

    async def receive(self):
        message = await self.inner_receive()
        self.disconnected |= message['type'] == 'http.disconnect'
        return message

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            self.dropped = is_starlette_error(message)
            self.started = not self.dropped
        if self.dropped:
            return
        linger = None if message.get('more_body', False) or message['type'] != 'http.response.body' else self.scope.pop(LINGER_KEY, None)
        if linger:
            # The client has the whole response with this, and the connection stays open until the next message.
            await self.inner_send({**message, 'more_body': True})
            await linger()
            message = {'type': 'http.response.body', 'body': b''}
        await self.inner_send(message)
        remove_record(self.scope)


def is_starlette_error(start) -> bool:
    """Whether this message starts Starlette's response to an exception. No other error of LiteLLM is plain text."""
    content_type = dict(start.get('headers', [])).get(b'content-type', b'')
    return start['status'] == 500 and content_type.startswith(b'text/plain')


async def close_without_response(send) -> bool:
    """Close the connection of a request without a response. False if that is not possible.

    ASGI has no message for this, but uvicorn's `send` is a method of an object that has the connection.
    """
    cycle = getattr(send, '__self__', None)
    transport = getattr(cycle, 'transport', None)
    if transport is None or not hasattr(cycle, 'disconnected'):
        return False
    transport.abort()
    # Wait until uvicorn has noticed: otherwise it would try to send "Internal Server Error" on the closed connection, and log that.
    for _ in range(10):
        if cycle.disconnected:
            break
        await asyncio.sleep(0)
    return True


def internal_error(draining: bool) -> ApiError:
    if draining:
        return ApiError(503, 'overloaded_error', 'This gateway is being replaced. Send the request again.', 'gateway_draining')
    return ApiError(500, 'api_error', 'The gateway failed: internal error. The reason is in its log.', 'gateway_failed')


def unprocessable() -> ApiError:
    """For an exception of LiteLLM before it has called a provider."""
    return bad_request(UNPROCESSABLE, 'invalid_request')


async def send_error(send, error: ApiError, anthropic: bool) -> None:
    """Send an error and close the connection."""
    # client_errors.py began the request. It has no part in this response, which is sent around it.
    request_id = requests_log.current().id
    body = error.body(anthropic, request_id)
    headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode()), (b'connection', b'close')]
    headers.append((b'x-request-id', request_id.encode()))
    if error.status == 503:
        headers.append((b'retry-after', b'1'))
    await send({'type': 'http.response.start', 'status': error.status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
