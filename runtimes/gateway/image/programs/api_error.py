"""An error that the gateway sends to the client, in the format of the API that the client uses."""

from __future__ import annotations

import json

# Maximum number of characters of the client's own text that an error quotes.
MAX_QUOTED = 200


class ApiError(Exception):
    """Ends a request with this status. `param` is the invalid field, as in OpenAI's errors; `headers` are those of the response."""

    def __init__(
        self, status: int, kind: str, message: str, code: str, param: str | None = None, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code, self.param, self.headers = status, kind, message, code, param, headers

    def body(self, anthropic: bool, request_id: str | None = None) -> bytes:
        """The error in the format of Anthropic's API or of OpenAI's. Without an id, client_errors.py adds it."""
        with_id = {} if request_id is None else {'request_id': request_id}
        if anthropic:
            return json.dumps({'type': 'error', 'error': {'type': self.kind, 'message': self.message}, **with_id}).encode()
        kind = 'invalid_request_error' if self.status in (400, 401, 404, 413, 415) else self.kind
        error = {'message': self.message, 'type': kind, 'param': self.param, 'code': self.code, **with_id}
        return json.dumps({'error': error}).encode()


def bad_request(message: str, code: str, param: str | None = None) -> ApiError:
    """A 400."""
    return ApiError(400, 'invalid_request_error', message, code, param)


def quoted(text: str) -> str:
    """The client's text in quotes, escaped, at most `MAX_QUOTED` characters."""
    return json.dumps(text[:MAX_QUOTED]) + ('…' if len(text) > MAX_QUOTED else '')


def is_anthropic(scope) -> bool:
    """Whether the client of this ASGI scope uses Anthropic's API. Both APIs list models at the same path."""
    if scope['path'].startswith('/v1/messages'):
        return True
    return '/models' in scope['path'] and any(name == b'anthropic-version' for name, _ in scope['headers'])
