"""How many tokens a request can cost at most. Pure.

- **Input**: input_bound.py.
- **Output**: the request's maximum, the number of answers times; without one the model's own maximum, otherwise OUTPUT. Reasoning is a
  part of it. Of a predicted output OpenAI bills what the answer does not have, beside the answer: at most the body.
- **Several inputs**: a list of prompts has as many answers, and a list of texts to embed as many context windows.
- The context window bounds each input: a provider rejects a longer one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from known_fields import FALLBACKS, OVERLAYS

from limits.input_bound import has_overlays, input_bound

# For models whose limits are not known.
CONTEXT, OUTPUT = 1_000_000, 131_072
MAXIMA = {'maxtokens', 'maxcompletiontokens', 'maxoutputtokens', 'maxnewtokens', 'maxtokenstosample'}
COUNTS = {'n', 'bestof', 'candidatecount', 'numreturnsequences'}
# Fields that can make all tokens dearer, with the values that do not.
SERVICES = {'service_tier': (None, 'default', 'flex', 'standard_only'), 'speed': (None, 'standard'), 'inference_geo': (None, 'global')}
# The field with which a client sets the maximum on each route. Another one may have no effect there.
OWN_MAXIMUM = {'/responses': ('max_output_tokens',), '/chat/completions': ('max_tokens', 'max_completion_tokens')}


class Bound(NamedTuple):
    """What bounds the tokens of a request."""

    # At most so many tokens of input; None: the model's context window.
    input: int | None
    # At most so many tokens of an answer; None: the model's own maximum.
    output: int | None
    answers: int = 1
    # How many inputs it has, each of them at most as long as the context window.
    inputs: int = 1
    # Whether the request may ask for a dearer service, or for a cache that is kept longer.
    priority: bool = False
    cached_for_an_hour: bool = False
    # Whether there may be sound, in what it sends, in what it refers to, or in the answer.
    audio: bool = False

    def tokens(self, context: int | None, maximum: int | None) -> tuple[int, int]:
        """The input and output tokens at a model with these limits (None: unknown)."""
        given = self.input if self.input is not None else (context or CONTEXT) * self.inputs
        output = self.output if self.output is not None else maximum or min(context or OUTPUT, OUTPUT)
        return min(given, context * self.inputs if context else given), output * self.answers


def bound_of(route: str, body: bytes, fields: dict) -> Bound:
    """The bound of a request on a route (`/embeddings`). `body` is the JSON text of `fields`."""
    given = input_bound(body, fields)
    escapes = b'\\u00' in body
    hour = b'"1h"' in body or escapes
    audio = given is None or b'audio' in body or escapes
    if route == '/embeddings':
        return Bound(given, 0, inputs=longest_list(fields, 'input'), cached_for_an_hour=hour, audio=audio)
    maxima, counts, own = numbers_in(route, fields)
    overlaid = has_overlays(fields)
    priority = any(name in fields and fields[name] not in usual for name, usual in SERVICES.items())
    priority = priority or (overlaid and (escapes or any(name.encode() in body for name in SERVICES)))
    predicted = len(body) if fields.get('prediction') or (overlaid and (escapes or b'prediction' in body)) else 0
    inputs = longest_list(fields, 'prompt') if route == '/completions' else 1
    return Bound(given, max(maxima) + predicted if own else None, max([1, *counts]) * inputs, inputs, priority, hour, audio)


def longest_list(fields: dict, name: str) -> int:
    """How many texts a field has: 1 if it is one text, or the tokens of one."""
    pending, lists = [(name, fields.get(name)), *((one, fields.get(one)) for one in (*OVERLAYS, *FALLBACKS))], []
    while pending:
        of, value = pending.pop()
        if of == name and isinstance(value, list):
            lists.append(value)
        elif isinstance(value, dict):
            pending += value.items()
        elif isinstance(value, list):
            pending += [('', item) for item in value]
    return max([1, *(len(value) for value in lists if value and not isinstance(value[0], (int, float)))])


def numbers_in(route: str, fields: dict) -> tuple[list[int], list[int], bool]:
    """All maxima of the answer's tokens in a request, all numbers of answers, and whether every model that it may reach gets a maximum.

    A field in `extra_body` or of a fallback takes the place of the request's own, whatever its depth: so the largest counts.
    """
    maxima, counts = [], []
    own = any(number(fields.get(name)) for name in OWN_MAXIMUM.get(route, ('max_tokens',)))
    pending = [(name, value) for name, value in fields.items() if name in OVERLAYS or name in FALLBACKS or isinstance(value, (int, float))]
    while pending:
        name, value = pending.pop()
        short = name.lower().replace('_', '').replace('-', '') if isinstance(name, str) else ''
        if isinstance(value, dict):
            pending += value.items()
        elif isinstance(value, list):
            pending += [(name, item) for item in value]
        elif short in MAXIMA:
            # A maximum that is none, in a place where it would replace the request's own.
            own, found = own and (bool(number(value))), number(value)
            maxima += [found] if found else []
        elif short in COUNTS:
            counts += [found] if (found := number(value)) else []
    return maxima, counts, own and bool(maxima)


def number(value: object) -> int:
    """A count that is at least 1, also as a text; otherwise 0."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except ValueError:
        return 0
    return math.ceil(found) if 0 < found < 1e12 else 0
