"""What a request asks of its limits. Takes a while for a large body, so the thread of the limits does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from body import CheckedBody
from provider_failure import Failure

from limits.chains import Chains
from limits.demand import Demand
from limits.policy import COST, Limit
from limits.refusals import not_priced, not_priced_failure
from limits.worst_case import bound_of


@dataclass
class Asked:
    """A request that is checked. `prepare` fills in the fields with a default."""

    request_id: str
    now: float  # seconds since 1970
    # The limits of its key, lane and stack, and those of the providers that may answer it.
    own: tuple[Limit, ...]
    of_providers: tuple[Limit, ...]
    # The models that may answer it, the one that it names first.
    aliases: list[str]
    route: str
    body: CheckedBody
    demand: Demand | None = None
    # Whether the request does not say how long an answer may be.
    no_maximum: bool = False
    # The models that are not called because they have no price, and what the client gets if nothing else answers.
    unpriced: dict[str, Failure] = field(default_factory=dict)


def prepare(asked: Asked, chains: Chains, zone: tzinfo) -> None:
    """Find out what a request asks for. Raises an ApiError if its first model has no price and a budget applies."""
    bound = bound_of(asked.route, asked.body.text, asked.body.fields)
    costs = [chains.cost(alias, bound) for alias in asked.aliases]
    everywhere, there = any(limit.measure == COST for limit in asked.own), {limit.name for limit in asked.of_providers}
    unpriced = [cost.alias for cost in costs if cost.nano_usd is None and (everywhere or cost.providers & there)]
    if asked.aliases[0] in unpriced:
        raise not_priced(asked.aliases[0])
    asked.no_maximum, asked.unpriced = bound.output is None, {alias: not_priced_failure(alias) for alias in unpriced}
    priced = tuple(cost for cost in costs if cost.alias not in unpriced)
    asked.demand = Demand(asked.request_id, asked.now, zone, asked.own, asked.of_providers, priced)
