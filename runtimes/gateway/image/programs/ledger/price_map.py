"""Reads the prices in an entry of LiteLLM's price map. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ledger.counting import FAST
from ledger.off_peak import OffPeak, off_peak_of
from ledger.prices import AUDIO, MILLION, NANO, OFF_PEAK, Price, rounded

# LiteLLM's name of a price for long requests, whatever the limit is.
ABOVE = re.compile(r'input_cost_per_token(_above_(\d+)k_tokens)')
# Providers whose long requests begin at the limit itself.
FROM_THE_LIMIT = {'xai'}
SERVICE_TIERS = ('', 'flex', 'balanced', 'priority', 'ultrafast')
# What a price has for each kind of token.
RATES = ('input', 'cached', 'written', 'written_1h', 'output', 'reasoning')


def prices_of(provider: str, model: str, entry: dict, source: str) -> list[Price]:
    """The prices in an entry of LiteLLM's price map, or in a deployment's `model_info`. None without a price for input."""
    found, entry = [], with_tiers(entry)
    limits = {match[1]: int(match[2]) * 1000 - (provider in FROM_THE_LIMIT) for name in entry if (match := ABOVE.match(name))}
    for tier in SERVICE_TIERS:
        for suffix, above in {'': 0, **limits}.items():
            ending = suffix + (f'_{tier}' if tier else '')
            given = rate(entry, f'input_cost_per_token{ending}')
            if given is None:
                continue
            output = rate(entry, f'output_cost_per_token{ending}', rate(entry, 'output_cost_per_token', 0))
            cached = rate(entry, f'cache_read_input_token_cost{ending}', given)
            written = rate(entry, f'cache_creation_input_token_cost{ending}', given)
            hour = rate(entry, f'cache_creation_input_token_cost_above_1hr{ending}', written)
            reasoning = rate(entry, f'output_cost_per_reasoning_token{ending}', output)
            found.append(Price(provider, model, tier, above, given, cached, written, hour, output, reasoning, source))
    found += [price for usual in found if not usual.tier for price in with_surcharges(usual, entry)]
    found += [audio for usual in found if not usual.above for audio in audio_price(usual, entry)]
    hours = off_peak_of(entry)
    return [*found, off_peak_price(found[0], entry, hours)] if found and hours else found


def with_tiers(entry: dict) -> dict:
    """An entry whose prices are in a list by length (`tiered_pricing`, of Qwen and Doubao), with the usual names of long requests."""
    tiers = entry.get('tiered_pricing')
    if 'input_cost_per_token' in entry or not isinstance(tiers, list):
        return entry
    named = {}
    for tier in tiers:
        span = tier.get('range') if isinstance(tier, dict) else None
        if isinstance(span, list) and span and isinstance(span[0], (int, float)):
            suffix = f'_above_{int(span[0]) // 1000}k_tokens' if span[0] else ''
            named |= {f'{name}{suffix}': value for name, value in tier.items()}
    return {**entry, **named}


def with_surcharges(usual: Price, entry: dict) -> Iterator[Price]:
    """A price with each of Anthropic's surcharges (counting.py), of which the entry has the factors, and with both."""
    given = entry.get('provider_specific_entry') if usual.provider == 'anthropic' else None
    given = given if isinstance(given, dict) else {}
    factors = {name: Decimal(repr(value)) for name, value in given.items() if isinstance(value, (int, float)) and value > 0}
    fast = factors.pop('fast', None)
    tiers = {**factors, **({FAST: fast} | {f'{FAST} {name}': fast * factor for name, factor in factors.items()} if fast else {})}
    for tier, factor in tiers.items():
        yield usual._replace(tier=tier, **{name: rounded(getattr(usual, name) * factor / NANO) for name in RATES})


def audio_price(usual: Price, entry: dict) -> Iterator[Price]:
    """The price of sound in a tier, if its entry has one, be it that of the usual tier."""
    ending = f'_{usual.tier}' if usual.tier else ''
    names = 'input_cost_per_audio_token', 'output_cost_per_audio_token'
    given, output = (rate(entry, f'{name}{ending}', rate(entry, name)) for name in names)
    if given is not None or output is not None:
        given, output = usual.input if given is None else given, usual.output if output is None else output
        yield usual._replace(tier=f'{AUDIO} {usual.tier}'.strip(), input=given, output=output)


def off_peak_price(usual: Price, entry: dict, hours: OffPeak) -> Price:
    """The price in these hours, whatever the length of the request. What it does not say is as usual."""
    block = entry['off_peak_pricing']
    output = rate(block, 'output_cost_per_token', usual.output)
    written = rate(block, 'cache_creation_input_token_cost', usual.written)
    has_own_reasoning = rate(entry, 'output_cost_per_reasoning_token') is not None
    return usual._replace(
        tier=OFF_PEAK,
        input=rate(block, 'input_cost_per_token', usual.input),
        cached=rate(block, 'cache_read_input_token_cost', usual.cached),
        written=written,
        written_1h=usual.written_1h if rate(entry, 'cache_creation_input_token_cost_above_1hr') is not None else written,
        output=output,
        reasoning=rate(block, 'output_cost_per_reasoning_token', usual.reasoning if has_own_reasoning else output),
        hours=hours,
    )


def rate(entry: dict, name: str, default: int | None = None) -> int | None:
    """A price per token in US dollars, as nano-dollars per million tokens."""
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return default
    return rounded(Decimal(repr(value)) * MILLION)
