"""What is reserved for a request that runs, and which calls of providers it covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provider_failure import Failure

from limits.demand import Grant
from limits.policy import COST, PARALLEL, TOKENS, Limit
from limits.refusals import Headers

if TYPE_CHECKING:
    from ledger.observed import Attempt

    from limits.enforcer import Enforcer


class CallRefused(Exception):
    """A further call of a provider is not made. `limit_failure` is what the client gets (provider_failure.py)."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.limit_failure = failure


class Allowance:
    """Covers one call that costs. Each further one is reserved before it is made.

    A request has several that cost if LiteLLM itself calls a model (Anthropic's advisor tool), or if an answer that costs could not be
    used.
    """

    def __init__(self, enforcer: Enforcer, request_id: str, grant: Grant, refused: dict[str, Failure], headers: Headers) -> None:
        """`refused` are the models that must not be called, `headers` those of the client's answer."""
        self.enforcer, self.request_id, self.grant, self.refused, self.headers = enforcer, request_id, grant, refused, headers
        self.calls: list[Attempt] = []
        self.covered = 1

    async def before_call(self, alias: str) -> None:
        """Check a call of a provider for an alias before it is made. Raises CallRefused."""
        if failure := self.refused.get(alias):
            raise CallRefused(failure)
        costly = sum(map(may_cost, self.calls))
        while self.covered <= costly:
            if failure := await self.enforcer.reserve_again(self):
                raise CallRefused(failure)
            self.covered += 1

    @property
    def is_tight(self) -> bool:
        """Whether a limit has no room for another request like this one, so that others wait for its end."""
        states = self.grant.states
        return any(states[limit].used + states[limit].reserved + 2 * amount > limit.maximum for limit, amount in self.grant.amounts.items())

    @property
    def repeated(self) -> list[Limit]:
        """The limits of which a further call needs as much again."""
        return [limit for limit in self.grant.amounts if limit.measure in (COST, TOKENS)]

    @property
    def released_at_once(self) -> list[Limit]:
        """The limits that the end of the request releases at once. The ledger's writer settles the others."""
        return [limit for limit in self.grant.amounts if limit.measure == PARALLEL]

    def with_headers(self, send):
        """An ASGI `send` that adds the headers of rates, in the place of those of a provider."""
        if not self.headers:
            return send
        names = {name for name, _ in self.headers}

        async def wrapped(message) -> None:
            if message['type'] == 'http.response.start':
                others = [(name, value) for name, value in message.get('headers', []) if name.lower() not in names]
                message = {**message, 'headers': [*others, *self.headers]}
            await send(message)

        return wrapped


def may_cost(attempt: Attempt) -> bool:
    """Whether a provider may bill a call. It bills no error, and not what it has not answered, unless the call was cancelled."""
    if attempt.http_status:
        return 200 <= attempt.http_status < 300
    return attempt.ending != 'failed' or 'Cancelled' in type(attempt.error).__name__
