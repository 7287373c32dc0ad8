"""Which requests the cache answers, and what a request itself says about that in its field `cache`: docs/cache.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from api_error import bad_request
from known_fields import OVERLAYS
from served_models import route_of, type_name

# The routes whose answers are stored, without `/v1` except where it is the only spelling.
ROUTES = frozenset({'/chat/completions', '/completions', '/responses', '/embeddings', '/v1/messages'})
FLAGS = ('no-cache', 'no-store', 'use-cache')
SECONDS = ('ttl', 's-maxage', 's-max-age')
# The catalogue's own maximum, in seconds.
MAX_TTL = 2_592_000
# Fields that offer the model tools of the client or of the provider. The answer may be to call one, and a second call is meant.
TOOLS = ('tools', 'functions', 'mcp_servers', 'web_search_options', 'search_parameters', 'plugins')
# Fields by which the answer depends on what the provider has stored, or by which the provider is to store this request.
STORED_AT_PROVIDER = ('previous_response_id', 'conversation', 'background', 'store')


@dataclass(frozen=True)
class CacheWords:
    """A request's own words for the cache. Times are in seconds."""

    # Do not answer from the cache.
    no_cache: bool = False
    # Do not store the answer.
    no_store: bool = False
    # Use the cache although the request is not repeatable (`is_repeatable`).
    opted_in: bool = False
    # How long the answer is stored; None: as long as the catalogue says.
    ttl: float | None = None
    # The maximum age of a stored answer.
    max_age: float | None = None
    # Requests with different namespaces share no answers.
    namespace: str | None = None

    @classmethod
    def of(cls, fields: dict) -> CacheWords:
        """Read them from a request's body. Raises an ApiError that names the invalid word."""
        if 'cache' not in fields:
            return NO_WORDS
        words = fields['cache']
        if not isinstance(words, dict):
            raise bad_request(f'"cache" must be an object, found {type_name(words)}.', 'invalid_type', 'cache')
        for name, value in words.items():
            check_word(name, value)
        max_age = words.get('s-maxage', words.get('s-max-age'))
        ttl = words.get('ttl')
        opted_in = words.get('use-cache') is True or ttl is not None
        ttl = None if ttl is None else min(ttl, MAX_TTL)
        return cls(words.get('no-cache') is True, words.get('no-store') is True, opted_in, ttl, max_age, words.get('namespace'))


NO_WORDS = CacheWords()


def check_word(name: str, value: object) -> None:
    """Raise an ApiError if a word of `cache` is unknown, or has a value of another type."""
    if name in FLAGS:
        expected = None if isinstance(value, bool | None) else 'true or false'
    elif name in SECONDS:
        number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        expected = None if number or value is None else 'a number of seconds of at least 0'
    elif name == 'namespace':
        expected = None if isinstance(value, str | None) else 'a string'
    else:
        allowed = ', '.join((*FLAGS, *SECONDS, 'namespace'))
        raise bad_request(f'"cache" has an unknown field; allowed are {allowed}.', 'unknown_field', 'cache')
    if expected:
        raise bad_request(f'"cache.{name}" must be {expected}, found {type_name(value)}.', 'invalid_type', f'cache.{name}')


def cached_route(path: str) -> str | None:
    """The route of a path, the same for both of its spellings; None if its answers are never stored."""
    route = route_of(path)
    return route if route in ROUTES else None


def is_repeatable(fields: dict) -> bool:
    """Whether a client that sends a request again means the same answer: it wants no variation, and offers no tools."""
    parts = list(with_overlays(fields))
    if any(part.get(name) for part in parts for name in TOOLS) or any(isinstance(part.get('web_search_options'), dict) for part in parts):
        return False
    if any(part.get('seed') is not None for part in parts):
        return True
    return all(part.get('temperature') in (None, 0) for part in parts)


def is_stateful(fields: dict) -> bool:
    """Whether the answer depends on more than the request, or is more than what the client receives. Such an answer is never stored."""
    parts = list(with_overlays(fields))
    # A prompt that is an object is a template at the provider, which can change there.
    return any(part.get(name) for part in parts for name in STORED_AT_PROVIDER) or any(isinstance(part.get('prompt'), dict) for part in parts)


def with_overlays(fields: dict) -> Iterator[dict]:
    """A request's fields, and the objects whose fields are merged over them."""
    yield fields
    for name in OVERLAYS:
        if isinstance(fields.get(name), dict):
            yield from with_overlays(fields[name])
