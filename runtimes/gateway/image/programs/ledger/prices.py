"""Prices, and what tokens cost. Integers only: nano-dollars per million tokens, so that every published price is exact. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from ledger.counting import FAST, Tokens
from ledger.off_peak import OffPeak, off_peak_of

MILLION = 1_000_000
NANO = Decimal(1_000_000_000)
# LiteLLM's name of a price for long requests, whatever the limit is.
ABOVE = re.compile(r'input_cost_per_token(_above_(\d+)k_tokens)')
# Providers whose long requests begin at the limit itself.
FROM_THE_LIMIT = {'xai'}
SERVICE_TIERS = ('', 'flex', 'balanced', 'priority', 'ultrafast')
# Other names of these.
SAME_TIER = {'fast': 'priority', 'on_demand_priority': 'priority', 'on_demand_flex': 'flex'}
# What a price has for each kind of token.
RATES = ('input', 'cached', 'written', 'written_1h', 'output', 'reasoning')
# A tier that no client asks for: the hours in which a model costs less.
OFF_PEAK = 'off_peak'
# The tier of the tokens of sound, alone or before another one: `audio priority`.
AUDIO = 'audio'
# The tiers that a request can get without a word for them (limits/worst_case.py), or that cost less.
CHEAP_TIERS = {'', 'flex', 'balanced', OFF_PEAK}


class Price(NamedTuple):
    """The price of a model, for requests of one service tier with more than `above` input tokens. In nano-dollars per million tokens."""

    provider: str
    model: str
    tier: str
    above: int
    input: int
    cached: int
    written: int
    written_1h: int
    output: int
    reasoning: int
    source: str  # catalogue | litellm
    # When it holds, of the tier OFF_PEAK.
    hours: OffPeak | None = None


class Cost(NamedTuple):
    """What a call costs."""

    nano_usd: int
    source: str  # provider | local | unpriced | none
    price: Price | None = None


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


def rounded(dollars: Decimal) -> int:
    """US dollars as nano-dollars, rounded half to even."""
    return int((dollars * NANO).to_integral_value(ROUND_HALF_EVEN))


class PriceList:
    """The prices of all deployments' models."""

    def __init__(self, prices: list[Price] = ()) -> None:  # type: ignore[assignment]
        self.prices = list(prices)
        self.by_model: dict[tuple[str, str], list[Price]] = {}
        for price in self.prices:
            self.by_model.setdefault((price.provider, price.model), []).append(price)

    def find(self, provider: str, model: str, tier: str, input_tokens: int, ended: float) -> Price | None:
        """The price of a call that ended at this time, in seconds since 1970. A service tier without a price costs what the usual one does."""
        own = self.by_model.get((provider, model), [])
        for price in own:
            if price.hours is not None and price.hours.contains(ended):
                return price
        # A tier may have no price for long requests, and a model no price for both surcharges.
        tiers = ('', *tier.split(), tier)
        own = [price for price in own if price.tier in tiers and (input_tokens > price.above or not price.above)]
        return max(own, key=lambda price: (price.above, tiers.index(price.tier)), default=None)

    def cost(self, provider: str, model: str, tokens: Tokens, ended: float, tier: str = '') -> Cost:
        """What a call costs that ended at this time, in seconds since 1970: what the provider says, otherwise by the price."""
        price = self.find(provider, model, tokens.tier or SAME_TIER.get(tier, tier), tokens.input, ended)
        if tokens.cost is not None:
            return Cost(rounded(tokens.cost), 'provider', price)
        if price is None:
            return Cost(0, 'unpriced')
        return Cost(nano_usd(price, tokens, self.audio(price)), 'local', price)

    def audio(self, price: Price) -> Price | None:
        """The price of sound where another price holds for the rest; None if sound costs what text does, or if that is not known."""
        tiers = AUDIO, f'{AUDIO} {price.tier}'
        own = [one for one in self.by_model.get((price.provider, price.model), []) if one.tier in tiers]
        return max(own, key=lambda one: tiers.index(one.tier), default=None)


def nano_usd(price: Price, tokens: Tokens, audio: Price | None = None) -> int:
    """The cost of tokens, rounded once, half to even. `audio` is the price of those that are sound."""
    audio = audio or price
    total = (
        (tokens.input - tokens.cached - tokens.written) * price.input
        + tokens.cached * price.cached
        + (tokens.written - tokens.written_1h) * price.written
        + tokens.written_1h * price.written_1h
        + (tokens.output - tokens.reasoning) * price.output
        + tokens.reasoning * price.reasoning
        + tokens.audio * (audio.input - price.input)
        + tokens.audio_output * (audio.output - price.output)
    )
    whole, rest = divmod(total, MILLION)
    return whole + (rest * 2 > MILLION or (rest * 2 == MILLION and whole % 2))
