"""Drops fields that a provider does not publish from the requests that LiteLLM sends to it.

LiteLLM sends much of a conversation on as the client sent it, and the client sends back what another provider or LiteLLM itself has added:
the reasoning of a model, marks for a cache, notes of LiteLLM's. Groq, for example, answers any such field with a 400.

Which fields a provider publishes is in provider_fields.generated.json, from the providers' own SDKs. A field is dropped only if another
provider or LiteLLM has one of that name: a field that nobody knows is new, and is sent. Top-level fields for the prefix `openai` are sent
too, because servers with options of their own are called by that prefix.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

PUBLISHED = Path(__file__).parent / 'provider_fields.generated.json'
# LiteLLM's own fields: they are in its answers or in its calls, and no provider publishes them.
LITELLM_OWN = frozenset(
    'provider_specific_fields thinking_blocks reasoning_content reasoning_items reasoning_details annotations images audio'
    ' cache_control max_retries thinking extra_headers'.split()
)
# Parts and items in which a model has thought: a provider that does not publish them gets the conversation without them.
THOUGHTS = frozenset(('reasoning', 'thinking', 'redacted_thinking'))
# OpenAI's SDK, which sends the requests for the prefix `openai`, takes the headers of a deployment beside its fields.
SDK_ARGUMENTS = frozenset(('extra_headers',))
# Newer names of a field, for providers that publish only the older one.
RENAMED = {'max_completion_tokens': 'max_tokens'}
CHAT, RESPONSES = '/chat/completions', '/responses'


class ProviderFields:
    """The fields that the providers publish."""

    def __init__(self, routes: dict[str, dict[str, dict]]) -> None:
        self.routes = routes
        shapes = [shape for providers in routes.values() for shape in providers.values()]
        self.top = LITELLM_OWN.union(*(shape['fields'] for shape in shapes))
        self.nested = LITELLM_OWN.union(name for shape in shapes for inner in shape['fields'].values() for name in names_in(inner))

    @classmethod
    def of_file(cls) -> ProviderFields:
        return cls(json.loads(PUBLISHED.read_text())['routes'])

    def published(self, route: str, provider: str, body: dict) -> dict:
        """A request's body without the fields that the provider does not publish. The given one is not changed: a fallback uses it too."""
        shape = self.routes[route].get(provider)
        if shape is None:
            return body
        fields = shape['fields']
        kept = {}
        for name, value in body.items():
            if name in RENAMED and name not in fields and RENAMED[name] in fields:
                name = RENAMED[name] if RENAMED[name] not in body else name
            if name == 'extra_body' and isinstance(value, dict):
                kept[name] = self.extra(route, provider, value)
            elif name in fields:
                kept[name] = self.inside(fields[name], value, route == RESPONSES and name == 'input')
            elif name not in self.top or (provider == 'openai' and (name in SDK_ARGUMENTS or name not in LITELLM_OWN)):
                kept[name] = value
        return kept

    def extra(self, route: str, provider: str, body: dict) -> dict:
        """The same for the fields that an SDK adds to a body."""
        return self.published(route, provider, {name: value for name, value in body.items() if name != 'extra_body'})

    def inside(self, shape: dict | str | None, value: object, without_nulls: bool) -> object:
        """A value without the unpublished fields in it.

        `without_nulls` drops fields that are null: LiteLLM adds them to the items of its answers, and OpenAI rejects some of them.
        """
        if isinstance(value, list):
            if shape == 'text':
                return joined(value)
            if not isinstance(shape, dict):
                return value
            return [self.inside(shape, item, without_nulls) for item in value if not is_unpublished_thought(shape, item)]
        if not isinstance(value, dict) or not isinstance(shape, dict):
            return value
        # An object of a kind that the provider does not publish is the client's decision, and the provider's answer is the right one.
        kind = value.get(shape.get('by'))
        fields = shape.get('kinds', {}).get(kind if isinstance(kind, str) else None, shape.get('fields'))
        if fields is None:
            return value
        return {
            name: self.inside(fields.get(name), item, without_nulls)
            for name, item in value.items()
            if (name in fields or name not in self.nested) and not (without_nulls and item is None)
        }


def is_unpublished_thought(shape: dict, item: object) -> bool:
    """Whether an item is a model's thought, of a kind that the provider does not publish."""
    kind = item.get('type') if isinstance(item, dict) else None
    return isinstance(kind, str) and kind in THOUGHTS and shape.get('by') == 'type' and kind not in shape['kinds']


def names_in(shape: dict | str | None) -> Iterator[str]:
    """All names of fields in a shape."""
    if isinstance(shape, dict):
        for fields in [shape.get('fields', {}), *shape.get('kinds', {}).values()]:
            for name, inner in fields.items():
                yield name
                yield from names_in(inner)


def joined(parts: list) -> object:
    """The text of a content that is a list of texts, for a provider that takes only a text; another content unchanged."""
    texts = [part.get('text') if isinstance(part, dict) and part.get('type') == 'text' else None for part in parts]
    return '\n'.join(texts) if texts and all(isinstance(text, str) for text in texts) else parts


def send_only_published_fields(manager) -> None:
    """Patch LiteLLM. `manager` is its `ProviderConfigManager`, from which it gets the code that makes a provider's requests."""
    fields = ProviderFields.of_file()
    chat_config, responses_config = manager.get_provider_chat_config, manager.get_provider_responses_api_config

    def for_chat(*args, **kwargs):
        provider = name_of(kwargs.get('provider', args[1] if len(args) > 1 else None))
        return patched(chat_config(*args, **kwargs), provider, fields, CHAT, ('transform_request', 'async_transform_request'))

    def for_responses(*args, **kwargs):
        provider = name_of(kwargs.get('provider', args[0] if args else None))
        names = ('transform_responses_api_request', 'async_transform_responses_api_request')
        return patched(responses_config(*args, **kwargs), provider, fields, RESPONSES, names)

    manager.get_provider_chat_config = staticmethod(for_chat)
    manager.get_provider_responses_api_config = staticmethod(for_responses)


def name_of(provider: object) -> str:
    return str(getattr(provider, 'value', provider))


def patched(config, provider: str, fields: ProviderFields, route: str, names: tuple[str, str]):
    """A provider's code, whose requests have only published fields."""
    if config is None or provider not in fields.routes[route] or 'switchyard_provider' in vars(config):
        return config
    config.switchyard_provider = provider
    transform, transform_async = (getattr(config, name) for name in names)

    def transform_request(*args, **kwargs):
        return fields.published(route, provider, transform(*args, **kwargs))

    async def async_transform_request(*args, **kwargs):
        return fields.published(route, provider, await transform_async(*args, **kwargs))

    setattr(config, names[0], transform_request)
    setattr(config, names[1], async_transform_request)
    if extra := getattr(config, 'transform_extra_body', None):
        config.transform_extra_body = extra_body(extra, fields, route, provider)
    return config


def extra_body(transform: Callable, fields: ProviderFields, route: str, provider: str) -> Callable:
    def transform_extra_body(*args, **kwargs):
        return fields.extra(route, provider, transform(*args, **kwargs))

    return transform_extra_body
