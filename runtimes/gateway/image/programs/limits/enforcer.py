"""Reserves what requests can cost at most, for the request filter."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from body import LARGE, CheckedBody
from known_fields import objects
from ledger.files import LedgerFiles
from ledger.observed import Request
from ledger.opening import log
from provider_failure import Failure
from requests_log import current
from served_models import model_names, route_of

from limits.access import Access
from limits.allowance import Allowance
from limits.asked import Asked, demand_of
from limits.chains import Chains
from limits.connection import Unavailable
from limits.database import Database
from limits.demand import Grant, Refused
from limits.owner import Owner
from limits.plans import Plans
from limits.policy import PARALLEL, Policy
from limits.refusals import failure, headers_of, not_metered, not_priced, rate_headers, refused
from limits.refusals import unavailable, unavailable_failure

if TYPE_CHECKING:
    from collections.abc import Iterable

# A request that fits but for what running requests have reserved waits this long for them: the one that the same client sent before may
# have ended just now.
PAUSES = (0.05, 0.1, 0.2)
HINT = ' Send "max_tokens": without it the longest answer of the model is reserved.'
# How long the end of a request is remembered: by then the writer has settled it.
SETTLED_SECONDS = 60.0


class Enforcer:
    """The limits of one gateway."""

    def __init__(self, policy: Policy, chains: Chains, files: LedgerFiles, owner: Owner, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives the seconds since 1970."""
        self.policy, self.chains, self.files, self.owner, self.clock = policy, chains, files, owner, clock
        self.plans = Plans(policy, chains)
        self.access = Access(files, owner.id, chains.providers())
        # Requests that may have a reservation: those that run, and those that ended a moment ago, with the time.
        self.running: set[str] = set()
        self.ended: dict[str, float] = {}
        self.problem = ''
        # Set when running requests hold what another one needs: the keeper looks whether their gateways are alive.
        self.crowded = threading.Event()

    async def check(self, path: str, body: CheckedBody) -> Allowance | None:
        """Reserve what the current request can cost. None if no limit applies to it.

        Raises an ApiError: 429 above a limit, 400 for a model without a price under a budget, 503 if the limits cannot be checked.
        """
        route = route_of(path)
        if route.endswith('/count_tokens'):
            return None
        request = current()
        record = request.record
        names = tuple([str(name) for _, name in model_names(body.fields)])
        plan = self.plans.of(request.key_name or '', record.lane, names, request.allowed_models)
        if plan is None:
            return None
        for path_of, given in objects(body.fields, ''):
            if given.get('background'):
                raise not_metered(f'{path_of}background')
        if plan.refused:
            raise not_priced(plan.refused)
        self.running.add(record.id)
        now = self.clock()
        record.counted_us = int(now * 1_000_000)
        asked = Asked(record.id, now, route, body, plan)
        try:
            grant = await self.reserve(asked)
        except Refused as error:
            hint = HINT if asked.no_maximum and error.refusal.limit.measure != PARALLEL else ''
            headers = rate_headers(error.states, {}, now)
            raise refused(error.refusal, now, self.policy.zone, self.policy.zone_name, headers, hint) from None
        except Unavailable as error:
            self.tell(str(error))
            if self.policy.refuse:
                raise unavailable() from None
            return None
        self.tell('')
        refusals = plan.unpriced | {alias: failure(one, now, self.policy.zone, self.policy.zone_name) for alias, one in grant.blocked.items()}
        request.refused_models = refusals
        record.allowance = Allowance(self, record.id, grant, refusals, headers_of(grant, now))
        return record.allowance

    async def reserve(self, asked: Asked) -> Grant:
        """What is reserved. Raises Refused, Unavailable, or an ApiError."""

        def reserve(database: Database) -> Grant:
            return database.reserve(demand_of(asked, self.chains, self.policy.zone))

        for pause in (*PAUSES, None):
            try:
                # What a large body can cost takes a while to find out.
                return await self.access.do(reserve, is_quick=len(asked.body.text) < LARGE)
            except Refused as error:
                if pause is None or not error.refusal.reserved_is_the_cause:
                    raise
                self.crowded.set()
            await asyncio.sleep(pause)
        raise AssertionError('not reached')

    async def reserve_again(self, allowance: Allowance) -> Failure | None:
        """Reserve as much once more for a running request. Returns why not."""
        try:
            await self.access.do(lambda database: database.reserve_again(allowance.request_id, allowance.grant, allowance.repeated))
        except Refused as error:
            return failure(error.refusal, self.clock(), self.policy.zone, self.policy.zone_name)
        except Unavailable as error:
            self.tell(str(error))
            return unavailable_failure() if self.policy.refuse else None
        return None

    def request_ended(self, request: Request) -> None:
        """Release what the end of a request releases at once."""
        if request.id in self.running:
            self.ended[request.id] = time.monotonic()
            self.running.discard(request.id)
        if request.allowance and (limits := request.allowance.released_at_once):
            # If that fails, the writer or the keeper releases it when the database works again.
            self.access.do_without_waiting(lambda database: database.release(request.id, limits), lambda error: self.tell(str(error)))

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
