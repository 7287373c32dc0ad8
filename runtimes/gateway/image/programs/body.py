"""Checks a request's body: its complexity, its syntax, its fields and the models that it names."""

from __future__ import annotations

import json
from dataclasses import dataclass

import orjson
from api_error import bad_request
from bounds import Bounds, OutOfBounds
from cache_rules import CacheWords
from field_types import FieldTypes
from known_fields import KnownFields
from request_policy import deny_reason
from served_models import ServedModels, route_of

# From this many bytes on, a check takes so long that it would delay other requests.
LARGE = 1 << 16


@dataclass(frozen=True)
class CheckedBody:
    """A body as LiteLLM gets it, as it is sent and as it is read. Without the request's words for the cache, which is not LiteLLM's."""

    text: bytes
    fields: dict
    words: CacheWords


def check_body(
    body: bytes, path: str, served: ServedModels, field_types: FieldTypes, known: KnownFields, allowed: frozenset[str] | None
) -> CheckedBody:
    """The body as LiteLLM gets it. Raises an ApiError with the reason if the body is not allowed.

    `allowed` are the aliases that the client's key may use, None for all.
    """
    bounds = Bounds()
    try:
        bounds.count(body)
        fields, body = parse(body)
        if not isinstance(fields, dict):
            raise bad_request('The body must be a JSON object.', 'invalid_json')
        if reason := deny_reason(fields, bounds):
            raise bad_request(reason, 'refused_field')
    except OutOfBounds as error:
        raise bad_request(f'The body is too complex: {error}.', 'body_too_complex') from None
    except (ValueError, RecursionError) as error:
        raise bad_request(f'The body is not valid JSON: {error}.', 'invalid_json') from None
    served.check(path, fields, allowed)
    if reason := known.deny_reason(route_of(path), fields):
        raise bad_request(reason, 'refused_field')
    field_types.check(route_of(path), fields)
    words = CacheWords.of(fields)
    if 'cache' in fields:
        del fields['cache']
        body = orjson.dumps(fields)
    return CheckedBody(body, fields, words)


def parse(body: bytes) -> tuple[object, bytes]:
    """A body's JSON as LiteLLM reads it, and the body itself.

    If a field appears twice, both parsers use the last one, and LiteLLM uses the first parser: so LiteLLM reads what was checked here.
    """
    try:
        return orjson.loads(body), body
    except orjson.JSONDecodeError:
        # Clients that cut a text in the middle of an emoji send half of a surrogate pair. LiteLLM would repair it too.
        # Always decoded as UTF-8, like in the bounds: `json` would guess the encoding.
        fields = json.loads(body.decode('utf-8', 'surrogatepass').removeprefix('\ufeff'))
        repaired = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode('utf-8', 'replace')
        return orjson.loads(repaired), repaired
