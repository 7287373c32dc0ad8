"""Which limits apply to a request, and which models they do not let answer it: the same for all requests of a key to the same models."""

from __future__ import annotations

from typing import NamedTuple

from provider_failure import Failure

from limits.chains import Chains
from limits.policy import COST, Limit, Policy
from limits.refusals import not_priced_failure

# Clients choose fallbacks, and so how many plans there can be.
MAX_PLANS = 1000


class Plan(NamedTuple):
    """What applies to requests of a kind."""

    # The limits of its key, lane and stack, and those of the providers that may answer it.
    own: tuple[Limit, ...]
    of_providers: tuple[Limit, ...]
    # The models that may answer it, the one that it names first: those with a price, if a budget applies.
    aliases: tuple[str, ...]
    # The others, which are not called, and what the client gets if nothing else answers.
    unpriced: dict[str, Failure]
    # The first model, if it is one of those: then the request is refused.
    refused: str | None


class Plans:
    """The plans of one gateway. They are kept."""

    def __init__(self, policy: Policy, chains: Chains) -> None:
        self.policy, self.chains = policy, chains
        self.lanes = {limit.name for limit in policy.limits if limit.scope == 'lane'}
        self.kept: dict[tuple, Plan | None] = {}

    def of(self, key: str, lane: str, names: tuple[str, ...], allowed: frozenset[str] | None) -> Plan | None:
        """The plan of a request with this key, whose body names these models; None if no limit applies.

        `allowed` are the models that the key may use, None for all.
        """
        which = key, lane if lane in self.lanes else '', names, allowed
        try:
            return self.kept[which]
        except KeyError:
            if len(self.kept) >= MAX_PLANS:
                self.kept.clear()
            plan = self.kept[which] = self.make(*which)
            return plan

    def make(self, key: str, lane: str, names: tuple[str, ...], allowed: frozenset[str] | None) -> Plan | None:
        served = self.chains.served
        aliases = self.chains.reach(names, allowed)
        own = self.policy.of_request(key, lane)
        of_providers = self.policy.of_providers({name for alias in aliases for name in served[alias].providers})
        if not own and not of_providers:
            return None
        everywhere, there = any(limit.measure == COST for limit in own), {limit.name for limit in of_providers}
        unpriced = [alias for alias in aliases if served[alias].prices is None and (everywhere or served[alias].providers & there)]
        return Plan(
            own,
            of_providers,
            tuple(alias for alias in aliases if alias not in unpriced),
            {alias: not_priced_failure(alias) for alias in unpriced},
            aliases[0] if aliases[0] in unpriced else None,
        )
