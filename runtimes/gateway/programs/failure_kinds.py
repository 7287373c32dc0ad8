"""Whose fault a provider's error is, by what it means. The number alone does not say: makers use the same ones differently.

What follows from a kind is docs/failures.md. Pure: no LiteLLM, no clock.
"""

from __future__ import annotations

import enum
import json
import re
from typing import NamedTuple


class Kind(enum.Enum):
    """Whose fault it is."""

    REQUEST = 'request'  # the client's own: anybody would refuse it
    LENGTH = 'length'  # the client's own, unless a model takes longer prompts
    KEY = 'key'  # the key's or its account's: no permission, no credit, quota used up, a model that it does not have
    RATE = 'rate'  # too much for now
    PROVIDER = 'provider'  # the provider's own
    RESTING = 'resting'  # nobody was asked: everybody who could be rests or is full


class Rule(NamedTuple):
    """A meaning that a provider gives to a status: one of these codes, or a message that begins so."""

    kind: Kind
    statuses: tuple[int, ...]
    source: str
    codes: str = r'(?!)'  # a pattern for a whole word among type, code, status, reasons and the names of the metadata
    message: str = r'(?!)'  # a pattern for the beginning of the message
    providers: tuple[str, ...] = ()  # LiteLLM's prefixes; none: all


OPENAI = 'https://platform.openai.com/docs/guides/error-codes'
ANTHROPIC = 'https://docs.anthropic.com/en/api/errors'
GEMINI = 'https://ai.google.dev/gemini-api/docs/troubleshooting'
GROQ = 'https://console.groq.com/docs/errors'
TOGETHER = 'https://docs.together.ai/docs/error-codes'
OPENROUTER = 'https://openrouter.ai/docs/api/reference/errors-and-debugging'
HUGGINGFACE = 'https://huggingface.co/docs/inference-providers/pricing'
MISTRAL = 'https://docs.mistral.ai/api/'

# The first that fits. A message can repeat a client's own words. So what speaks against a key is a code, or the beginning of a sentence
# that one maker uses; what frees the key may stand anywhere.
RULES = (
    # Longer than the model takes.
    Rule(Kind.LENGTH, (400, 413, 422), OPENAI, 'context_length_exceeded', r'.{0,80}maximum context length|.{0,80}context window'),
    Rule(Kind.LENGTH, (400,), ANTHROPIC, message='prompt is too long|input length and `max_tokens` exceed context limit', providers=('anthropic',)),
    Rule(Kind.LENGTH, (400,), GEMINI, message='The input token count .{0,40}exceeds the maximum', providers=('gemini', 'vertex_ai')),
    Rule(Kind.LENGTH, (400,), GROQ, message='.{0,80}reduce the length of the messages', providers=('groq',)),
    Rule(Kind.LENGTH, (400,), MISTRAL, message=r'Prompt contains \d+ tokens.{0,60}, too large for model', providers=('mistral',)),
    Rule(Kind.LENGTH, (400, 403, 422), TOGETHER, message=r'.{0,40}tokens? .{0,80}max_(?:new_)?tokens.{0,60}must (?:be|not)', providers=('together_ai',)),
    # The account's, said by a number for requests.
    Rule(Kind.KEY, (400,), ANTHROPIC, message='Your credit balance is too low|You have reached your specified API usage limits|This organization has been disabled', providers=('anthropic',)),
    Rule(Kind.KEY, (400,), GEMINI, 'API_KEY_INVALID|FAILED_PRECONDITION', 'API key (?:not valid|expired)|User location is not supported', ('gemini', 'vertex_ai')),
    Rule(Kind.KEY, (400, 403, 429), ANTHROPIC, 'billing_error', providers=('anthropic',)),
    Rule(Kind.KEY, (400, 429), OPENAI, 'insufficient_quota|billing_hard_limit_reached|billing_not_active|account_deactivated'),
    Rule(Kind.KEY, (400,), HUGGINGFACE, 'model_not_supported|model_terms_required|model_decommissioned', providers=('huggingface', 'groq')),
    # The rate's, said by a number for requests that are too large: the limit is the account's, by the minute.
    Rule(Kind.RATE, (413,), GROQ, 'rate_limit_exceeded', providers=('groq',)),
    Rule(Kind.RATE, (498,), GROQ, message='', providers=('groq',)),
    # The client's, said by a number for keys.
    Rule(Kind.REQUEST, (403,), OPENROUTER, 'flagged_input|content_policy_violation', providers=('openrouter',)),
    # What a client refers to by its id, and the model's maker does not have: another one has it even less.
    Rule(Kind.REQUEST, (404,), OPENAI, 'previous_response_not_found', r"(?:previous response|item|response|file|container|conversation|vector store) .{0,10}'[^']*' (?:was )?not found"),
)
_COMPILED = tuple((rule, re.compile(rf'(?<!\S)(?:{rule.codes})(?!\S)'), re.compile(rule.message, re.IGNORECASE | re.DOTALL)) for rule in RULES)
# Statuses that mean the same with every maker, unless a rule says otherwise. A model that is unknown (404) is the key's fault: clients
# name aliases, so it is the account that does not have it, or nobody any more.
_STATUSES = {401: Kind.KEY, 402: Kind.KEY, 403: Kind.KEY, 404: Kind.KEY, 408: Kind.PROVIDER, 409: Kind.PROVIDER, 425: Kind.PROVIDER, 429: Kind.RATE}
# How much of a text is read: enough for any error that was written by hand.
READ = 16_384


def kind_of(provider: str, status: int, text: str) -> Kind:
    """Whose fault an error is.

    `provider` is LiteLLM's prefix (`openai`), `status` the HTTP status of its answer, `text` the answer's body.
    """
    codes, message = outline(text)
    for rule, code, sentence in _COMPILED:
        if status not in rule.statuses or (rule.providers and provider not in rule.providers):
            continue
        if code.search(codes) or sentence.match(message):
            return rule.kind
    return _STATUSES.get(status) or (Kind.REQUEST if 400 <= status < 500 else Kind.PROVIDER)


def outline(text: str) -> tuple[str, str]:
    """An error's type, code and reasons, as words; and its message."""
    error = parsed(text)
    if error is None:
        return '', text[:READ]
    words = [error.get(name) for name in ('type', 'code', 'status')]
    details = error.get('details')
    words += [item.get('reason') for item in details if isinstance(item, dict)] if isinstance(details, list) else []
    metadata = error.get('metadata')
    words += list(metadata) if isinstance(metadata, dict) else []
    return ' '.join(str(word) for word in words if word)[:READ], message_in(error)[:READ]


def parsed(text: str) -> dict | None:
    """The object that describes an error, wherever its maker puts it; None when there is none."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    # Google answers with a list of one.
    body = body[0] if isinstance(body, list) and body else body
    if not isinstance(body, dict):
        return None
    return body['error'] if isinstance(body.get('error'), dict) else body


def message_in(error: dict) -> str:
    """An error's words. FastAPI calls them `detail`, others `message` or `error`."""
    for name in ('message', 'detail', 'error', 'error_description'):
        value = error.get(name)
        if value:
            return value if isinstance(value, str) else json.dumps(value)
    return ''
