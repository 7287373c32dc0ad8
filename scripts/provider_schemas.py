"""Prints the JSON Schemas of the requests that the providers' own SDKs describe; extra keys are forbidden at every level.

    python3 -m venv VENV && VENV/bin/pip install $(python3 scripts/provider_schemas.py --requirements)
    VENV/bin/python scripts/provider_schemas.py

It writes sandbox/provider-requests/schemas.generated.json, which the fake upstream checks requests with, and
runtimes/gateway/image/programs/provider_fields.generated.json, the fields that the gateway may send to each provider. exceptions.json beside
the schemas lists where a server is known to differ from its SDK, each row with a source.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import importlib
import importlib.metadata
import json
import sys
import types
import typing
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / 'sandbox/provider-requests/schemas.generated.json'
EXCEPTIONS = ROOT / 'sandbox/provider-requests/exceptions.json'
FIELDS = ROOT / 'runtimes/gateway/image/programs/provider_fields.generated.json'

VERSIONS = {
    'openai': '3.57.0',
    'anthropic': '2.14.0',
    'groq': '1.7.0',
    'mistralai': '3.7.0',
    'openrouter': '1.3.84',
    'together': '3.1.1',
    'perplexityai': '0.46.1',
    'huggingface_hub': '2.4.0',
}
# The type of each request: `<provider> <route>`, the SDK, the type. A provider without an SDK of its own has that of the API which its
# reference page says it is compatible with; exceptions.json has the page and the differences.
REQUESTS = {
    'openai /chat/completions': 'openai.types.chat.completion_create_params:CompletionCreateParams',
    'openai /responses': 'openai.types.responses.response_create_params:ResponseCreateParams',
    'openai /completions': 'openai.types.completion_create_params:CompletionCreateParams',
    'openai /embeddings': 'openai.types.embedding_create_params:EmbeddingCreateParams',
    'anthropic /messages': 'anthropic.types.beta.message_create_params:MessageCreateParams',
    'anthropic /messages/count_tokens': 'anthropic.types.beta.message_count_tokens_params:MessageCountTokensParams',
    'deepseek /chat/completions': 'openai.types.chat.completion_create_params:CompletionCreateParams',
    'deepseek /messages': 'anthropic.types.message_create_params:MessageCreateParams',
    'groq /chat/completions': 'groq.types.chat.completion_create_params:CompletionCreateParams',
    'mistral /chat/completions': 'mistralai.client.models.chatcompletionrequest:ChatCompletionRequest',
    'openrouter /responses': 'openrouter.components.responsesrequest:ResponsesRequest',
    'openrouter /chat/completions': 'openrouter.components.chatrequest:ChatRequest',
    'together /chat/completions': 'together.types.chat.completion_create_params:CompletionCreateParams',
    'perplexity /responses': 'perplexity.types.response_create_params:ResponseCreateParams',
    'perplexity /chat/completions': 'perplexity.types.chat.completion_create_params:CompletionCreateParams',
    'huggingface /chat/completions': 'huggingface_hub.inference._generated.types.chat_completion:ChatCompletionInput',
}
PLAIN = {str: 'string', bool: 'boolean', int: 'integer', float: 'number', type(None): 'null', dict: 'object', list: 'array'}


class Definitions:
    """The schemas of one request's types, by name."""

    def __init__(self) -> None:
        self.schemas: dict[str, dict] = {}
        self.names: dict[object, str] = {}

    def of(self, hint: object) -> dict:
        """The schema of a type."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        name = getattr(hint, '__name__', '')
        if isinstance(hint, (str, typing.ForwardRef)):
            raise TypeError(f'{hint} is not resolved')
        if origin is typing.Annotated or {name, getattr(origin, '_name', '')} & {'Required', 'NotRequired', 'ReadOnly'}:
            return self.of(inner[0])
        if hint is typing.Any or hint is object:
            return {}
        if hint in PLAIN:
            return {'type': PLAIN[hint]}
        if origin is typing.Literal or getattr(origin, '_name', '') == 'Literal':
            return {'enum': list(inner)}
        if origin in (typing.Union, types.UnionType):
            return any_of([self.of(one) for one in without_answers(inner)])
        if type(hint).__name__ == 'TypeAliasType':
            return self.of(hint.__value__)
        if type(origin).__name__ == 'TypeAliasType':
            return self.of(origin.__value__[inner])
        if origin is typing.IO:
            # The SDK reads the file and sends it as base64.
            return {'type': 'string'}
        if isinstance(origin, type) and issubclass(origin, collections.abc.Mapping):
            value = self.of(inner[1])
            return {'type': 'object', **({'additionalProperties': value} if value else {})}
        if isinstance(origin, type) and (issubclass(origin, (collections.abc.Iterable, list, tuple)) or origin.__name__ == 'SequenceNotStr'):
            return {'type': 'array', 'items': self.of(inner[0])}
        if isinstance(hint, type):
            return self.of_class(hint)
        raise TypeError(f'no schema for {hint!r}')

    def of_class(self, cls: type) -> dict:
        """A reference to the schema of a class."""
        if issubclass(cls, str):
            # An open set of words: an enumeration, or a marker for words that the SDK does not know.
            return {'type': 'string'}
        if cls.__name__ in ('datetime', 'date', 'UUID', 'Path', 'PathLike'):
            return {'type': 'string'}
        found = fields_of(cls)
        if cls not in self.names:
            name = cls.__name__
            while name in self.schemas:
                name += '_'
            self.names[cls] = name
            schema = self.schemas[name] = {'type': 'object', 'properties': {}, 'additionalProperties': False}
            schema['properties'] = {key: self.of(hint) for key, (hint, _) in found.items()}
            for kind in ('type', 'role'):
                # Some SDKs leave it out where it is the default. No server takes null for it.
                words = [one for one in schema['properties'].get(kind, {}).get('anyOf', ()) if 'enum' in one]
                schema['properties'] |= {kind: one for one in words}
            if required := [key for key, (_, needed) in found.items() if needed]:
                schema['required'] = required
        return {'$ref': self.names[cls]}


def without_answers(choices: tuple) -> list:
    """The choices without the SDK's mark for "not given", and without classes of answers, which a client may send back: beside the types of
    requests they add no field."""
    given = [one for one in choices if getattr(one, '__name__', '') not in ('Unset', 'UNSET', 'NotGiven', 'Omit')]
    return [one for one in given if not hasattr(one, 'model_fields')] if any(hasattr(one, '__total__') for one in given) else given


def any_of(choices: list[dict]) -> dict:
    """One schema for several; nested choices and enumerations are merged."""
    flat: list[dict] = []
    for choice in choices:
        for one in choice.get('anyOf', [choice]):
            if 'enum' in one and (merged := next((old for old in flat if 'enum' in old), None)):
                merged['enum'] += [word for word in one['enum'] if word not in merged['enum']]
            elif one not in flat:
                flat.append(one)
    if {} in flat:
        return {}
    if {'type': 'string'} in flat:
        flat = [one for one in flat if not all(isinstance(word, str) for word in one.get('enum', [0]))]
    return flat[0] if len(flat) == 1 else {'anyOf': flat}


def fields_of(cls: type) -> dict[str, tuple[object, bool]]:
    """The fields of a TypedDict, a pydantic model or a dataclass: name on the wire, type, whether it is required."""
    if hasattr(cls, 'model_fields'):
        return {field.alias or name: (field.annotation, field.is_required()) for name, field in cls.model_fields.items()}
    if dataclasses.is_dataclass(cls):
        hints = typing.get_type_hints(cls)
        return {one.name: (hints[one.name], one.default is dataclasses.MISSING) for one in dataclasses.fields(cls)}
    if not hasattr(cls, '__total__'):
        raise TypeError(f'no schema for {cls!r}')
    found = {}
    for name, hint in typing.get_type_hints(cls, include_extras=True).items():
        required = getattr(typing.get_origin(hint), '_name', '') == 'Required'
        inside = typing.get_args(hint)[0] if required else hint
        alias = next((one.alias for one in getattr(inside, '__metadata__', ()) if getattr(one, 'alias', None)), name)
        found[alias] = (inside, required)
    return found


def schemas() -> dict[str, dict]:
    """By provider: the schemas of its requests by route, and their definitions."""
    found: dict[str, dict] = {}
    definitions = collections.defaultdict(Definitions)
    for request, path in REQUESTS.items():
        provider, route = request.split()
        module, name = path.split(':')
        root = definitions[provider].of(getattr(importlib.import_module(module), name))
        entry = found.setdefault(provider, {'requests': {}, 'definitions': definitions[provider].schemas})
        entry['requests'][route] = root
    return found


def apply(row: dict, found: dict[str, dict]) -> None:
    """Change a provider's types as a row of exceptions.json says. A row without effect is an error."""
    changed = False
    for name in row['types']:
        schema = found[row['provider']]['definitions'][name]
        new = {key: value for key, value in row.get('allow', {}).items() if schema['properties'].get(key) != value}
        schema['properties'] |= new
        refused = [key for key in schema['properties'] if key not in row['only']] if 'only' in row else []
        gone = [key for key in refused if schema['properties'].pop(key, None) is not None]
        required = schema.get('required', [])
        schema['required'] = [key for key in required if key not in row.get('optional', []) and key not in gone]
        changed |= bool(new or gone or schema['required'] != required)
    if not changed:
        sys.exit(f'exceptions.json: this row changes nothing: {json.dumps(row)}')


def main() -> None:
    if '--requirements' in sys.argv:
        print(*(f'{name}=={version}' for name, version in VERSIONS.items()))
        return
    for name, version in VERSIONS.items():
        if (found := importlib.metadata.version(name)) != version:
            sys.exit(f'{name} is {found}, not {version}: install what --requirements prints')
    found = schemas()
    for row in json.loads(EXCEPTIONS.read_text())['rows']:
        apply(row, found)
    sources = {'generatedBy': 'scripts/provider_schemas.py', 'versions': VERSIONS}
    write(SCHEMAS, {**sources, 'providers': found})
    from provider_shapes import apis, published

    write(FIELDS, {**sources, 'apis': apis(found), 'routes': published(found)})


def write(path: Path, content: dict) -> None:
    """Write JSON with a line for each definition."""
    text = json.dumps(content, separators=(',', ':'), sort_keys=True)
    path.write_text(text.replace('},"', '},\n"') + '\n')


if __name__ == '__main__':
    main()
