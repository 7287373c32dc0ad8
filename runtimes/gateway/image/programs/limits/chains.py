"""Which models may answer a request, at which provider, and what it costs at most. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from known_fields import fallbacks_of
from ledger.observed import Deployment
from ledger.prices import AUDIO, CHEAP_TIERS, MILLION, Price, PriceList

from limits.worst_case import Bound


class Cost(NamedTuple):
    """What a request costs at most at an alias."""

    alias: str
    providers: frozenset[str]
    # None if it has no price.
    nano_usd: int | None
    tokens: int


class Served(NamedTuple):
    """An alias."""

    providers: frozenset[str]
    # The prices of its models; None if one of them has none.
    prices: tuple[Price, ...] | None
    # The largest of its models' limits in tokens; None if unknown.
    context: int | None
    maximum: int | None


class Chains:
    """The aliases with their prices and limits, and the fallbacks of each."""

    def __init__(self, served: dict[str, Served], fallbacks: dict[str, list[str]]) -> None:
        self.served, self.fallbacks = served, fallbacks

    @classmethod
    def of_config(
        cls, config: dict, deployments: dict[str, Deployment], prices: PriceList, price_map: dict, names: dict[str, str]
    ) -> Chains:
        """Read LiteLLM's configuration. `price_map` is `litellm.model_cost`.

        `names` are the catalogue's providers by alias; LiteLLM's prefix stands for one that is not among them.
        """
        found: dict[str, list[Served]] = {}
        for entry in config.get('model_list') or []:
            info, alias = entry.get('model_info') or {}, entry['model_name']
            deployment = deployments[info.get('id', '')]
            known = price_map.get(f'{deployment.provider}/{deployment.model}') or price_map.get(deployment.model) or {}
            own = () if 'mock_response' in entry['litellm_params'] else price_of(prices, deployment)
            context, maximum = (largest(info, known, name) for name in ('max_input_tokens', 'max_output_tokens'))
            # A model with a price for longer requests accepts them, whatever its entry says of its context window.
            context = None if context and any(price.above >= context for price in own or ()) else context
            provider = names.get(alias, deployment.provider)
            found.setdefault(alias, []).append(Served(frozenset((provider,)), own, context, maximum))
        return cls({alias: together(all_of) for alias, all_of in found.items()}, fallbacks_of(config))

    def reach(self, names: Iterable[str], allowed: frozenset[str] | None) -> list[str]:
        """The aliases that may answer a request that names these models and has passed all checks: them, their fallbacks, and theirs.

        `allowed` are those that its key may use, None for all.
        """
        found = list(dict.fromkeys(names))
        for alias in found:
            found += [one for one in self.fallbacks.get(alias, ()) if one not in found]
        return [alias for alias in found if alias in self.served and (allowed is None or alias in allowed)]

    def cost(self, alias: str, bound: Bound) -> Cost:
        """What a request costs at most, if this alias answers."""
        served = self.served[alias]
        given, output = bound.tokens(served.context, served.maximum)
        nano = None if served.prices is None else max((dearest(price, given, output, bound) for price in served.prices), default=0)
        return Cost(alias, served.providers, nano, given + output)

    def providers(self) -> dict[str, frozenset[str]]:
        """The providers of each alias."""
        return {alias: served.providers for alias, served in self.served.items()}


def price_of(prices: PriceList, deployment: Deployment) -> tuple[Price, ...] | None:
    """The prices of a deployment's model; None if it has none.

    A price of 0 counts only if the catalogue says so: LiteLLM's price map has 0 for models whose price it does not know.
    """
    own = prices.by_model.get((deployment.provider, deployment.model), [])
    known = [price for price in own if price.source == 'catalogue' or price.input or price.output]
    return tuple(own) if known else None


def dearest(price: Price, given: int, output: int, bound: Bound) -> int:
    """What this many tokens cost at most by a price, in nano-dollars, rounded up. 0 if the price does not apply to such a request."""
    tier = price.tier.removeprefix(AUDIO).strip()
    if (tier not in CHEAP_TIERS and not bound.priority) or price.above >= max(given, 1) or (price.tier.startswith(AUDIO) and not bound.audio):
        return 0
    one = max(price.input, price.cached, price.written, price.written_1h if bound.cached_for_an_hour else 0)
    return -(-(given * one + output * max(price.output, price.reasoning)) // MILLION)


def largest(info: dict, known: dict, name: str) -> int | None:
    """A limit of a model: the catalogue's or the price map's. The catalogue may have a smaller one, for clients, that no provider knows."""
    given = [value for entry in (info, known) if isinstance(value := entry.get(name), (int, float)) and not isinstance(value, bool)]
    return int(max(given, default=0)) or None


def together(deployments: Iterable[Served]) -> Served:
    """The deployments of an alias as one."""
    deployments = list(deployments)
    unknown = any(one.prices is None for one in deployments)
    contexts, maxima = [one.context for one in deployments], [one.maximum for one in deployments]
    return Served(
        frozenset().union(*(one.providers for one in deployments)),
        None if unknown else tuple(price for one in deployments for price in one.prices or ()),
        None if None in contexts else max(contexts),
        None if None in maxima else max(maxima),
    )
