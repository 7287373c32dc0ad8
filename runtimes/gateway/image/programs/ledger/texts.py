"""The texts of requests and answers, whose tokens are counted if an answer does not tell its usage. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson


def deltas(wire: str, fields: dict) -> Iterator[str]:
    """What the model wrote in one event."""
    if wire == 'messages':
        delta = fields.get('delta')
        if fields.get('type') == 'content_block_delta' and isinstance(delta, dict):
            yield from (value for name in ('text', 'thinking', 'partial_json') if isinstance(value := delta.get(name), str))
    elif wire == 'responses':
        if isinstance(fields.get('delta'), str):
            yield fields['delta']
    elif wire == 'gemini':
        yield from strings([part.get('content') for part in fields.get('candidates') or [] if isinstance(part, dict)])
    else:
        for choice in fields.get('choices') or []:
            if isinstance(choice, dict):
                yield from strings([choice.get('text'), choice.get('delta')])


# Names of fields whose text the model did not write, or that are no text.
NOT_TEXT = {'role', 'type', 'id', 'call_id', 'object', 'status', 'finish_reason', 'finishReason', 'model', 'signature', 'thoughtSignature', 'encrypted_content', 'format', 'detail', 'media_type', 'mime_type', 'data', 'cache_control'}


def strings(value: object) -> Iterator[str]:
    """All texts in a value, in order. Binary data in addresses is left out."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            if not one.startswith('data:'):
                yield one
        elif isinstance(one, dict):
            pending += [inner for name, inner in reversed(one.items()) if name not in NOT_TEXT]
        elif isinstance(one, list):
            pending += reversed(one)


def prompt(body: bytes) -> str:
    """The text of a request, for counting its tokens: everything that the model reads."""
    fields = loads(body)
    names = ('instructions', 'system', 'systemInstruction', 'tools', 'messages', 'input', 'prompt', 'contents', 'content', 'requests')
    return ' '.join(strings([fields.get(name) for name in names]))


def loads(text: bytes) -> dict:
    """A JSON object; an empty one if the text is none."""
    try:
        value = orjson.loads(text)
    except ValueError:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    # Google sends a list with one element.
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


def first(fields: dict, *names: str) -> object:
    """The first of these fields that is not empty."""
    return next((value for name in names if (value := fields.get(name))), None)
