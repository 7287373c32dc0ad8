"""Checks requests against the schemas of the providers' own SDKs, and refuses them as the providers do.

The schemas are generated (scripts/provider_schemas.py). Only what they use is implemented here, so that the fake upstream runs wherever
Python runs: `type`, `enum`, `properties`, `required`, `additionalProperties`, `items`, `anyOf`, and `$ref` to a definition.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

SCHEMAS = Path(__file__).parent / 'provider-requests/schemas.generated.json'
PYTHON_TYPES = {'string': str, 'object': dict, 'array': list, 'boolean': bool, 'null': type(None)}
# The fields that tell the kinds of an object apart.
KINDS = ('type', 'role', 'stream')


class Fault(NamedTuple):
    """What is wrong in a request: where (`('messages', 1, 'name')`), and in which way: 'unknown', 'missing' or 'invalid'."""

    path: tuple
    kind: str

    @property
    def dotted(self) -> str:
        """The path as Anthropic writes it: `messages.1.name`."""
        return '.'.join(map(str, self.path))


class StrictRequests:
    """All providers' schemas. Others that the fake plays, such as the gateway itself or Portkey, are not checked."""

    def __init__(self) -> None:
        self.providers = json.loads(SCHEMAS.read_text())['providers']

    def fault(self, provider: str, path: str, body: object) -> Fault | None:
        """The first fault in a request; None if it has none, or if the path has no schema."""
        entry = self.providers.get(provider)
        routes = [route for route in entry['requests'] if path.endswith(route)] if entry else []
        if not routes:
            return None
        return fault_in(entry['requests'][max(routes, key=len)], body, (), entry['definitions'])


def fault_in(schema: dict, value: object, path: tuple, definitions: dict[str, dict]) -> Fault | None:
    """The first fault of a value."""
    while '$ref' in schema:
        schema = definitions[schema['$ref']]
    if 'anyOf' in schema:
        return fault_in_any(schema['anyOf'], value, path, definitions)
    if 'enum' in schema and value not in schema['enum']:
        return Fault(path, 'invalid')
    if 'type' in schema and not is_of_type(schema['type'], value):
        return Fault(path, 'invalid')
    if isinstance(value, dict):
        return fault_in_object(schema, value, path, definitions)
    if isinstance(value, list) and 'items' in schema:
        found = (fault_in(schema['items'], item, (*path, index), definitions) for index, item in enumerate(value))
        return next((fault for fault in found if fault), None)
    return None


def fault_in_object(schema: dict, value: dict, path: tuple, definitions: dict[str, dict]) -> Fault | None:
    properties = schema.get('properties', {})
    if missing := next((name for name in schema.get('required', ()) if name not in value), None):
        return Fault((*path, missing), 'missing')
    others = schema.get('additionalProperties', {})
    for name, item in value.items():
        if name not in properties and others is False:
            return Fault((*path, name), 'unknown')
        if fault := fault_in(properties.get(name, others), item, (*path, name), definitions):
            return fault
    return None


def fault_in_any(choices: list[dict], value: object, path: tuple, definitions: dict[str, dict]) -> Fault | None:
    """None if one of the choices fits; otherwise the fault of the one that fits best: whose kind is that of the object, and then furthest."""
    found = [(match(choice, value, definitions), choice) for choice in choices]
    faults = []
    for rank, choice in found:
        if rank is None:
            continue
        fault = fault_in(choice, value, path, definitions)
        if fault is None:
            return None
        faults.append(((rank, len(fault.path)), fault))
    return max(faults, key=lambda one: one[0], default=(0, Fault(path, 'invalid')))[1]


def match(choice: dict, value: object, definitions: dict[str, dict]) -> int | None:
    """How many of an object's KINDS are those of a choice; None if the object is of another kind."""
    while '$ref' in choice:
        choice = definitions[choice['$ref']]
    if not isinstance(value, dict):
        return 0
    if 'anyOf' in choice:
        return max((rank for one in choice['anyOf'] if (rank := match(one, value, definitions)) is not None), default=None)
    if choice.get('type', 'object') != 'object':
        return None
    words = [(value[kind], enum) for kind in KINDS if kind in value and (enum := choice.get('properties', {}).get(kind, {}).get('enum'))]
    return len(words) if all(word in enum for word, enum in words) else None


def is_of_type(name: str, value: object) -> bool:
    if name in ('integer', 'number'):
        return isinstance(value, int if name == 'integer' else (int, float)) and not isinstance(value, bool)
    return isinstance(value, PYTHON_TYPES[name])


def refusal(provider: str, path: str, fault: Fault) -> tuple[int, dict]:
    """Status and body with which a provider refuses a request."""
    name, words = fault.dotted, {'unknown': 'Extra inputs are not permitted', 'missing': 'Field required', 'invalid': 'Input should be valid'}
    if path.endswith(('/messages', '/count_tokens')):
        return 400, {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': f'{name}: {words[fault.kind]}'}}
    if provider == 'mistral':
        kind = {'unknown': 'extra_forbidden', 'missing': 'missing', 'invalid': 'value_error'}[fault.kind]
        detail = [{'type': kind, 'loc': ['body', *fault.path], 'msg': words[fault.kind]}]
        return 422, {'object': 'error', 'message': {'detail': detail}, 'type': 'invalid_request_error', 'param': None, 'code': None}
    if provider == 'groq':
        where, last = '.'.join(map(str, fault.path[:-1])), fault.path[-1] if fault.path else ''
        problem = {'unknown': 'is unsupported', 'missing': 'is missing', 'invalid': 'is invalid'}[fault.kind]
        return 400, {'error': {'message': f"'{where}' : property '{last}' {problem}", 'type': 'invalid_request_error'}}
    param = ''.join(f'[{part}]' if isinstance(part, int) else f'.{part}' for part in fault.path).removeprefix('.')
    kind = {'unknown': 'Unknown parameter', 'missing': 'Missing required parameter', 'invalid': 'Invalid value'}[fault.kind]
    code = {'unknown': 'unknown_parameter', 'missing': 'missing_required_parameter', 'invalid': 'invalid_value'}[fault.kind]
    return 400, {'error': {'message': f"{kind}: '{param}'.", 'type': 'invalid_request_error', 'param': param, 'code': code}}
