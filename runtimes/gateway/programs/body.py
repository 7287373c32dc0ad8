"""A request's body: read whole, held against its bounds, parsed, checked."""

from __future__ import annotations

import asyncio
import json

import orjson
from bounds import Bounds, OutOfBounds
from refuse import Refuse, bad_request
from refused import refusal
from served import Served

# From this many bytes on a check takes long enough that other requests would notice.
LARGE = 1 << 16
# How long a client may send nothing of a body that it announced. The edge ends smaller uploads that stall, and closes the connection
# within a minute in all: docs/edge.md.
STALL_SECONDS = 25.0


async def whole_body(receive, stall_seconds: float = STALL_SECONDS) -> bytes:
    """All of a body. ConnectionAbortedError when the client leaves before it has sent it; a Refuse when it sends nothing for so long."""
    pieces = []
    while True:
        try:
            message = await asyncio.wait_for(receive(), stall_seconds)
        except asyncio.TimeoutError:
            raise Refuse(408, 'invalid_request_error', 'The request did not arrive in time.', 'request_timeout') from None
        if message['type'] == 'http.disconnect':
            raise ConnectionAbortedError
        pieces.append(message.get('body', b''))
        if not message.get('more_body', False):
            return b''.join(pieces)


def checked(body: bytes, path: str, served: Served) -> bytes:
    """The body as LiteLLM may have it; a Refuse says why it may not."""
    bounds = Bounds()
    try:
        bounds.take(body)
        fields, body = parsed(body)
        if not isinstance(fields, dict):
            raise bad_request('The body must be a JSON object.', 'invalid_json')
        if why := refusal(fields, bounds):
            raise bad_request(why, 'refused_field')
    except OutOfBounds as error:
        raise bad_request(f'The body is refused: {error}.', 'body_too_complex') from None
    except (ValueError, RecursionError) as error:
        raise bad_request(f'The body is not JSON: {error}.', 'invalid_json') from None
    served.check(path, fields)
    return body


def parsed(body: bytes) -> tuple[object, bytes]:
    """A body's JSON, and the body itself.

    Both parsers take the last of two fields with the same name, and LiteLLM uses the first parser: what is checked is what it reads.
    """
    try:
        return orjson.loads(body), body
    except orjson.JSONDecodeError:
        # Half of a surrogate pair: clients that cut a text in the middle of an emoji send it. LiteLLM would fix it.
        # Always as UTF-8, as the bounds read it: `json` would guess the encoding.
        fields = json.loads(body.decode('utf-8', 'surrogatepass').removeprefix('\ufeff'))
        return fields, json.dumps(fields, ensure_ascii=False, allow_nan=False).encode('utf-8', 'replace')
