"""The tokens of a call, by each provider's own arithmetic. Pure.

Providers count differently. OpenAI, Gemini, Groq and DeepSeek count cached tokens as a part of the input, Anthropic beside it. OpenAI counts
reasoning as a part of the output, xAI and Gemini beside it. Here, as in OpenTelemetry: the input includes cached and cache-written tokens, the
output includes reasoning.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

# Anthropic's surcharge for a faster answer. The other one is named by the country in which an answer is computed.
FAST = 'fast_mode'


class Tokens(NamedTuple):
    """The tokens of a call."""

    input: int = 0  # all, cached and cache-written ones included
    cached: int = 0  # read from the provider's prompt cache
    written: int = 0  # written to it
    written_1h: int = 0  # the part of `written` that is kept for an hour instead of minutes
    output: int = 0  # all, reasoning included
    reasoning: int = 0
    # What the provider itself says that the call costs, in US dollars; None if it says nothing.
    cost: Decimal | None = None
    # What is billed beside these tokens, in words: audio, server tools.
    caveats: tuple[str, ...] = ()
    # The tier of the price for all of them, where the usage tells it (prices.py).
    tier: str = ''
    # Those of `input` and `output` that are sound.
    audio: int = 0
    audio_output: int = 0


def tokens_of(provider: str, wire: str, usage: dict) -> Tokens:
    """The tokens in a provider's usage object.

    `provider` is LiteLLM's prefix (`xai`), `wire` the format of the answer: chat, messages, responses or gemini.
    """
    if wire == 'gemini':
        return gemini(usage)
    if wire == 'messages':
        return anthropic(usage)
    return openai(provider, usage)


def openai(provider: str, usage: dict) -> Tokens:
    """Chat completions, embeddings and responses, of OpenAI and all who copied its format."""
    given = number(usage, 'prompt_tokens', 'input_tokens')
    output = number(usage, 'completion_tokens', 'output_tokens')
    before = part(usage, 'prompt_tokens_details', 'input_tokens_details')
    after = part(usage, 'completion_tokens_details', 'output_tokens_details')
    # DeepSeek and Mistral have fields of their own, others have `cached_tokens` beside the others.
    cached = number(before, 'cached_tokens') or number(usage, 'prompt_cache_hit_tokens', 'num_cached_tokens', 'cached_tokens')
    written = number(before, 'cache_write_tokens', 'cache_creation_tokens')
    reasoning = number(after, 'reasoning_tokens') or number(usage, 'reasoning_tokens')
    # xAI counts reasoning beside the output. Its total shows that, and stays right if xAI changes it.
    if provider == 'xai' and reasoning and number(usage, 'total_tokens') == given + output + reasoning:
        output += reasoning
    audio = number(before, 'audio_tokens'), number(after, 'audio_tokens')
    caveats = ['audio'] if any(audio) else []
    if number(usage, 'num_search_queries') or part(usage, 'server_tool_use') or part(usage, 'server_tool_use_details'):
        caveats.append('server_tools')
    return with_audio(clamped(given, cached, written, 0, output, reasoning, cost(usage), tuple(caveats)), *audio)


def anthropic(usage: dict) -> Tokens:
    """Anthropic counts three parts of the input, none of which includes another."""
    cached, written = number(usage, 'cache_read_input_tokens'), number(usage, 'cache_creation_input_tokens')
    by_time = part(usage, 'cache_creation')
    hour = number(by_time, 'ephemeral_1h_input_tokens')
    written = max(written, hour + number(by_time, 'ephemeral_5m_input_tokens'))
    reasoning = number(part(usage, 'output_tokens_details'), 'thinking_tokens', 'reasoning_tokens')
    caveats = ('server_tools',) if any(part(usage, 'server_tool_use').values()) else ()
    given = number(usage, 'input_tokens') + cached + written
    tokens = clamped(given, cached, written, hour, number(usage, 'output_tokens'), reasoning, cost(usage), caveats)
    return tokens._replace(tier=surcharges(usage))


def surcharges(usage: dict) -> str:
    """Anthropic's surcharges in a usage: for a faster answer, and for one that is computed in a country."""
    geo = usage.get('inference_geo')
    country = geo.lower() if isinstance(geo, str) and geo.lower() not in ('global', 'not_available') else ''
    return ' '.join(filter(None, (FAST if usage.get('speed') == 'fast' else '', country)))


def gemini(usage: dict) -> Tokens:
    """Gemini's own format: thoughts beside the candidates, cached tokens inside the prompt, results of tools beside it."""
    given = number(usage, 'promptTokenCount') + number(usage, 'toolUsePromptTokenCount')
    reasoning = number(usage, 'thoughtsTokenCount')
    audio = of_audio(usage, 'promptTokensDetails'), of_audio(usage, 'candidatesTokensDetails')
    output, caveats = number(usage, 'candidatesTokenCount') + reasoning, ('audio',) if any(audio) else ()
    return with_audio(clamped(given, number(usage, 'cachedContentTokenCount'), 0, 0, output, reasoning, None, caveats), *audio)


def of_audio(usage: dict, name: str) -> int:
    """The tokens of sound in Gemini's details by modality."""
    details = usage.get(name)
    return sum(number(one, 'tokenCount') for one in details if isinstance(one, dict) and one.get('modality') == 'AUDIO') if isinstance(details, list) else 0


def with_audio(tokens: Tokens, audio: int, output: int) -> Tokens:
    """Tokens of which these are sound, as far as they are neither cached nor reasoning: those have prices of their own."""
    return tokens._replace(audio=min(audio, tokens.input - tokens.cached - tokens.written), audio_output=min(output, tokens.output - tokens.reasoning))


def clamped(given: int, cached: int, written: int, hour: int, output: int, reasoning: int, cost: Decimal | None, caveats: tuple[str, ...]) -> Tokens:
    """Tokens whose parts are not larger than the whole, so that no cost becomes negative. A contradiction is marked."""
    parts = min(cached, given), min(written, max(0, given - cached)), min(reasoning, output)
    if parts != (cached, written, reasoning):
        caveats = (*caveats, 'contradictory_usage')
    return Tokens(given, parts[0], parts[1], min(hour, parts[1]), output, parts[2], cost, caveats)


def cost(usage: dict) -> Decimal | None:
    """The cost in US dollars that OpenRouter and Perplexity give."""
    given = usage.get('cost')
    total = given.get('total_cost') if isinstance(given, dict) else given
    if isinstance(total, bool) or not isinstance(total, (int, float)) or not 0 <= total < 1e9:
        return None
    # With the customer's own key at the upstream provider OpenRouter bills its fee, and the provider the rest.
    upstream = part(usage, 'cost_details').get('upstream_inference_cost') if usage.get('is_byok') is True else 0
    upstream = upstream if isinstance(upstream, (int, float)) and 0 <= upstream < 1e9 else 0
    return Decimal(repr(total)) + Decimal(repr(upstream))


def number(fields: dict, *names: str) -> int:
    """The first of these fields that is a number of tokens; 0 if none is."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12:
            return int(value)
    return 0


def part(fields: dict, *names: str) -> dict:
    """The first of these fields that is an object; an empty one if none is."""
    return next((value for name in names if isinstance(value := fields.get(name), dict)), {})
