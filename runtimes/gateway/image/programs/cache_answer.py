"""Whether an answer is whole, so that it can be stored, and its usage."""

from __future__ import annotations

import re

import orjson

_FINISHED = re.compile(rb'"finish_reason":\s*"')
# The types of the last event of a response.
_ENDS = ('response.completed', 'response.incomplete')


def usage_if_whole(route: str, events: bool, body: bytes) -> dict | None:
    """The usage of an answer (empty if it has none) with status 200; None if it is not whole, or has an error.

    `events`: whether it is a stream of events. `route` is one of `cache_rules.ROUTES`.
    """
    try:
        return of_events(route, body) if events else of_object(route, orjson.loads(body))
    except (ValueError, AttributeError, TypeError):
        return None


def of_object(route: str, answer: dict) -> dict | None:
    """The same for an answer that is one object."""
    if is_error(answer):
        return None
    whole = {
        '/responses': lambda: answer.get('status') in ('completed', 'incomplete'),
        '/v1/messages': lambda: answer.get('type') == 'message' and answer.get('stop_reason') is not None,
        '/embeddings': lambda: bool(answer.get('data')),
    }.get(route, lambda: bool(answer.get('choices')) and all(choice.get('finish_reason') for choice in answer['choices']))
    return answer.get('usage') or {} if whole() else None


def of_events(route: str, body: bytes) -> dict | None:
    """The same for a stream: it has its last event, and none with an error."""
    lines = [line[5:].strip() for line in body.splitlines() if line.startswith(b'data:')]
    ended = lines[-1:] == [b'[DONE]']
    lines = [line for line in lines if line != b'[DONE]']
    # Parsing all events of a long answer would cost more than storing it.
    if any(b'error' in line and is_error(orjson.loads(line)) for line in lines):
        return None
    if route == '/v1/messages':
        return of_message_events(lines)
    if route == '/responses':
        last = orjson.loads(lines[-1]) if lines else {}
        return last['response'].get('usage') or {} if last.get('type') in _ENDS else None
    if not ended or not _FINISHED.search(body):
        return None
    return next((usage for line in reversed(lines) if b'"usage"' in line and (usage := orjson.loads(line).get('usage'))), {})


def of_message_events(lines: list[bytes]) -> dict | None:
    """The same for a stream of Anthropic's API, whose usage is in its first and in its last but one event."""
    parsed = [orjson.loads(line) for line in lines if b'message_' in line]
    if not parsed or parsed[-1].get('type') != 'message_stop':
        return None
    usage: dict = {}
    for event in parsed:
        if event.get('type') in ('message_start', 'message_delta'):
            usage |= (event.get('message') or event).get('usage') or {}
    return usage


def is_error(event: object) -> bool:
    """Whether an answer or an event reports a failure."""
    if not isinstance(event, dict):
        return True
    if event.get('error') or event.get('type') in ('error', 'response.failed'):
        return True
    return any(isinstance(choice, dict) and choice.get('finish_reason') == 'error' for choice in event.get('choices') or ())
