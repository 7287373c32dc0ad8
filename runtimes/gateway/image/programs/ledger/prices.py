"""Prices, and what tokens cost. Integers only: nano-dollars per million tokens, so that every published price is exact. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from ledger.counting import Tokens
from ledger.off_peak import OffPeak

MILLION = 1_000_000
NANO = Decimal(1_000_000_000)
# Other names of service tiers.
SAME_TIER = {'fast': 'priority', 'on_demand_priority': 'priority', 'on_demand_flex': 'flex'}
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
