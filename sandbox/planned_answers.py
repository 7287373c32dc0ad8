"""Answers that a request plans itself, each with a usage that no other one has: for tests that compare what was served with what was recorded.

A request has these directives in its last message: `#ref=<name>`, and `#plan=<outcome>_<outcome>…` with what happens to the first, the second, …
attempt with this name; further ones succeed. An outcome is a status from 400 on, `hang`, `close`, `cut<N>` (drop the connection after N events),
`bare` (succeed, a chat completion without a usage) or `ok`. The text is ` hello hello hello` for each of `#chunks`, three tokens of OpenAI's cl100k_base each.

The record of the request then has `ref`, `id` and `usage` as they were sent (null if there was none), and `pieces`: when each piece of the text
was sent, in seconds since 1970; empty if the answer was no stream.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import NamedTuple

PIECE = ' hello hello hello'
# Providers that tell a stream's usage only if they are asked.
ASKED = ('openai', 'deepseek')
attempts: Counter[str] = Counter()


class Planned(NamedTuple):
    """What happens to one attempt. `n` is unique."""

    ref: str
    outcome: str
    n: int

    @property
    def fault(self) -> dict | None:
        """The same as a fault of fake_upstream.py. `retry-after` is 0, so that the provider is not skipped afterwards, and all plans are carried out."""
        if self.outcome.isdigit():
            return {'status': int(self.outcome), 'headers': {'retry-after': '0'}}
        if self.outcome in ('hang', 'close'):
            return {self.outcome: True}
        return {'cutAfter': int(self.outcome[3:])} if self.outcome.startswith('cut') else None

    def usage(self, provider: str, wire: str) -> dict | None:
        """A usage in the provider's format, which no other answer has."""
        if self.outcome == 'bare' and wire == 'chat':
            return None
        given, output = 1000 + self.n, 20 + self.n % 50
        cached, reasoning = self.n % 7 * 16, self.n % 5
        if wire == 'messages':
            return {'input_tokens': given, 'cache_read_input_tokens': cached, 'cache_creation_input_tokens': self.n % 3 * 64, 'output_tokens': output}
        if wire == 'responses':
            details = {'input_tokens_details': {'cached_tokens': cached}, 'output_tokens_details': {'reasoning_tokens': reasoning}}
            return {'input_tokens': given, 'output_tokens': output, 'total_tokens': given + output, **details}
        if wire == 'embeddings':
            return {'prompt_tokens': given, 'total_tokens': given}
        usage: dict = {'prompt_tokens': given, 'completion_tokens': output, 'total_tokens': given + output}
        if provider == 'deepseek':
            usage |= {'prompt_cache_hit_tokens': cached, 'prompt_cache_miss_tokens': given - cached}
        if provider in ('openai', 'openrouter'):
            usage |= {'prompt_tokens_details': {'cached_tokens': cached}, 'completion_tokens_details': {'reasoning_tokens': reasoning}}
        if provider == 'openrouter' and self.n % 2:
            usage['cost'] = self.n / 1_000_000
        return usage


def plan(directives: dict[str, str], n: int) -> Planned | None:
    """The plan of the next attempt with the directives of this request; None if it has none."""
    if not (ref := directives.get('ref')):
        return None
    outcomes = [one for one in directives.get('plan', '').split('_') if one]
    attempts[ref] += 1
    return Planned(ref, outcomes[attempts[ref] - 1] if attempts[ref] <= len(outcomes) else 'ok', n)


def tells_usage(provider: str, body: dict) -> bool:
    """Whether a provider tells the usage of a stream."""
    return provider not in ASKED or (body.get('stream_options') or {}).get('include_usage') is True


def has_piece(event: str) -> bool:
    """Whether an event of a stream has a piece of the text, and not all of it."""
    return json.dumps(PIECE) in event
