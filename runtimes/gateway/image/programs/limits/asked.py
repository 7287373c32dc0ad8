"""What a request asks of its limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from body import CheckedBody

from limits.chains import Chains
from limits.demand import Demand
from limits.plans import Plan
from limits.worst_case import bound_of


@dataclass
class Asked:
    """A request that is checked. `demand_of` fills in the fields with a default."""

    request_id: str
    now: float  # seconds since 1970
    route: str
    body: CheckedBody
    plan: Plan
    demand: Demand | None = None
    # Whether the request does not say how long an answer may be.
    no_maximum: bool = False


def demand_of(asked: Asked, chains: Chains, zone: tzinfo) -> Demand:
    """What a request can cost, found out once. Takes a while for a large body."""
    if asked.demand is None:
        plan, bound = asked.plan, bound_of(asked.route, asked.body.text, asked.body.fields)
        asked.no_maximum = bound.output is None
        costs = tuple(chains.cost(alias, bound) for alias in plan.aliases)
        asked.demand = Demand(asked.request_id, asked.now, zone, plan.own, plan.of_providers, costs)
    return asked.demand
