"""ASGI, outermost: every request gets an answer that its client can read, whatever happens behind.

Where an application raises, or returns without an answer, uvicorn says "Internal Server Error" as plain text, and so does Starlette.
No client of these APIs reads that. A gateway that is leaving says nothing and closes the connection: that is what the edge sends
again, to another gateway (`retry-on empty-response`). Any other says 500 in the form of the API.
"""

from __future__ import annotations

import asyncio
import logging

from refuse import Refuse, speaks_anthropic

log = logging.getLogger('switchyard')


class Answered:
    def __init__(self, app, guard) -> None:
        self.app, self.guard = app, guard

    async def __call__(self, scope, receive, send) -> None:
        if scope['type'] != 'http':
            return await self.app(scope, receive, send)
        answer = Outcome(receive, send)
        try:
            await self.app(scope, answer.receive, answer.send)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a CancelledError of LiteLLM's own tasks as well
            log.error('a request failed without an answer', exc_info=error)
            if answer.started:
                # The connection is closed in the middle, so that nobody takes a part for the whole.
                raise
        if answer.started or answer.gone:
            return
        if not (self.guard.leaving and await hang_up(send)):
            await say(send, failure(self.guard.leaving), speaks_anthropic(scope))


class Outcome:
    """What became of one request."""

    def __init__(self, receive, send) -> None:
        self.inner_receive, self.inner_send = receive, send
        self.started = self.gone = self.dropped = False

    async def receive(self):
        message = await self.inner_receive()
        self.gone |= message['type'] == 'http.disconnect'
        return message

    async def send(self, message) -> None:
        if message['type'] == 'http.response.start':
            self.dropped = is_starlettes(message)
            self.started = not self.dropped
        if not self.dropped:
            await self.inner_send(message)


def is_starlettes(start) -> bool:
    """Whether this begins Starlette's answer to an exception: no other of LiteLLM's errors is plain text."""
    kind = dict(start.get('headers', [])).get(b'content-type', b'')
    return start['status'] == 500 and kind.startswith(b'text/plain')


async def hang_up(send) -> bool:
    """Closes the connection of a request without an answer; False where that is not to be had.

    ASGI has no word for it, but uvicorn's `send` belongs to an object that knows the connection.
    """
    cycle = getattr(send, '__self__', None)
    transport = getattr(cycle, 'transport', None)
    if transport is None or not hasattr(cycle, 'disconnected'):
        return False
    transport.abort()
    # Until uvicorn has heard of it: it would say "Internal Server Error" otherwise, to nobody, and log that.
    for _ in range(10):
        if cycle.disconnected:
            break
        await asyncio.sleep(0)
    return True


def failure(leaving: bool) -> Refuse:
    if leaving:
        return Refuse(503, 'overloaded_error', 'This gateway is being replaced. Send the request again.', 'gateway_leaving')
    return Refuse(500, 'api_error', 'The gateway failed. Its log says why.', 'gateway_failed')


async def say(send, refuse: Refuse, anthropic: bool) -> None:
    """Sends an error and closes the connection."""
    body = refuse.body(anthropic)
    headers = [(b'content-type', b'application/json'), (b'content-length', str(len(body)).encode()), (b'connection', b'close')]
    if refuse.status == 503:
        headers.append((b'retry-after', b'1'))
    await send({'type': 'http.response.start', 'status': refuse.status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})
