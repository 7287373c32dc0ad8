"""A refused request, and the error in the shape of the API that the caller speaks."""

from __future__ import annotations

import json

# How much of a caller's own text an error repeats.
SHOWN = 200


class Refuse(Exception):
    """Ends a request with this status. `param` is the field at fault, as OpenAI's errors name it."""

    def __init__(self, status: int, kind: str, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code, self.param = status, kind, message, code, param

    def body(self, anthropic: bool) -> bytes:
        """The error as Anthropic's API or as OpenAI's would send it."""
        if anthropic:
            return json.dumps({'type': 'error', 'error': {'type': self.kind, 'message': self.message}}).encode()
        kind = 'invalid_request_error' if self.status in (400, 401, 404) else self.kind
        error = {'message': self.message, 'type': kind, 'param': self.param, 'code': self.code}
        return json.dumps({'error': error}).encode()


def bad_request(message: str, code: str, param: str | None = None) -> Refuse:
    """A 400."""
    return Refuse(400, 'invalid_request_error', message, code, param)


def shown(text: str) -> str:
    """A caller's text in quotes, escaped, at most `SHOWN` characters of it."""
    return json.dumps(text[:SHOWN]) + ('…' if len(text) > SHOWN else '')


def speaks_anthropic(scope) -> bool:
    """Whether the caller of this ASGI scope speaks Anthropic's API. Both APIs have a list of models at the same path."""
    if scope['path'].startswith('/v1/messages'):
        return True
    return '/models' in scope['path'] and any(name == b'anthropic-version' for name, _ in scope['headers'])
