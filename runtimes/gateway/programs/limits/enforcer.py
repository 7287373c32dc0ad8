"""Reserves what requests can cost at most, for the request filter. The database is used in a thread of its own, and never waited for long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from body import CheckedBody
from known_fields import objects
from ledger.files import LedgerFiles
from ledger.observed import Request
from ledger.opening import log
from provider_failure import Failure
from requests_log import current
from served_models import route_of

from limits.allowance import Allowance
from limits.chains import Chains
from limits.database import Database, Unavailable
from limits.demand import Demand, Grant, Refused
from limits.owner import Owner
from limits.policy import COST, Limit, Policy
from limits.refusals import failure, headers_of, not_metered, not_priced, not_priced_failure, rate_headers, refused, unavailable, unavailable_failure
from limits.worst_case import Bound, bound_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# How long a request waits for its check.
WAIT_SECONDS = 3.0
# A request that fits but for what running requests have reserved waits this long for them: the one that the same client sent before may have
# ended just now.
PAUSES = (0.05, 0.1, 0.2)
HINT = ' Send "max_tokens": without it the longest answer of the model is reserved.'
# How long the end of a request is remembered: by then the writer has settled it.
SETTLED_SECONDS = 60.0


class Enforcer:
    """The limits of one gateway."""

    def __init__(self, policy: Policy, chains: Chains, files: LedgerFiles, owner: Owner, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives the seconds since 1970."""
        self.policy, self.chains, self.files, self.owner, self.clock = policy, chains, files, owner, clock
        self.database = Database(files, owner.id)
        self.thread = ThreadPoolExecutor(1, 'limits')
        # Set when the budgets' windows are open, with what was spent in them before.
        self.ready = threading.Event()
        # Requests that may have a reservation: those that run, and those that ended a moment ago, with the time.
        self.running: set[str] = set()
        self.ended: dict[str, float] = {}
        self.problem = ''

    async def check(self, path: str, body: CheckedBody) -> Allowance | None:
        """Reserve what the current request can cost. None if no limit applies to it.

        Raises an ApiError: 429 above a limit, 400 for a model without a price under a budget, 503 if the limits cannot be checked.
        """
        route = route_of(path)
        if route.endswith('/count_tokens'):
            return None
        request, record = current(), current().record
        own = self.policy.of_request(request.key_name or '', record.lane)
        aliases = self.chains.reach(body.fields, request.may_use)
        of_providers = self.policy.of_providers({name for alias in aliases for name in self.chains.served[alias].providers})
        if not own and not of_providers:
            return None
        for field, given in objects(body.fields, ''):
            if given.get('background'):
                raise not_metered(f'{field}background')
        self.running.add(record.id)
        now = self.clock()
        record.counted_us = int(now * 1_000_000)
        try:
            bound, demand, refusals = await self.in_thread(self.demand, record.id, now, own, of_providers, aliases, route, body)
            grant = await self.reserve(demand)
        except Refused as error:
            hint = HINT if bound.output is None and error.refusal.limit.measure != 'parallel' else ''
            headers = rate_headers(error.states, {}, now)
            raise refused(error.refusal, now, self.policy.zone, self.policy.zone_name, headers, hint) from None
        except Unavailable as error:
            self.tell(str(error))
            if self.policy.refuse:
                raise unavailable() from None
            return None
        self.tell('')
        refusals |= {alias: failure(one, now, self.policy.zone, self.policy.zone_name) for alias, one in grant.blocked.items()}
        request.refused_models = refusals
        record.allowance = Allowance(self, record.id, grant, refusals, headers_of(grant, now))
        return record.allowance

    def demand(
        self, request_id: str, now: float, own: tuple[Limit, ...], of_providers: tuple[Limit, ...], aliases: list[str], route: str, body: CheckedBody
    ) -> tuple[Bound, Demand, dict[str, Failure]]:
        """What a request asks for, and why models without a price are not called. Raises an ApiError if the first one has none."""
        bound = bound_of(route, body.text, body.fields)
        costs = [self.chains.cost(alias, bound) for alias in aliases]
        everywhere, there = any(limit.measure == COST for limit in own), {limit.name for limit in of_providers}
        unpriced = [cost.alias for cost in costs if cost.nano_usd is None and (everywhere or cost.providers & there)]
        if aliases[0] in unpriced:
            raise not_priced(aliases[0])
        costs = [cost for cost in costs if cost.alias not in unpriced]
        return bound, Demand(request_id, now, self.policy.zone, own, of_providers, tuple(costs)), {alias: not_priced_failure(alias) for alias in unpriced}

    async def reserve(self, demand: Demand) -> Grant:
        for pause in (*PAUSES, None):
            try:
                return await self.in_thread(self.reserve_now, demand)
            except Refused as error:
                if pause is None or not error.refusal.reserved_is_the_cause:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError('not reached')

    def reserve_now(self, demand: Demand) -> Grant:
        # Before the windows are open a budget would seem to be unused.
        if not self.ready.wait(WAIT_SECONDS):
            raise Unavailable('the database is not open yet')
        return self.database.reserve(demand)

    async def reserve_again(self, allowance: Allowance) -> Failure | None:
        """Reserve as much once more for a running request. Returns why not."""
        try:
            await self.in_thread(self.database.reserve_again, allowance.request_id, allowance.grant, allowance.repeated)
        except Refused as error:
            return failure(error.refusal, self.clock(), self.policy.zone, self.policy.zone_name)
        except Unavailable as error:
            self.tell(str(error))
            return unavailable_failure() if self.policy.refuse else None
        return None

    async def in_thread(self, work: Callable, *values):
        """Do something in the thread. Raises Unavailable if that takes too long; what is late is not begun any more."""
        late = threading.Event()

        def run():
            if late.is_set():
                raise Unavailable('too many checks wait for the database')
            return work(*values)

        future = asyncio.get_running_loop().run_in_executor(self.thread, run)
        done, _ = await asyncio.wait({future}, timeout=WAIT_SECONDS)
        if not done:
            late.set()
            # Nobody waits for its failure.
            future.add_done_callback(lambda one: one.cancelled() or one.exception())
            raise Unavailable('the database did not respond in time')
        return future.result()

    def request_ended(self, request: Request) -> None:
        """Release what the end of a request releases at once."""
        if request.id in self.running:
            self.ended[request.id] = time.monotonic()
            self.running.discard(request.id)
        if request.allowance and (limits := request.allowance.released_at_once):
            self.thread.submit(self.release, request.id, limits)

    def release(self, request_id: str, limits: list[Limit]) -> None:
        try:
            self.database.release(request_id, limits)
        except Unavailable as error:
            # The writer, or the keeper, releases it when the database works again.
            self.tell(str(error))

    def leaked(self, requests: Iterable[str]) -> list[str]:
        """Those of this process's reserved requests that have ended long ago."""
        now = time.monotonic()
        self.ended = {request: at for request, at in list(self.ended.items()) if now - at < SETTLED_SECONDS}
        return [request for request in requests if request not in self.running and request not in self.ended]

    def tell(self, problem: str) -> None:
        """Note whether the database works."""
        if problem and problem != self.problem:
            what = 'requests with a limit are refused' if self.policy.refuse else 'requests with a limit are let through'
            log(f'limits: {what}: {problem}')
        self.problem = problem
