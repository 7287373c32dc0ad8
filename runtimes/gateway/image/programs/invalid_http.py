"""Answers a request that is not valid HTTP for uvicorn's parser, but was for the edge: an unknown method, a control character in a header.

uvicorn would send plain text, which no client of these APIs can parse, and close the connection with the request's body unread. The kernel
then resets it, and the edge may lose the response: its client would get a 502.
"""

from __future__ import annotations

import re

from api_error import bad_request, is_anthropic
from upload import LINGER_SECONDS

START = re.compile(rb'[^ ]+ ([^ ?]+)')


def answer_invalid_requests(protocol: type) -> None:
    """Patch a class of uvicorn's that reads connections."""
    read = protocol.data_received
    protocol.refused = False

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        self.last_received = data
        read(self, data)
        self.last_received = b''

    def send_400_response(self, message: str) -> None:
        self.refused = True
        self.transport.write(response(path_of(getattr(self, 'url', b''), self.last_received)))
        # What still comes is discarded. The edge closes the connection when it has read the response.
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    protocol.data_received, protocol.send_400_response = data_received, send_400_response


def path_of(url: bytes, received: bytes) -> str:
    """The path of a request that was parsed up to its `url`, or not even so far. Empty if it has none."""
    if not url and (start := START.match(received)):
        url = start[1]
    return url.decode('latin-1')


def response(path: str) -> bytes:
    """The bytes of the response, in the format of the client's API."""
    error = bad_request('The request is not valid HTTP: its method or one of its headers.', 'invalid_http')
    body = error.body(is_anthropic({'path': path, 'headers': []}))
    head = f'HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n'
    return head.encode() + body
