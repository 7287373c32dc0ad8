"""Classifies a provider's error by its cause. The status alone is not enough: providers use the same status for different causes.

What happens for each kind: docs/failures.md. Pure: no LiteLLM, no clock.
"""

from __future__ import annotations

import enum
import json
import re
from typing import NamedTuple


class Kind(enum.Enum):
    """What caused the error."""

    REQUEST = 'request'  # the client's request: every provider would reject it
    LENGTH = 'length'  # the prompt is too long; a model with a larger context window may accept it
    KEY = 'key'  # the key or its account: no permission, no credit, quota used up, no access to the model
    RATE = 'rate'  # rate limit
    PROVIDER = 'provider'  # the provider itself
    COOLDOWN = 'cooldown'  # no provider was called: all deployments are in cooldown or at their limit


class Rule(NamedTuple):
    """What a status means if the error has one of these codes, or a message that begins like this."""

    kind: Kind
    statuses: tuple[int, ...]
    source: str
    codes: str = r'(?!)'  # a pattern for a whole word: the type, code, status, reasons and metadata names of the error
    message: str = r'(?!)'  # a pattern for the beginning of the message
    providers: tuple[str, ...] = ()  # LiteLLM's prefixes; empty: all


OPENAI = 'https://platform.openai.com/docs/guides/error-codes'
ANTHROPIC = 'https://docs.anthropic.com/en/api/errors'
GEMINI = 'https://ai.google.dev/gemini-api/docs/troubleshooting'
GROQ = 'https://console.groq.com/docs/errors'
TOGETHER = 'https://docs.together.ai/docs/error-codes'
OPENROUTER = 'https://openrouter.ai/docs/api/reference/errors-and-debugging'
HUGGINGFACE = 'https://huggingface.co/docs/inference-providers/pricing'
MISTRAL = 'https://docs.mistral.ai/api/'

# The first matching rule counts. A message can quote the client's own text. So a rule that blames the key needs a code, or the beginning of
# a sentence that one provider uses; a rule that does not blame the key may match anywhere in the message.
RULES = (
    # The prompt is longer than the model's context window.
    Rule(Kind.LENGTH, (400, 413, 422), OPENAI, 'context_length_exceeded', r'.{0,80}maximum context length|.{0,80}context window'),
    Rule(Kind.LENGTH, (400,), ANTHROPIC, message='prompt is too long|input length and `max_tokens` exceed context limit', providers=('anthropic',)),
    Rule(Kind.LENGTH, (400,), GEMINI, message='The input token count .{0,40}exceeds the maximum', providers=('gemini', 'vertex_ai')),
    Rule(Kind.LENGTH, (400,), GROQ, message='.{0,80}reduce the length of the messages', providers=('groq',)),
    Rule(Kind.LENGTH, (400,), MISTRAL, message=r'Prompt contains \d+ tokens.{0,60}, too large for model', providers=('mistral',)),
    Rule(Kind.LENGTH, (400, 403, 422), TOGETHER, message=r'.{0,40}tokens? .{0,80}max_(?:new_)?tokens.{0,60}must (?:be|not)', providers=('together_ai',)),
    # Caused by the account, but with a status for invalid requests.
    Rule(Kind.KEY, (400,), ANTHROPIC, message='Your credit balance is too low|You have reached your specified API usage limits|This organization has been disabled', providers=('anthropic',)),
    Rule(Kind.KEY, (400,), GEMINI, 'API_KEY_INVALID|FAILED_PRECONDITION', 'API key (?:not valid|expired)|User location is not supported', ('gemini', 'vertex_ai')),
    Rule(Kind.KEY, (400, 403, 429), ANTHROPIC, 'billing_error', providers=('anthropic',)),
    Rule(Kind.KEY, (400, 429), OPENAI, 'insufficient_quota|billing_hard_limit_reached|billing_not_active|account_deactivated'),
    Rule(Kind.KEY, (400,), HUGGINGFACE, 'model_not_supported|model_terms_required|model_decommissioned', providers=('huggingface', 'groq')),
    # A rate limit (of the account, per minute), but with a status for too large requests.
    Rule(Kind.RATE, (413,), GROQ, 'rate_limit_exceeded', providers=('groq',)),
    Rule(Kind.RATE, (498,), GROQ, message='', providers=('groq',)),
    # Caused by the client, but with a status for invalid keys.
    Rule(Kind.REQUEST, (403,), OPENROUTER, 'flagged_input|content_policy_violation', providers=('openrouter',)),
    # The client refers to an id that the provider does not have; another provider does not have it either.
    Rule(Kind.REQUEST, (404,), OPENAI, 'previous_response_not_found', r"(?:previous response|item|response|file|container|conversation|vector store) .{0,10}'[^']*' (?:was )?not found"),
)
_COMPILED = tuple((rule, re.compile(rf'(?<!\S)(?:{rule.codes})(?!\S)'), re.compile(rule.message, re.IGNORECASE | re.DOTALL)) for rule in RULES)
# Statuses that have the same meaning for every provider, unless a rule matches. An unknown model (404) counts for the key: clients send
# aliases, so either the account has no access to the model, or the model no longer exists.
_STATUSES = {401: Kind.KEY, 402: Kind.KEY, 403: Kind.KEY, 404: Kind.KEY, 408: Kind.PROVIDER, 409: Kind.PROVIDER, 425: Kind.PROVIDER, 429: Kind.RATE}
# How much of a text is examined: enough for any error message written by a human.
MAX_EXAMINED = 16_384


def kind_of(provider: str, status: int, text: str) -> Kind:
    """The cause of an error.

    `provider` is LiteLLM's prefix (`openai`), `status` the HTTP status of its response, `text` the response's body.
    """
    codes, message = outline(text)
    for rule, code, sentence in _COMPILED:
        if status not in rule.statuses or (rule.providers and provider not in rule.providers):
            continue
        if code.search(codes) or sentence.match(message):
            return rule.kind
    return _STATUSES.get(status) or (Kind.REQUEST if 400 <= status < 500 else Kind.PROVIDER)


def outline(text: str) -> tuple[str, str]:
    """An error's type, code and reasons as words, and its message."""
    error = error_in(text)
    if error is None:
        return '', text[:MAX_EXAMINED]
    words = [error.get(name) for name in ('type', 'code', 'status')]
    details = error.get('details')
    words += [item.get('reason') for item in details if isinstance(item, dict)] if isinstance(details, list) else []
    metadata = error.get('metadata')
    words += list(metadata) if isinstance(metadata, dict) else []
    return ' '.join(str(word) for word in words if word)[:MAX_EXAMINED], message_in(error)[:MAX_EXAMINED]


def error_in(text: str) -> dict | None:
    """The object that describes the error in a JSON body, wherever the provider puts it. None if there is none."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    # Google sends a list with one element.
    body = body[0] if isinstance(body, list) and body else body
    if not isinstance(body, dict):
        return None
    return body['error'] if isinstance(body.get('error'), dict) else body


def message_in(error: dict) -> str:
    """An error's message. FastAPI calls it `detail`, others `message` or `error`."""
    for name in ('message', 'detail', 'error', 'error_description'):
        value = error.get(name)
        if value:
            return value if isinstance(value, str) else json.dumps(value)
    return ''
