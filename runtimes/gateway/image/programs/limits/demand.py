"""Decides whether a request fits into its limits, by what is used and reserved. Pure: database.py calls this inside its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import NamedTuple

from limits.chains import Cost
from limits.policy import COST, PARALLEL, REQUESTS, TOKENS, Limit
from limits.windows import window


class Demand(NamedTuple):
    """What a request asks for."""

    request_id: str
    now: float  # seconds since 1970
    zone: tzinfo
    # The limits of its key, lane and stack, and those of the providers that may answer it.
    own: tuple[Limit, ...]
    of_providers: tuple[Limit, ...]
    # What it costs at most at each model that may answer, the first one first. All have a price if a budget applies.
    costs: tuple[Cost, ...]

    @property
    def limits(self) -> tuple[Limit, ...]:
        return self.own + self.of_providers


class State(NamedTuple):
    """A limit in its current window."""

    started_at: int
    ends_at: int
    used: int = 0
    reserved: int = 0


class Refusal(NamedTuple):
    """Why a request does not fit."""

    limit: Limit
    state: State
    amount: int

    @property
    def reserved_is_the_cause(self) -> bool:
        """Whether it would fit if the running requests cost nothing."""
        return self.state.used + self.amount <= self.limit.maximum


class Grant(NamedTuple):
    """What is reserved, by limit, with the limit's state before; and the models that must not be called, with the reason."""

    amounts: dict[Limit, int]
    states: dict[Limit, State]
    blocked: dict[str, Refusal]


class Refused(Exception):
    """A request does not fit into a limit."""

    def __init__(self, refusal: Refusal, states: Mapping[Limit, State]) -> None:
        super().__init__(refusal.limit)
        self.refusal, self.states = refusal, dict(states)


def current_states(demand: Demand, rows: Mapping[tuple, State]) -> dict[Limit, State]:
    """The state of each limit. `rows` are the stored windows, by scope, name, measure, kind and beginning.

    If the next window is open already, the clock has gone back: then that one counts, so that no window that nobody has used becomes
    available a second time. A clock that was wrong by more than a whole window is corrected: its windows keep what they have.
    """
    states, windows = {}, {}
    for limit in demand.limits:
        begin, end = windows.get(limit.window) or windows.setdefault(limit.window, window_at(limit.window, demand.now, demand.zone))
        following = rows.get((*limit[:4], end))
        states[limit] = following or rows.get((*limit[:4], begin)) or State(begin, end)
    return states


# The last window of each kind: calendars are slow, and most requests come in the same window as the one before.
_LAST: dict[tuple, tuple[int, int]] = {}


def window_at(kind: str, now: float, zone: tzinfo) -> tuple[int, int]:
    """`window`, with the last result of each kind kept."""
    last = _LAST.get((kind, zone))
    if last is None or not last[0] <= now < last[1]:
        last = _LAST[kind, zone] = window(kind, now, zone)
    return last


def decide(demand: Demand, states: Mapping[Limit, State]) -> Grant:
    """What to reserve. Raises Refused if the request does not fit."""
    blocked: dict[str, Refusal] = {}
    for cost in demand.costs:
        for limit in demand.of_providers:
            if limit.name in cost.providers and (refusal := refusal_of(limit, states[limit], cost.nano_usd or 0)):
                blocked.setdefault(cost.alias, refusal)
    left = [cost for cost in demand.costs if cost.alias not in blocked]
    if not left:
        raise Refused(blocked[demand.costs[0].alias], states)
    dearest, longest = max(cost.nano_usd or 0 for cost in left), max(cost.tokens for cost in left)
    by_measure = {COST: dearest, TOKENS: longest, REQUESTS: 1, PARALLEL: 1}
    amounts = {limit: by_measure[limit.measure] for limit in demand.own}
    refusals = [refusal for limit, amount in amounts.items() if (refusal := refusal_of(limit, states[limit], amount))]
    if refusals:
        # The one that lasts longest, so that a client does not come back for nothing.
        raise Refused(max(refusals, key=lambda refusal: 0 if refusal.reserved_is_the_cause else refusal.state.ends_at), states)
    for limit in demand.of_providers:
        here = [cost.nano_usd or 0 for cost in left if limit.name in cost.providers]
        if here:
            amounts[limit] = max(here)
    return Grant(amounts, dict(states), blocked)


def refusal_of(limit: Limit, state: State, amount: int) -> Refusal | None:
    """Why an amount does not fit into a limit; None if it does."""
    fits = state.used + state.reserved + amount <= limit.maximum
    return None if fits else Refusal(limit, state, amount)
