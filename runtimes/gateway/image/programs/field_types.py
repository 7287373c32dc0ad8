"""The JSON types of a request's well-known fields, read from the types that the clients' SDKs and LiteLLM have for them.

LiteLLM works on a request's fields before it calls a provider, and fails inside if one has another type: the client would get a 500 that
does not name the field. Here only the types of the fields and of the items of lists are checked. What is inside is the provider's to check.
Fields without a known type pass.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from api_error import ApiError, bad_request
from served_models import type_name

# A number is a number: providers accept 9.0 as an integer.
_ALIKE = {int: (int, float), float: (int, float)}
NAMES = {str: 'a string', bool: 'a boolean', int: 'a number', list: 'a list', dict: 'an object'}


class Expected(NamedTuple):
    """The allowed Python types of a JSON value, and of its items if it is a list. Without types of items, every item is allowed.

    `null` means that a field is not set. It is allowed unless the field is required.
    """

    kinds: frozenset[type]
    items: frozenset[type] = frozenset()
    required: bool = False


def one_of(*kinds: type, items: tuple[type, ...] = ()) -> Expected:
    return Expected(frozenset(kinds), frozenset(items))


# LiteLLM's own fields, which it accepts on every route.
LITELLM_FIELDS = {
    'extra_body': one_of(dict),
    'litellm_metadata': one_of(dict),
    'request_timeout': one_of(int, float),
    'tags': one_of(list, items=(str,)),
    'timeout': one_of(int, float),
}
# Fields for which more is accepted than the type says: LiteLLM's object with effort and summary; the id of an existing container.
CORRECTED = {'/chat/completions': {'reasoning_effort': one_of(str, dict)}, '/v1/messages': {'container': one_of(str, dict)}}
WITHOUT_STREAMS = ('/embeddings',)


class FieldTypes:
    """The expected types by route, without the `/v1` of OpenAI's routes, and by field."""

    def __init__(self, routes: dict[str, dict[str, Expected]] | None = None) -> None:
        self.routes = routes or {}

    @classmethod
    def of_sdks(cls) -> FieldTypes:
        """Read them from the packages in the image. LiteLLM has imported these modules already: it takes 20 ms."""
        from litellm.types.llms.anthropic import AnthropicMessagesRequest
        from openai.types import completion_create_params, embedding_create_params
        from openai.types.chat import completion_create_params as chat_create_params
        from openai.types.responses import response_create_params

        own = {
            '/chat/completions': expected_fields(chat_create_params.CompletionCreateParamsNonStreaming),
            '/completions': expected_fields(completion_create_params.CompletionCreateParamsNonStreaming),
            '/responses': expected_fields(response_create_params.ResponseCreateParamsNonStreaming),
            '/embeddings': expected_fields(embedding_create_params.EmbeddingCreateParams),
            '/v1/messages': expected_fields(AnthropicMessagesRequest),
        }
        # On every route LiteLLM acts on fields of chat completions too, such as `tools`.
        common = {name: expected._replace(required=False) for name, expected in own['/chat/completions'].items()} | LITELLM_FIELDS
        routes = {route: {**common, **fields, **CORRECTED.get(route, {})} for route, fields in own.items()}
        return cls({**routes, '/v1/messages/count_tokens': routes['/v1/messages']})

    def check(self, route: str, fields: dict) -> None:
        """Raise an ApiError that names the first field whose type is wrong, or that is required and missing."""
        for name, expected in self.routes.get(route, {}).items():
            value = fields.get(name)
            if value is None:
                if expected.required and name not in fields:
                    raise bad_request(f'"{name}" is missing: it must be {described(expected.kinds)}.', 'missing_required_parameter', name)
                if expected.required:
                    raise wrong_type(name, expected.kinds, value)
            elif type(value) not in expected.kinds:
                raise wrong_type(name, expected.kinds, value)
            elif expected.items and type(value) is list:
                for position, item in enumerate(value):
                    if type(item) not in expected.items:
                        raise wrong_type(f'{name}[{position}]', expected.items, item)
        if route in WITHOUT_STREAMS and fields.get('stream'):
            raise bad_request(f'"stream" must be false: {route} has no streams.', 'unsupported_value', 'stream')


def wrong_type(name: str, kinds: frozenset[type], value: object) -> ApiError:
    """The error for a value with another type."""
    return bad_request(f'"{name}" must be {described(kinds)}, found {type_name(value)}.', 'invalid_type', name)


def described(kinds: frozenset[type]) -> str:
    """The names of types: `a string or a list`."""
    return ' or '.join(name for kind, name in NAMES.items() if kind in kinds)


def expected_fields(typed_dict: type) -> dict[str, Expected]:
    """The expected types of a TypedDict's fields, without `model`, which served_models.py checks."""
    from typing_extensions import get_type_hints

    fields = {}
    for name, hint in get_type_hints(typed_dict, include_extras=True).items():
        kinds, items = kinds_of(hint)
        # Not __required_keys__: in a module with postponed annotations Python does not know them.
        fields[name] = Expected(kinds, items, typing.get_origin(hint) is typing.Required)
    return {name: expected for name, expected in fields.items() if expected.kinds and name != 'model'}


def kinds_of(hint: object) -> tuple[frozenset[type], frozenset[type]]:
    """The types of a type hint, and those of its items if it is a list. Both are empty if any value is possible."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hasattr(hint, '__value__'):  # a TypeAliasType
        return kinds_of(hint.__value__)
    if hint in (None, type(None)):
        return frozenset({type(None)}), frozenset()
    if origin is typing.Literal:
        return frozenset(kind for value in arguments for kind in _ALIKE.get(type(value), (type(value),))), frozenset()
    if origin in (typing.Union, types.UnionType):
        return union([kinds_of(argument) for argument in arguments])
    if origin is typing.Annotated or (origin is not None and not isinstance(origin, type)):  # Required, ReadOnly
        return kinds_of(arguments[0])
    plain = origin or hint
    if plain in (str, bool, int, float):
        return frozenset(_ALIKE.get(plain, (plain,))), frozenset()
    if not isinstance(plain, type):
        return frozenset(), frozenset()
    if typing.is_typeddict(plain) or issubclass(plain, Mapping) or hasattr(plain, 'model_fields'):
        return frozenset({dict}), frozenset()
    if issubclass(plain, Iterable):
        return frozenset({list}), kinds_of(arguments[0])[0] if arguments else frozenset()
    return frozenset(), frozenset()


def union(found: list[tuple[frozenset[type], frozenset[type]]]) -> tuple[frozenset[type], frozenset[type]]:
    """The types of a union. If one member allows anything, so does the union."""
    if not all(kinds for kinds, _ in found):
        return frozenset(), frozenset()
    lists = [items for kinds, items in found if list in kinds]
    items = frozenset().union(*lists) if all(lists) else frozenset()
    return frozenset().union(*(kinds for kinds, _ in found)), items
